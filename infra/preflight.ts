import { type Owner, SECRETS_LABEL, STACK_LABEL } from "./labels.ts";
import { addonNamespaces } from "./platform/addon-namespaces.ts";
import type { PlatformConfig } from "./platform-config.ts";
import { type Claim, type Quota, tooLittleRoom, volumesToEnlarge } from "./preflight-room.ts";
import { SECRET_STORE_API } from "./secret-store.ts";

/** What is known of a cluster before anything is made in it. */
export interface ClusterFacts {
  /** As the API server says it: {major: "1", minor: "35+"}. */
  readonly version: { readonly major: string; readonly minor: string };
  /** "keda.sh/v1alpha1", "apps/v1", … */
  readonly apiVersions: ReadonlySet<string>;
  readonly storageClasses: readonly { readonly name: string; readonly isDefault: boolean }[];
  readonly ingressClasses: readonly { readonly name: string; readonly isDefault: boolean }[];
  /** Absent: there is no such namespace yet. */
  readonly namespace?: Labelled;
  /** Of those that somebody else may have made, such as KEDA's: the ones that are there. */
  readonly otherNamespaces: Readonly<Record<string, Labelled>>;
  /** Those of the whole cluster. Absent: we may not know. */
  readonly clusterSecretStores?: readonly string[];
  /** In the namespace. */
  readonly quotas: readonly Quota[];
  readonly claims: readonly Claim[];
  /** Of all namespaces; empty when we may not know. */
  readonly nodePorts: readonly { readonly port: number; readonly namespace: string; readonly service: string }[];
  /** Names of images on the nodes; empty when we may not know. */
  readonly images: ReadonlySet<string>;
}

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
}

/** preStop sleeps, and policies about unhealthy pods, are there from here on. */
const MINOR_MIN = 30;

/** Everything that would fail half-way: a sentence each, with the key to set. */
export function unmetNeeds(config: PlatformConfig, facts: ClusterFacts, owner: Owner): string[] {
  const isOurs = isOf(owner, facts.namespace);
  return [
    ...version(facts),
    ...namespace(config, facts, owner),
    ...foreignNamespaces(config, facts, owner),
    ...extensions(config, facts, isOurs),
    ...secretStore(config, facts),
    ...storage(config, facts),
    ...takenNodePorts(config, facts),
    // A namespace of somebody else's is refused as a whole.
    ...(isOurs ? [...tooLittleRoom(config, facts.quotas), ...volumesToEnlarge(config, facts.claims)] : []),
  ];
}

function version({ version: { major, minor } }: ClusterFacts): string[] {
  if (Number(major) > 1 || Number.parseInt(minor, 10) >= MINOR_MIN) return [];
  return [
    `The cluster is Kubernetes ${major}.${minor}, Burnline needs 1.${MINOR_MIN} or newer: upgrade it, or name another one: pulumi config set burnline:context NAME`,
  ];
}

/** Who does not say which secrets it has is believed by its name. */
function isOf({ stack, secrets }: Owner, found: Labelled | undefined): boolean {
  return found?.labels[STACK_LABEL] === stack && (found.labels[SECRETS_LABEL] ?? secrets) === secrets;
}

function namespace(config: PlatformConfig, { namespace: found }: ClusterFacts, owner: Owner): string[] {
  if (found === undefined || isOf(owner, found)) return [];
  const another = "pulumi config set burnline:namespace ANOTHER";
  const isThere = `The namespace ${config.namespace} is there already and`;
  const stack = found.labels[STACK_LABEL];
  if (stack === undefined) return [`${isThere} was not made by this program: ${another}`];
  if (stack !== owner.stack) return [`${isThere} belongs to the stack ${stack}: ${another}`];
  return [
    `${isThere} belongs to a stack of the same name with another burnline:${config.secretStore === undefined ? "masterSecret" : "secretStore"}: ${another}; or, if that stack is this one and its secret was replaced, kubectl label namespace ${config.namespace} ${SECRETS_LABEL}-`,
  ];
}

/** What is brought along gets namespaces of its own, under names that others like as well. */
function foreignNamespaces(config: PlatformConfig, { otherNamespaces }: ClusterFacts, { stack }: Owner): string[] {
  return addonNamespaces(config).flatMap(({ name, what, instead }) => {
    const found = otherNamespaces[name];
    if (found === undefined || found.labels[STACK_LABEL] === stack) return [];
    return [
      `The namespace ${name} is there already and was not made by this program, which would put ${what} there: ${instead}`,
    ];
  });
}

