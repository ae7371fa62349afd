import type { App, PerApp, ScaledApp } from "./app-names.ts";
import type { ConfigKeys } from "./config-keys.ts";
import type { ChartName } from "./platform/chart-pins.ts";
import type { SecretStore } from "./secret-store.ts";
import { SIZES, type Sizes } from "./sizes.ts";

export interface EksConfig {
  readonly type: "eks";
  readonly region: string;
  readonly kubernetesVersion: string;
  readonly nodes: "auto" | "managed";
  readonly nodeType: string;
  readonly nodesMin: number;
  readonly nodesMax: number;
  readonly networkCidr: string;
  readonly apiCidrs: readonly string[];
  readonly adminRoleArns: readonly string[];
  readonly redisService: "chart" | "managed";
  readonly certificateArn?: string;
  /** AWS is asked what the account may have. */
  readonly hasQuotaCheck: boolean;
  readonly budget?: { readonly usd: number; readonly email: string };
}

interface OtherCloudConfig {
  readonly region: string;
  readonly kubernetesVersion: string;
  readonly nodeType: string;
  readonly nodesMin: number;
  readonly nodesMax: number;
  readonly networkCidr: string;
  readonly apiCidrs: readonly string[];
}

export type GkeConfig = OtherCloudConfig & { readonly type: "gke"; readonly project: string };
export type AksConfig = OtherCloudConfig & { readonly type: "aks"; readonly adminGroupIds: readonly string[] };

export interface ExistingConfig {
  readonly type: "existing";
  /** Absent: the kubeconfig that KUBECONFIG or the home folder has. */
  readonly kubeconfig?: string;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string;
}

export type ClusterConfig = ExistingConfig | EksConfig | GkeConfig | AksConfig;

export interface BundledServers {
  readonly type: "bundled";
  readonly natsImage: string;
  readonly redisImage: string;
  /** A Secret with tls.crt, tls.key and ca.crt that somebody else keeps valid. */
  readonly natsTlsSecret?: string;
}

export interface ExternalServers {
  readonly type: "external";
  readonly natsUrl: string;
  readonly natsSeeds?: PerApp<string>;
  readonly natsCa?: string;
  readonly natsAccount: string;
  readonly natsMonitoringUrl?: string;
  /** Absent: in the store of secrets. */
  readonly redisUrl?: string;
  readonly redisCa?: string;
  /** Of servers that sentinels or nodes of a cluster name. */
  readonly redisFurtherPorts?: readonly number[];
  readonly cidrs: readonly string[];
}

export interface ChartServers {
  readonly type: "charts";
  /** Archives that were looked at; absent: the charts' own repositories. */
  readonly folder?: string;
  readonly digests: Readonly<Partial<Record<ChartName, string>>>;
}

export type Servers = BundledServers | ChartServers | ExternalServers;

/** As KEDA's cron scaler takes it. */
export interface WarmTime {
  readonly timezone: string;
  readonly start: string;
  readonly end: string;
  readonly replicas: number;
}

