import { Provider } from "@pulumi/kubernetes/provider.js";
import type * as pulumi from "@pulumi/pulumi";

/** The one provider of Kubernetes resources. */
export function k8sProvider(kubeconfig: pulumi.Output<string>, dependsOn: readonly pulumi.Resource[]): Provider {
  return new Provider("cluster", { kubeconfig, enableServerSideApply: true }, { dependsOn: [...dependsOn] });
}

interface ClusterAddress {
  readonly name: string;
  readonly server: string;
  /** In base64. */
  readonly ca: string;
  /** Whom to ask for a token of some minutes. */
  readonly exec: Readonly<Record<string, unknown>> & { readonly command: string };
}

/** A kubeconfig without a token: whoever has a role that may, gets one when it is used. */
export function execKubeconfig({ name, server, ca, exec }: ClusterAddress): string {
  return JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": name },
    clusters: [{ name, cluster: { server, "certificate-authority-data": ca } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [{ name, user: { exec: { apiVersion: "client.authentication.k8s.io/v1beta1", ...exec } } }],
  });
}
