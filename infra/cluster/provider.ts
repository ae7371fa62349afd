import { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";

/** The one provider of Kubernetes resources. */
export function k8sProvider(kubeconfig: pulumi.Output<string>, dependsOn: readonly pulumi.Resource[]): Provider {
  return new Provider("cluster", { kubeconfig, enableServerSideApply: true }, { dependsOn: [...dependsOn] });
}