/** The configuration, whole and free of contradictions: what the program makes follows from it alone. */
export interface PlatformConfig {
  readonly environment: "dev" | "prod";
  /** What holds state cannot be deleted by a slip. */
  readonly isProtected: boolean;
  readonly namespace: string;
  readonly race: string;
  /** Absent: nothing is made from it, credentials are in the store. */
  readonly masterSecret?: string;
  readonly secretStore?: SecretStore;
  readonly cluster: ClusterConfig;
  readonly servers: Servers;
  readonly sizes: Sizes;
  readonly natsReplicas: number;
  readonly natsStorageGb: number;
  readonly redisStorageGb: number;
  readonly redisMemoryMb: number;
  readonly streamGb: number;
  readonly streamDays: number;
  readonly storageClass?: string;
  readonly images: {
    readonly registry: string;
    readonly repository: string;
    readonly tag?: string;
    readonly digests: Readonly<Partial<Record<App, string>>>;
    readonly pullPolicy: "IfNotPresent" | "Always" | "Never";
    readonly pullSecrets: readonly string[];
  };
  /** This machine asks the registry whether it is there. */
  readonly hasRegistryCheck: boolean;
  readonly source: string;
  readonly allowedOrigins: readonly string[];
  /** Balancers whose word is taken for whom a request is from. */
  readonly trustedProxies: readonly string[];
  /** Only holders of a token see the race. */
  readonly hasViewerTokens: boolean;
  readonly hasOperator: boolean;
  /** Who makes the race's streams in JetStream. */
  readonly streamOwner: "app" | "operator";
  readonly hasAutoscaling: boolean;
  /** Times at which so many run at least, whatever the load is. */
  readonly preWarm: Readonly<Partial<Record<ScaledApp, readonly WarmTime[]>>>;
  /** Pods that cannot be spread evenly over zones wait. */
  readonly mustSpreadZones: boolean;
  /** Where images of the namespace may come from; empty: from anywhere. */
  readonly imagesFrom: readonly string[];
  readonly hasNetworkPolicies: boolean;
  readonly hasMonitoring: boolean;
  readonly kedaNamespace: string;
  readonly monitoringNamespace: string;
  readonly nodePorts: { readonly gateway?: number; readonly ingest?: number };
  readonly tracing?: { readonly endpoint: string; readonly sampleRatio: number };
  readonly route:
    | { readonly type: "none" }
    | {
        readonly type: "ingress";
        readonly host: string;
        readonly ingestHost?: string;
        readonly className?: string;
        readonly tlsSecret?: string;
      }
    | {
        readonly type: "gateway";
        readonly host: string;
        readonly ingestHost?: string;
        readonly gateway: { readonly namespace: string; readonly name: string };
      };
  readonly s3?: {
    readonly bucket: string;
    readonly region?: string;
    readonly endpoint?: string;
    readonly secretName: string;
  };
}

/** An entry for each value that is there. */
type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };
function present<T extends object>(values: T): Partial<Present<T>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Present<T>>;
}

/** @param keys without contradictions: what a choice needs is there (config-rules.ts) */
export function toPlatformConfig(keys: ConfigKeys): PlatformConfig {
  const isProd = keys.environment === "prod";
  const sizes = SIZES[keys.size ?? (isProd ? "race" : "small")];
  const { masterSecret, secretStore, tracingEndpoint, tracingPercent, s3Bucket, s3SecretName = "" } = keys;
  return {
    ...{ environment: keys.environment, isProtected: keys.protect ?? isProd },
    ...{ namespace: keys.namespace, race: keys.race, sizes },
    ...present({ masterSecret }),
    ...(secretStore === undefined ? {} : { secretStore: toSecretStore(secretStore, keys) }),
    ...{ cluster: toCluster(keys), servers: toServers(keys), route: toRoute(keys) },
    natsReplicas: keys.natsReplicas ?? sizes.natsReplicas,
    natsStorageGb: keys.natsStorageGb ?? sizes.natsStorageGb,
    redisStorageGb: keys.redisStorageGb ?? sizes.redisStorageGb,
    redisMemoryMb: keys.redisMemoryMb ?? sizes.redis.memoryMb,
    ...{ streamGb: keys.streamGb ?? sizes.streamGb, streamDays: keys.streamDays },
    ...present({ storageClass: keys.storageClass }),
    images: {
      ...{ registry: keys.imageRegistry, repository: keys.imageRepository, pullPolicy: keys.imagePullPolicy },
      ...present({ tag: keys.imageTag }),
      ...{ digests: present(keys.imageDigests ?? {}), pullSecrets: keys.imagePullSecrets ?? [] },
    },
    hasRegistryCheck: keys.imageRegistryCheck,
    ...{
      source: keys.source,
      allowedOrigins: keys.allowedOrigins ?? [],
      trustedProxies: keys.trustedProxies ?? [],
      hasViewerTokens: keys.viewers === "token",
    },
    ...{ hasOperator: keys.operator, streamOwner: keys.streamOwner },
    ...{ hasAutoscaling: keys.autoscaling, hasNetworkPolicies: keys.networkPolicy },
    ...{ preWarm: present(keys.preWarm ?? {}), imagesFrom: keys.imagesFrom ?? [] },
    // Of a cluster that is there nobody knows how many zones it has, or whether its nodes say in which one they are.
    mustSpreadZones: (keys.zoneSpread ?? (isProd && keys.cloud !== "existing" ? "require" : "prefer")) === "require",
    // Our own installation of Prometheus, or the cluster's when it is said to have one.
    hasMonitoring: keys.monitoring ?? keys.dependencies === "charts",
    ...{ kedaNamespace: keys.kedaNamespace, monitoringNamespace: keys.monitoringNamespace },
    nodePorts: present({ gateway: keys.gatewayNodePort, ingest: keys.ingestNodePort }),
    ...(tracingEndpoint === undefined
      ? {}
      : { tracing: { endpoint: tracingEndpoint, sampleRatio: tracingPercent / 100 } }),
    ...(s3Bucket === undefined
      ? {}
      : {
          s3: {
            ...{ bucket: s3Bucket, secretName: s3SecretName },
            ...present({ region: keys.s3Region, endpoint: keys.s3Endpoint }),
          },
        }),
  };
}

