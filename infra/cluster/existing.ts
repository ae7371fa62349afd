import * as pulumi from "@pulumi/pulumi";
import { k8sProvider } from "./provider.ts";
import type { Cluster } from "./types.ts";

/** A cluster that somebody else made. @param kubeconfig of one context only, so that no other context can be meant */
export function existingCluster(
  kubeconfig: string,
  { storageClass, hasRaces }: { readonly storageClass?: string | undefined; readonly hasRaces: boolean },
): Cluster {
  const secret = pulumi.secret(kubeconfig);
  return {
    provider: k8sProvider(secret, []),
    ...{ isThere: true, kubeconfig: secret, hasRaces },
    ...(storageClass === undefined ? {} : { storageClass }),
    ...{ ingressAnnotations: {}, clientCidrs: [], dnsPeers: [], serviceAccountAnnotations: {}, ready: [], outputs: {} },
  };
}
