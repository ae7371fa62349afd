import type * as pulumi from "@pulumi/pulumi";
import type { App, ScaledApp } from "./app-names.ts";
import type { Cluster } from "./cluster/types.ts";
import { INGEST_TOKEN_SECRET, type NatsPlace, type RedisPlace, VIEWER_KEYS_SECRET } from "./platform/servers.ts";
import type { PlatformConfig, WarmTime } from "./platform-config.ts";

type Labels = Readonly<Record<string, pulumi.Input<string>>>;
type Resources = { readonly cpu: string; readonly memory: string };

interface AppValues {
  readonly replicas: number;
  readonly resources?: Resources;
  readonly autoscaling: { readonly min: number; readonly max: number; readonly preWarm?: readonly WarmTime[] };
  readonly serviceAccount: { readonly annotations: Labels };
  readonly podAnnotations: Labels;
}

interface ServiceValues {
  readonly service: { readonly type: "ClusterIP" } | { readonly type: "NodePort"; readonly nodePort: number };
}

/** The values of charts/burnline that this program sets; its values.schema.json has them all. */
export interface ChartValues {
  readonly image: {
    readonly registry: string;
    readonly repository: string;
    readonly tag?: string;
    readonly digests: Readonly<Partial<Record<App, string>>>;
    readonly requireDigest: boolean;
    readonly pullPolicy: string;
    readonly pullSecrets: readonly string[];
  };
  readonly imagePolicy?: { readonly prefixes: readonly string[] };
  readonly race: { readonly id: string };
  readonly streamOwner: "app" | "operator";
  readonly nats: {
    readonly url: string;
    readonly tls: { readonly enabled: boolean; readonly secretName: string };
    readonly auth: { readonly secretName: string };
    readonly replicas: number;
    readonly streamGb: number;
    readonly streamDays: number;
    readonly monitoringUrl: string;
    readonly account: string;
  };
  readonly redis: {
    readonly secretName: string;
    readonly tls: { readonly enabled: boolean; readonly secretName: string };
  };
  readonly s3?: {
    readonly bucket: pulumi.Input<string>;
    readonly region?: string;
    readonly endpoint?: string;
    readonly secretName?: string;
  };
  readonly ingest: AppValues & ServiceValues & { readonly source: string; readonly tokenSecretName: string };
  readonly processor: AppValues;
  readonly inference: AppValues;
  readonly gateway: AppValues &
    ServiceValues & {
      readonly allowedOrigins: readonly string[];
      readonly trustedProxies: readonly string[];
      readonly viewerKeysSecretName: string;
    };
  readonly operator: {
    readonly enabled: boolean;
    readonly resources?: Resources;
    readonly serviceAccount: { readonly annotations: Labels };
    readonly podAnnotations: Labels;
  };
  readonly topologySpread: { readonly zone: "ScheduleAnyway" | "DoNotSchedule" };
  readonly priorityClass?: { readonly create: false; readonly name: pulumi.Input<string> };
  readonly autoscaling: { readonly enabled: boolean; readonly kedaNamespace: string };
  readonly externalSecrets?: {
    readonly enabled: true;
    readonly storeRef: { readonly name: string; readonly kind: string };
    readonly remotePrefix: string;
  };
  /** Off: preflight.ts has asked already, and charts of ours may bring what is not there yet. */
  readonly apiCheck: false;
  readonly networkPolicy: {
    readonly enabled: boolean;
    readonly clients: readonly unknown[];
    readonly dns?: { readonly peers: readonly unknown[] };
    readonly nats: { readonly peers: readonly unknown[]; readonly port: number; readonly monitoringPort: number };
    readonly redis: { readonly peers: readonly unknown[]; readonly ports: readonly number[] };
    readonly s3?: { readonly ports: readonly number[] };
    readonly tracing?: { readonly port: number };
  };
  readonly monitoring: {
    readonly namespace: string;
    readonly serviceMonitor: { readonly enabled: boolean };
    readonly prometheusRule: { readonly enabled: boolean };
    readonly dashboards: { readonly enabled: boolean };
  };
  readonly tracing?: { readonly endpoint: string; readonly sampleRatio: number };
  readonly route: {
    readonly type: "none" | "ingress" | "gateway";
    readonly host?: string;
    readonly ingestHost?: string;
    readonly className?: string;
    readonly tls?: { readonly enabled: boolean; readonly secretName: string };
    readonly gatewayRef?: { readonly name: string; readonly namespace: string };
    readonly annotations?: Labels;
  };
}

export interface ChartSurroundings {
  readonly cluster: Cluster;
  readonly nats: NatsPlace;
  readonly redis: RedisPlace;
  /** Of the secrets: pods that read them are started anew when they change. */
  readonly generation: string;
  readonly priorityClass?: pulumi.Output<string>;
}

/** Annotation on the pods; named in docs/operations.md for those who look for the reason of a restart. */
const GENERATION = "burnline.dev/secrets";

