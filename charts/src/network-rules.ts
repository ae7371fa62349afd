import {
  type KubeObject,
  type LabelSelector,
  type Labels,
  nameOf,
  type PodSet,
  podSets,
  selects,
} from "./kube-object.ts";
import { podsOf } from "./reference-rules.ts";
import { askedService, scaledObjectSpec } from "./scaling-rules.ts";
import { ofKind, type SetPolicy, type SetRule } from "./set-rules.ts";

interface PolicySpec {
  readonly podSelector: LabelSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
  readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly PolicyPort[] }[];
}

interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: unknown;
}

interface PolicyPort {
  readonly port?: string | number;
  readonly protocol?: string;
}

/** Somebody in the cluster: pods of the set, or pods of a namespace that we know by name only. */
interface Party {
  readonly namespace: string | undefined;
  readonly labels: Labels;
}

type Direction = "Ingress" | "Egress";
/** named: by a peer that means exactly such pods. open: by a rule for all. */
type Permission = "named" | "open" | "denied";

const DNS_PORT = 53;

/** The graph of who may talk to whom. The rules say nothing about pods of a set that has no policies at all. */
export const NETWORK_RULES: readonly SetRule[] = [
  {
    name: "nothing is allowed by default",
    faults: (objects) =>
      podSets(objects).flatMap((pods) =>
        (["Ingress", "Egress"] as const)
          .filter((direction) => policiesOf(pods, objects, direction).length === 0)
          .map((direction) => ({ object: pods.owner, text: `no NetworkPolicy restricts its ${direction}` })),
      ),
  },
  {
    name: "names can be looked up",
    faults: (objects) =>
      podSets(objects)
        .map((pods) => ({ ...pods, policies: policiesOf(pods, objects, "Egress") }))
        // Who may talk to nobody has no names to look up.
        .filter(({ policies }) => policies.some(({ spec }) => (spec.egress ?? []).length > 0))
        .filter(({ policies }) => !policies.some(letsOutToDns))
        .map((pods) => ({ object: pods.owner, text: "no NetworkPolicy lets it out to DNS, UDP and TCP" })),
  },
  {
    name: "an edge has two ends",
    faults: (objects) => {
      const sets = podSets(objects);
      return sets.flatMap((from) =>
        sets.flatMap((to) => portsOf(to).flatMap((port) => halfEdge({ from, to, port }, objects))),
      );
    },
  },
  {
    name: "whoever watches is let in",
    faults: (objects, policy) =>
      watchers(objects, policy).flatMap(({ watcher, namespace, pods }) =>
        pods
          .filter((to) =>
            portsOf(to).every((port) => permission({ namespace, labels: {} }, to, port, objects) === "denied"),
          )
          .map((to) => ({ object: watcher, text: `${nameOf(to.owner)} lets nobody in from ${namespace}` })),
      ),
  },
];

/** Who reads the pods over HTTP from another namespace: KEDA and Prometheus. */
function watchers(objects: readonly KubeObject[], { kedaNamespace, monitoringNamespace }: SetPolicy) {
  const services = ofKind(objects, "Service");
  const scaled = ofKind(objects, "ScaledObject").flatMap((watcher) =>
    scaledObjectSpec(watcher).triggers.flatMap((trigger) => {
      const asked = askedService(trigger);
      const service = services.find(({ metadata }) => metadata.name === asked?.name);
      return service === undefined ? [] : [{ watcher, namespace: kedaNamespace, pods: podsOf(service, objects) }];
    }),
  );
  const scraped = ofKind(objects, "ServiceMonitor").map((watcher) => {
    const { selector } = watcher.spec as { selector: LabelSelector };
    const found = services.filter(({ metadata }) => selects(selector, metadata.labels));
    return { watcher, namespace: monitoringNamespace, pods: found.flatMap((service) => podsOf(service, objects)) };
  });
  return [...scaled, ...scraped];
}

interface Edge {
  readonly from: PodSet;
  readonly to: PodSet;
  readonly port: number;
}