function extensions(config: PlatformConfig, { apiVersions }: ClusterFacts, isOurs: boolean): string[] {
  const problems: string[] = [];
  const bringsOwn = config.servers.type === "charts";
  if (bringsOwn) problems.push(...brought(config, apiVersions, isOurs));
  if (config.hasAutoscaling && !bringsOwn && !apiVersions.has("keda.sh/v1alpha1"))
    problems.push(
      "The cluster has no KEDA (keda.sh/v1alpha1), which autoscaling needs: install KEDA 2.19 or newer, or do without: pulumi config set burnline:autoscaling false",
    );
  if (config.hasMonitoring && !bringsOwn && !apiVersions.has("monitoring.coreos.com/v1"))
    problems.push(
      "The cluster has no prometheus-operator (monitoring.coreos.com/v1), which burnline:monitoring needs: pulumi config set burnline:monitoring false",
    );
  if (config.route.type === "gateway" && !apiVersions.has("gateway.networking.k8s.io/v1"))
    problems.push(
      "The cluster has no Gateway API (gateway.networking.k8s.io/v1), which burnline:route gateway needs: pulumi config set burnline:route ingress",
    );
  return problems;
}

/** A store of one namespace may come once the namespace is there, which this program makes. */
function secretStore({ secretStore: store }: PlatformConfig, facts: ClusterFacts): string[] {
  if (store === undefined) return [];
  const { apiVersions, clusterSecretStores: stores } = facts;
  if (!apiVersions.has(SECRET_STORE_API))
    return [
      `The cluster has no External Secrets (${SECRET_STORE_API}), which burnline:secretStore needs: install External Secrets 0.17 or newer, or do without: pulumi config rm burnline:secretStore`,
    ];
  if (store.kind !== "ClusterSecretStore" || stores === undefined || stores.includes(store.name)) return [];
  const choice = stores.length === 0 ? "it has none" : `it has ${stores.join(", ")}`;
  return [
    `The cluster has no ClusterSecretStore ${store.name}, ${choice}: pulumi config set burnline:secretStore ${stores[0] ?? "NAME"}; or, if it is of the namespace, pulumi config set burnline:secretStoreKind SecretStore`,
  ];
}

/** Two of each in one cluster would fight over the same kinds; those of an earlier run are ours. */
function brought(config: PlatformConfig, apiVersions: ReadonlySet<string>, isOurs: boolean): string[] {
  if (isOurs) return [];
  return [
    ["cert-manager", "cert-manager.io/v1", true] as const,
    ["KEDA", "keda.sh/v1alpha1", config.hasAutoscaling] as const,
    ["prometheus-operator", "monitoring.coreos.com/v1", config.hasMonitoring] as const,
  ].flatMap(([what, api, isBrought]) =>
    isBrought && apiVersions.has(api)
      ? [
          `The cluster has ${what} (${api}) already, and burnline:dependencies charts would bring a second one: pulumi config set burnline:dependencies bundled`,
        ]
      : [],
  );
}

function storage(config: PlatformConfig, { storageClasses, ingressClasses }: ClusterFacts): string[] {
  const problems: string[] = [];
  const wanted = config.storageClass;
  const names = storageClasses.map(({ name }) => name);
  const choice = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (wanted !== undefined && !names.includes(wanted))
    problems.push(
      `The cluster has no StorageClass ${wanted}, ${choice}: pulumi config set burnline:storageClass ${names[0] ?? "NAME"}`,
    );
  if (wanted === undefined && config.servers.type !== "external" && !storageClasses.some(({ isDefault }) => isDefault))
    problems.push(
      `The cluster has no default StorageClass for NATS and Redis, ${choice}: pulumi config set burnline:storageClass ${names[0] ?? "NAME"}`,
    );
  if (config.route.type === "ingress") {
    const { className } = config.route;
    const classes = ingressClasses.map(({ name }) => name);
    const classChoice = classes.length === 0 ? "it has none" : `it has ${classes.join(", ")}`;
    const isThere =
      className === undefined ? ingressClasses.some(({ isDefault }) => isDefault) : classes.includes(className);
    if (!isThere)
      problems.push(
        `The cluster has no ${className === undefined ? "default IngressClass" : `IngressClass ${className}`}, ${classChoice}: pulumi config set burnline:routeClass ${classes[0] ?? "NAME"}`,
      );
  }
  return problems;
}

/** A node has each port once, whoever's Service it is. */
function takenNodePorts({ namespace: own, nodePorts }: PlatformConfig, facts: ClusterFacts): string[] {
  const wanted = [
    { key: "gatewayNodePort", port: nodePorts.gateway },
    { key: "ingestNodePort", port: nodePorts.ingest },
  ];
  return wanted.flatMap(({ key, port }) => {
    const taken = facts.nodePorts.find((found) => found.port === port && found.namespace !== own);
    if (taken === undefined) return [];
    return [
      `burnline:${key} ${port} is that of the Service ${taken.service} in the namespace ${taken.namespace} already: pulumi config set burnline:${key} ANOTHER`,
    ];
  });
}