export function chartValues(config: PlatformConfig, surroundings: ChartSurroundings): ChartValues {
  const { cluster, nats, redis, generation, priorityClass } = surroundings;
  const { images, hasMonitoring, sizes, tracing } = config;
  const app = (name: ScaledApp) => appValues(config, name, surroundings);
  const resources = sizes.resources.operator;
  return {
    image: { ...images, requireDigest: config.environment === "prod" },
    ...(config.imagesFrom.length === 0 ? {} : { imagePolicy: { prefixes: config.imagesFrom } }),
    race: { id: config.race },
    streamOwner: config.streamOwner,
    nats: {
      ...{ url: nats.url, monitoringUrl: nats.monitoringUrl, account: nats.account },
      tls: { enabled: nats.caSecret !== undefined, secretName: nats.caSecret ?? "" },
      auth: { secretName: nats.authSecret ?? "" },
      ...{ replicas: config.natsReplicas, streamGb: config.streamGb, streamDays: config.streamDays },
    },
    redis: {
      secretName: redis.urlSecret,
      tls: { enabled: redis.caSecret !== undefined, secretName: redis.caSecret ?? "" },
    },
    ...snapshotValues(config, cluster),
    ingest: {
      ...{ ...app("ingest"), ...serviceValues(config.nodePorts.ingest) },
      ...{ source: config.source, tokenSecretName: INGEST_TOKEN_SECRET },
    },
    ...{ processor: app("processor"), inference: app("inference") },
    gateway: {
      ...{ ...app("gateway"), ...serviceValues(config.nodePorts.gateway) },
      allowedOrigins: config.allowedOrigins,
      // Nobody but the cloud's balancer is let in from outside, so its word is good.
      trustedProxies: config.trustedProxies.length > 0 ? config.trustedProxies : cluster.clientCidrs,
      viewerKeysSecretName: config.hasViewerTokens ? VIEWER_KEYS_SECRET : "",
    },
    operator: {
      ...{ enabled: config.hasOperator, podAnnotations: { [GENERATION]: generation } },
      ...(resources === undefined ? {} : { resources }),
      serviceAccount: { annotations: cluster.serviceAccountAnnotations.operator ?? {} },
    },
    topologySpread: { zone: config.mustSpreadZones ? "DoNotSchedule" : "ScheduleAnyway" },
    ...(priorityClass === undefined ? {} : { priorityClass: { create: false, name: priorityClass } }),
    autoscaling: { enabled: config.hasAutoscaling, kedaNamespace: config.kedaNamespace },
    ...storeValues(config),
    apiCheck: false,
    networkPolicy: networkPolicyValues(config, surroundings),
    monitoring: {
      namespace: config.monitoringNamespace,
      ...{ serviceMonitor: { enabled: hasMonitoring }, prometheusRule: { enabled: hasMonitoring } },
      dashboards: { enabled: hasMonitoring },
    },
    ...(tracing === undefined ? {} : { tracing }),
    route: routeValues(config, cluster),
  };
}

function appValues(config: PlatformConfig, app: ScaledApp, { cluster, generation }: ChartSurroundings): AppValues {
  const { replicas, replicasMax, resources } = config.sizes;
  const ownResources = resources[app];
  // Two simulators would be two races in one log.
  const isLone = app === "ingest" && config.source === "sim";
  const min = isLone ? 1 : replicas[app];
  return {
    replicas: min,
    ...(ownResources === undefined ? {} : { resources: ownResources }),
    autoscaling: {
      ...{ min, max: isLone ? 1 : replicasMax[app] },
      ...(config.preWarm[app] === undefined ? {} : { preWarm: config.preWarm[app] }),
    },
    serviceAccount: { annotations: cluster.serviceAccountAnnotations[app] ?? {} },
    podAnnotations: { [GENERATION]: generation },
  };
}

function serviceValues(nodePort: number | undefined): ServiceValues {
  return {
    service: nodePort === undefined ? { type: "ClusterIP" } : { type: "NodePort", nodePort },
  };
}

function snapshotValues({ s3 }: PlatformConfig, { bucket }: Cluster): Pick<ChartValues, "s3"> {
  if (bucket !== undefined) return { s3: { bucket: bucket.name, region: bucket.region } };
  return s3 === undefined ? {} : { s3 };
}

function storeValues({ secretStore }: PlatformConfig): Pick<ChartValues, "externalSecrets"> {
  if (secretStore === undefined) return {};
  const { name, kind, prefix } = secretStore;
  return { externalSecrets: { enabled: true, storeRef: { name, kind }, remotePrefix: prefix } };
}

/** As the chart has it by default: a list of values is replaced, not added to. */
const KUBE_DNS = {
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } },
  podSelector: { matchLabels: { "k8s-app": "kube-dns" } },
};

function networkPolicyValues(
  { hasNetworkPolicies, s3, tracing }: PlatformConfig,
  { cluster, nats, redis }: ChartSurroundings,
): ChartValues["networkPolicy"] {
  return {
    enabled: hasNetworkPolicies,
    clients: cluster.clientCidrs.map((cidr) => ({ ipBlock: { cidr } })),
    ...(cluster.dnsPeers.length === 0 ? {} : { dns: { peers: [KUBE_DNS, ...cluster.dnsPeers] } }),
    nats: { peers: nats.peers, port: nats.port, monitoringPort: nats.monitoringPort },
    redis: { peers: redis.peers, ports: redis.ports },
    ...(s3?.endpoint === undefined ? {} : { s3: { ports: [portOf(s3.endpoint)] } }),
    ...(tracing === undefined ? {} : { tracing: { port: portOf(tracing.endpoint) } }),
  };
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function routeValues({ route }: PlatformConfig, cluster: Cluster): ChartValues["route"] {
  if (route.type === "none") return { type: "none" };
  const hosts = { host: route.host, ...(route.ingestHost === undefined ? {} : { ingestHost: route.ingestHost }) };
  if (route.type === "gateway") return { type: "gateway", ...hosts, gatewayRef: route.gateway };
  const className = route.className ?? cluster.ingressClass;
  return {
    ...{ type: "ingress", ...hosts, annotations: cluster.ingressAnnotations },
    ...(className === undefined ? {} : { className }),
    tls: { enabled: true, secretName: route.tlsSecret ?? "" },
  };
}