function halfEdge({ from, to, port }: Edge, objects: readonly KubeObject[]) {
  const out = permissionOut(from, to, port, objects);
  const into = permission(partyOf(from), to, port, objects);
  if (out === "named" && into === "denied") {
    return [{ object: from.owner, text: `may talk to ${nameOf(to.owner)}:${port}, which does not let it in` }];
  }
  if (into === "named" && out === "denied") {
    return [{ object: to.owner, text: `lets ${nameOf(from.owner)} in on ${port}, which may not talk to it` }];
  }
  return [];
}

function permission(from: Party, to: PodSet, port: number, objects: readonly KubeObject[]): Permission {
  const policies = policiesOf(to, objects, "Ingress");
  const rules = policies.flatMap(({ policy, spec }) =>
    (spec.ingress ?? []).map((rule) => ({ ...rule, peers: rule.from, policy })),
  );
  return judge(rules, { party: from, to, port, isRestricted: policies.length > 0 });
}

function permissionOut(from: PodSet, to: PodSet, port: number, objects: readonly KubeObject[]): Permission {
  const policies = policiesOf(from, objects, "Egress");
  const rules = policies.flatMap(({ policy, spec }) =>
    (spec.egress ?? []).map((rule) => ({ ...rule, peers: rule.to, policy })),
  );
  return judge(rules, { party: partyOf(to), to, port, isRestricted: policies.length > 0 });
}

interface JudgedRule {
  readonly peers?: readonly Peer[] | undefined;
  readonly ports?: readonly PolicyPort[];
  readonly policy: KubeObject;
}

function judge(
  rules: readonly JudgedRule[],
  { party, to, port, isRestricted }: { party: Party; to: PodSet; port: number; isRestricted: boolean },
): Permission {
  if (!isRestricted) return "open";
  const onPort = rules.filter(({ ports }) => takesPort(ports, to, port));
  if (onPort.some(({ peers = [], policy }) => peers.some((peer) => isPeer(peer, party, policy)))) return "named";
  return onPort.some(({ peers = [] }) => peers.length === 0) ? "open" : "denied";
}

function takesPort(ports: readonly PolicyPort[] | undefined, { template }: PodSet, port: number): boolean {
  if (ports === undefined || ports.length === 0) return true;
  const named = template.spec.containers.flatMap((container) => container.ports ?? []);
  return ports.some(
    ({ port: own, protocol = "TCP" }) =>
      protocol === "TCP" &&
      (own === undefined ||
        own === port ||
        named.some(({ name, containerPort }) => name === own && containerPort === port)),
  );
}

function isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, party: Party, policy: KubeObject): boolean {
  if (ipBlock !== undefined) return false;
  const isThere =
    namespaceSelector === undefined
      ? party.namespace === policy.metadata.namespace
      : selects(namespaceSelector, { "kubernetes.io/metadata.name": party.namespace ?? "" });
  return isThere && selects(podSelector ?? {}, party.labels);
}

function policiesOf({ owner, template }: PodSet, objects: readonly KubeObject[], direction: Direction) {
  return ofKind(objects, "NetworkPolicy")
    .map((policy) => ({ policy, spec: policy.spec as PolicySpec }))
    .filter(({ policy }) => policy.metadata.namespace === owner.metadata.namespace)
    .filter(({ spec }) => (spec.policyTypes ?? ["Ingress"]).includes(direction))
    .filter(({ spec }) => selects(spec.podSelector, template.metadata?.labels));
}

function letsOutToDns({ spec }: { readonly spec: PolicySpec }): boolean {
  return ["UDP", "TCP"].every((wanted) =>
    (spec.egress ?? []).some(({ ports = [] }) =>
      ports.some(({ port, protocol = "TCP" }) => port === DNS_PORT && protocol === wanted),
    ),
  );
}

const partyOf = ({ owner, template }: PodSet): Party => ({
  namespace: owner.metadata.namespace,
  labels: template.metadata?.labels ?? {},
});

const portsOf = ({ template }: PodSet): number[] =>
  template.spec.containers.flatMap(({ ports }) => (ports ?? []).map(({ containerPort }) => containerPort));
