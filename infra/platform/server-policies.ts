import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/index.js";
import type { Peer } from "../cluster/types.ts";
import { inCluster, type Place } from "./place.ts";

interface Guard {
  readonly selector: Readonly<Record<string, string>>;
  readonly ingress: readonly { readonly from: readonly Peer[]; readonly ports: readonly number[] }[];
  readonly egress: readonly { readonly to: readonly Peer[]; readonly ports: readonly number[] }[];
  readonly needsDns: boolean;
}

const DNS_PORTS = [
  { protocol: "UDP", port: 53 },
  { protocol: "TCP", port: 53 },
];

/** Nobody but those named reaches the pods, and they reach nobody but those named. */
export function guardPods(place: Place, name: string, { selector, ingress, egress, needsDns }: Guard): void {
  if (!place.config.hasNetworkPolicies) return;
  const toPorts = (ports: readonly number[]) => ports.map((port) => ({ protocol: "TCP", port }));
  new NetworkPolicy(
    name,
    {
      metadata: { name, namespace: place.namespace },
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: ingress.map(({ from, ports }) => ({ from: [...from], ports: toPorts(ports) })),
        egress: [
          ...egress.map(({ to, ports }) => ({ to: [...to], ports: toPorts(ports) })),
          ...(needsDns ? [{ to: [{ namespaceSelector: {} }, ...place.cluster.dnsPeers], ports: DNS_PORTS }] : []),
        ],
      },
    },
    inCluster(place),
  );
}