function toCluster(keys: ConfigKeys): ClusterConfig {
  const { kubeconfig, context, region = "", certificateArn, budgetUsd, budgetEmail } = keys;
  const shared = {
    ...{ region, kubernetesVersion: keys.kubernetesVersion ?? "1.35", apiCidrs: keys.apiCidrs ?? [] },
    ...{ nodesMin: keys.nodesMin ?? 3, nodesMax: keys.nodesMax ?? 9, networkCidr: keys.networkCidr ?? "10.40.0.0/16" },
  };
  switch (keys.cloud) {
    case "existing":
      return { type: "existing", ...present({ kubeconfig, context }) };
    case "eks":
      return {
        ...{ type: "eks", ...shared, nodes: keys.nodes ?? "auto", nodeType: keys.nodeType ?? "m7i.large" },
        ...{ adminRoleArns: keys.adminRoleArns ?? [], redisService: keys.redisService ?? "chart" },
        hasQuotaCheck: keys.quotaCheck ?? true,
        ...present({ certificateArn }),
        ...(budgetUsd === undefined || budgetEmail === undefined
          ? {}
          : { budget: { usd: budgetUsd, email: budgetEmail } }),
      };
    case "gke":
      return { type: "gke", ...shared, nodeType: keys.nodeType ?? "n2-standard-2", project: keys.gcpProject ?? "" };
    case "aks":
      return {
        ...{ type: "aks", ...shared, nodeType: keys.nodeType ?? "Standard_D2s_v5" },
        adminGroupIds: keys.adminGroupIds ?? [],
      };
  }
}

function toServers(keys: ConfigKeys): Servers {
  const { natsTlsSecret, externalNatsUrl = "", externalRedisUrl, externalNatsSeeds, externalNatsCa } = keys;
  switch (keys.dependencies) {
    case "bundled":
      return {
        ...{ type: "bundled", natsImage: keys.natsImage, redisImage: keys.redisImage },
        ...present({ natsTlsSecret }),
      };
    case "charts":
      return {
        ...{ type: "charts", digests: present(keys.chartDigests ?? {}) },
        ...present({ folder: keys.chartsFolder }),
      };
    case "external":
      return {
        ...{ type: "external", natsUrl: externalNatsUrl, cidrs: keys.externalCidrs ?? [] },
        ...present({ redisUrl: externalRedisUrl }),
        natsAccount: keys.externalNatsAccount ?? "$G",
        ...present({ natsSeeds: externalNatsSeeds, natsCa: externalNatsCa, redisCa: keys.externalRedisCa }),
        ...present({ natsMonitoringUrl: keys.externalNatsMonitoringUrl, redisFurtherPorts: keys.externalRedisPorts }),
      };
  }
}

function toSecretStore(name: string, { secretStoreKind, secretStorePrefix }: ConfigKeys): SecretStore {
  return { name, kind: secretStoreKind ?? "ClusterSecretStore", prefix: secretStorePrefix ?? "burnline" };
}

function toRoute(keys: ConfigKeys): PlatformConfig["route"] {
  const { route, routeHost: host = "", routeIngestHost, routeClass, routeTlsSecret } = keys;
  if (route === "none") return { type: "none" };
  const shared = { host, ...present({ ingestHost: routeIngestHost }) };
  if (route === "ingress")
    return { type: "ingress", ...shared, ...present({ className: routeClass, tlsSecret: routeTlsSecret }) };
  const [namespace = "", name = ""] = keys.routeGateway?.split("/") ?? [];
  return { type: "gateway", ...shared, gateway: { namespace, name } };
}
