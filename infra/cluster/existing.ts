import { Provider } from "@pulumi/kubernetes/provider.js";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "./types.ts";

/** A cluster that somebody else made. @param kubeconfig of one context only, so that no other context can be meant */
export function existingCluster(kubeconfig: string, storageClass: string | undefined): Cluster {
  const secret = pulumi.secret(kubeconfig);
  return {
    provider: k8sProvider(secret, []),
    kubeconfig: secret,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...{ ingressAnnotations: {}, clientCidrs: [], serviceAccountAnnotations: {}, ready: [], outputs: {} },
  };
}

/** The one provider of Kubernetes resources. */
function k8sProvider(kubeconfig: pulumi.Output<string>, dependsOn: readonly pulumi.Resource[]): Provider {
  return new Provider("cluster", { kubeconfig, enableServerSideApply: true }, { dependsOn: [...dependsOn] });
}
