import { APPS } from "./app-names.ts";
import { type ConfigKeys, cloudKeys } from "./config-keys.ts";
import { raceContradictions } from "./config-race-rules.ts";
import { storeContradictions, takesFromStore } from "./config-store-rules.ts";
import { natsPorts, PORTS_MAX, redisPorts } from "./external-ports.ts";
import { neededCharts } from "./platform/chart-source.ts";
import { SIZES } from "./sizes.ts";

type Key = keyof ConfigKeys;

/** Two buckets of snapshots, 512 MiB each, and what the server keeps beside its streams. */
const NATS_STORAGE_SPARE_GB = 1.25;
/** As in platform/nats-config.ts: the rest is the file system's. */
const VOLUME_SHARE_USED = 0.95;
/** Three zones with private and public parts of a 16th each, or half of it for pods. */
const NETWORK_PREFIX_MAX = 16;
/** Which cloud has which key; region, versions and node counts are for all three. */
const EKS_ONLY: readonly Key[] = [
  "nodes",
  "adminRoleArns",
  "redisService",
  "certificateArn",
  "budgetUsd",
  "budgetEmail",
  "quotaCheck",
];
const EXTERNAL_ONLY: readonly Key[] = [
  ...(["externalNatsUrl", "externalNatsSeeds", "externalNatsCa", "externalNatsAccount"] as const),
  ...(["externalNatsMonitoringUrl", "externalRedisUrl", "externalRedisCa", "externalRedisPorts"] as const),
  ...(["externalCidrs"] as const),
];

const set = (key: Key, example: string) => `pulumi config set burnline:${key} ${example}`;
const rm = (key: Key) => `pulumi config rm burnline:${key}`;

/** What is wrong with keys that are right each by itself: a sentence each, with the command that mends it. */
export function contradictions(keys: ConfigKeys): string[] {
  return [
    ...masterSecret(keys),
    ...(keys.cloud === "existing" ? existingCluster(keys) : ownCluster(keys)),
    ...servers(keys),
    ...storeContradictions(keys),
    ...snapshots(keys),
    ...streams(keys),
    ...routes(keys),
    ...raceContradictions(keys),
    ...(keys.environment === "prod" ? production(keys) : []),
  ];
}

function masterSecret(keys: ConfigKeys): string[] {
  if (keys.masterSecret !== undefined || takesFromStore(keys)) return [];
  return [
    'burnline:masterSecret is missing, from which all passwords and keys are made: pulumi config set --secret burnline:masterSecret "$(openssl rand -base64 32)"',
  ];
}

function existingCluster(keys: ConfigKeys): string[] {
  const extra = (Object.keys(cloudKeys) as Key[])
    .filter((key) => keys[key] !== undefined)
    .map((key) => `burnline:${key} is for a cluster that is made here, but burnline:cloud is existing: ${rm(key)}`);
  if (keys.environment !== "prod" || keys.kubeconfig !== undefined || keys.context !== undefined) return extra;
  // The current context is whatever somebody chose last, for something else.
  return [...extra, `prod on an existing cluster has to name it: ${set("context", "NAME")}`];
}

function ownCluster(keys: ConfigKeys): string[] {
  const { cloud } = keys;
  const needed: [Key, string][] = [
    ["region", cloud === "eks" ? "us-east-1" : cloud === "gke" ? "us-east4" : "eastus2"],
  ];
  if (cloud === "eks") needed.push(["adminRoleArns", "arn:aws:iam::111122223333:role/ops"]);
  if (cloud === "gke") needed.push(["gcpProject", "burnline-prod"]);
  if (cloud === "aks") needed.push(["adminGroupIds", "00000000-0000-0000-0000-000000000000"]);
  needed.push(["apiCidrs", "198.51.100.0/24"]);
  const foreign: Key[] = [
    ...(["kubeconfig", "context", "storageClass"] as const),
    ...(cloud === "eks" ? [] : EKS_ONLY),
    ...(cloud === "gke" ? [] : (["gcpProject"] as const)),
    ...(cloud === "aks" ? [] : (["adminGroupIds"] as const)),
  ];
  const { nodesMin = 3, nodesMax = 9 } = keys;
  return [
    ...needed
      .filter(([key]) => keys[key] === undefined)
      .map(([key, example]) => `burnline:cloud ${cloud} needs burnline:${key}: ${set(key, example)}`),
    ...foreign
      .filter((key) => keys[key] !== undefined)
      .map((key) => `burnline:${key} means nothing when burnline:cloud is ${cloud}: ${rm(key)}`),
    ...(cloud === "eks" ? eks(keys) : []),
    ...(Number(keys.networkCidr?.split("/")[1] ?? 0) > NETWORK_PREFIX_MAX
      ? [
          `burnline:networkCidr ${keys.networkCidr} is too small for machines, pods and services: ${set("networkCidr", "10.40.0.0/16")}`,
        ]
      : []),
    ...(nodesMin > nodesMax
      ? [`burnline:nodesMin is ${nodesMin} and nodesMax ${nodesMax}: ${set("nodesMax", String(nodesMin))}`]
      : []),
  ];
}

function eks(keys: ConfigKeys): string[] {
  const problems: string[] = [];
  if (keys.nodes !== "managed") {
    for (const key of ["nodeType", "nodesMin", "nodesMax"] as const) {
      if (keys[key] !== undefined)
        problems.push(
          `burnline:${key} is for node groups, and Auto Mode chooses by itself: ${set("nodes", "managed")}`,
        );
    }
  } else if (keys.route === "ingress" && keys.routeClass === undefined) {
    problems.push(
      `with node groups the ingress controller is your own, so it has to be named: ${set("routeClass", "traefik")}`,
    );
  }
  if (keys.budgetUsd !== undefined && keys.budgetEmail === undefined)
    problems.push(`burnline:budgetUsd alarms nobody without an address: ${set("budgetEmail", "ops@example.org")}`);
  if (keys.budgetEmail !== undefined && keys.budgetUsd === undefined)
    problems.push(`burnline:budgetEmail hears of nothing without a budget: ${set("budgetUsd", "500")}`);
  return problems;
}

function servers(keys: ConfigKeys): string[] {
  const { dependencies } = keys;
  const problems: string[] = [];
  if (dependencies === "external") {
    for (const key of ["externalNatsUrl", "externalRedisUrl"] as const) {
      const [flag, example] =
        key === "externalNatsUrl"
          ? ["", "tls://nats.example:4222"]
          : ["--secret ", "rediss://user:password@redis.example:6379/0"];
      if (keys[key] === undefined && !(key === "externalRedisUrl" && takesFromStore(keys)))
        problems.push(
          `burnline:dependencies external needs burnline:${key}: pulumi config set ${flag}burnline:${key} ${example}`,
        );
    }
    if (keys.networkPolicy && keys.externalCidrs === undefined)
      problems.push(
        `network policies have to know where external NATS and Redis are: ${set("externalCidrs", "10.20.0.0/16")}`,
      );
    if (keys.networkPolicy) problems.push(...externalPorts(keys));
  } else {
    for (const key of EXTERNAL_ONLY) {
      if (keys[key] !== undefined)
        problems.push(`burnline:${key} means nothing when burnline:dependencies is ${dependencies}: ${rm(key)}`);
    }
    problems.push(...storage(keys));
  }
  for (const key of ["natsStorageGb", "natsTlsSecret", "redisStorageGb", "redisMemoryMb"] as const) {
    const isOurs = dependencies === "bundled" || (dependencies === "charts" && key !== "natsTlsSecret");
    if (keys[key] !== undefined && !isOurs)
      problems.push(`burnline:${key} means nothing when burnline:dependencies is ${dependencies}: ${rm(key)}`);
  }
  for (const key of ["chartsFolder", "chartDigests"] as const) {
    if (keys[key] !== undefined && dependencies !== "charts")
      problems.push(`burnline:${key} means nothing when burnline:dependencies is ${dependencies}: ${rm(key)}`);
  }
  if (keys.chartDigests !== undefined && keys.chartsFolder === undefined && dependencies === "charts")
    problems.push(`burnline:chartDigests are of archives in a folder: ${set("chartsFolder", "dist/charts")}`);
  if (keys.redisService === "managed" && dependencies !== "charts")
    problems.push(
      `burnline:redisService managed takes the place of the Valkey chart, but burnline:dependencies is ${dependencies}: ${set("dependencies", "charts")}`,
    );
  return problems;
}

/** What the policies cannot let out. */
function externalPorts({ externalNatsUrl, externalRedisUrl, externalRedisPorts }: ConfigKeys): string[] {
  const nats = externalNatsUrl === undefined ? [] : natsPorts(externalNatsUrl);
  const redis = redisPorts(externalRedisUrl, externalRedisPorts);
  const without = set("networkPolicy", "false");
  return [
    ...(nats.length > 1
      ? [
          `burnline:externalNatsUrl has the ports ${nats.join(" and ")}, and network policies let one out: let all servers have the same, or ${without}`,
        ]
      : []),
    ...(redis.length > PORTS_MAX
      ? [
          `burnline:${externalRedisUrl === undefined ? "externalRedisPorts names" : "externalRedisUrl and externalRedisPorts name"} ${redis.length} ports, and network policies let ${PORTS_MAX} out: ${without}`,
        ]
      : []),
  ];
}

/** JetStream reserves what its streams may grow to: with too little room it refuses to make them. */
function storage(keys: ConfigKeys): string[] {
  const sizes = SIZES[keys.size ?? (keys.environment === "prod" ? "race" : "small")];
  const { streamGb = sizes.streamGb, natsStorageGb = sizes.natsStorageGb } = keys;
  const least = Math.ceil((2 * streamGb + NATS_STORAGE_SPARE_GB) / VOLUME_SHARE_USED);
  if (natsStorageGb >= least) return [];
  return [
    `burnline:streamGb ${streamGb} is for telemetry and for facts each, so a NATS server needs ${least} GB, not ${natsStorageGb}: ${set("natsStorageGb", String(least))}`,
  ];
}

function streams({ streamOwner, operator }: ConfigKeys): string[] {
  if (streamOwner === "app" || operator) return [];
  return [`burnline:streamOwner operator needs the operator: ${set("operator", "true")}`];
}

function snapshots(keys: ConfigKeys): string[] {
  const { s3Bucket, cloud } = keys;
  const others = (["s3Region", "s3Endpoint", "s3SecretName"] as const).filter((key) => keys[key] !== undefined);
  if (cloud === "eks") {
    const all = s3Bucket === undefined ? others : (["s3Bucket", ...others] as const);
    return all.map((key) => `burnline:${key} is not for eks, where a bucket is made: ${rm(key)}`);
  }
  if (s3Bucket === undefined) {
    return others.map((key) => `burnline:${key} means nothing without burnline:s3Bucket: ${rm(key)}`);
  }
  if (keys.s3SecretName !== undefined) return [];
  return [`burnline:s3Bucket needs the Secret with its keys: ${set("s3SecretName", "s3-keys")}`];
}

function routes(keys: ConfigKeys): string[] {
  const { route } = keys;
  const problems: string[] = [];
  if (route !== "none" && keys.routeHost === undefined)
    problems.push(`burnline:route ${route} needs a host: ${set("routeHost", "burnline.example.org")}`);
  if (route === "gateway" && keys.routeGateway === undefined)
    problems.push(`burnline:route gateway needs the Gateway to attach to: ${set("routeGateway", "envoy/public")}`);
  const meaningless: Key[] = [
    ...(route === "none" ? (["routeHost", "routeIngestHost"] as const) : []),
    ...(route === "ingress" ? [] : (["routeClass", "routeTlsSecret", "certificateArn"] as const)),
    ...(route === "gateway" ? [] : (["routeGateway"] as const)),
  ];
  for (const key of meaningless) {
    if (keys[key] !== undefined)
      problems.push(`burnline:${key} means nothing when burnline:route is ${route}: ${rm(key)}`);
  }
  if (keys.gatewayNodePort !== undefined && keys.gatewayNodePort === keys.ingestNodePort)
    problems.push(
      `gateway and ingest cannot share the node port ${keys.gatewayNodePort}: ${set("ingestNodePort", "30082")}`,
    );
  return problems;
}

function production(keys: ConfigKeys): string[] {
  const problems: string[] = [];
  for (const app of APPS) {
    if (keys.imageDigests?.[app] === undefined && (app !== "operator" || keys.operator))
      problems.push(
        `prod runs images by digest only, ${app} has none: pulumi config set --path 'burnline:imageDigests.${app}' sha256:…`,
      );
  }
  if (keys.dependencies === "bundled") {
    for (const key of ["natsImage", "redisImage"] as const) {
      if (!keys[key].includes("@sha256:"))
        problems.push(
          `prod runs images by digest only, burnline:${key} has none: ${set(key, `${keys[key]}@sha256:…`)}`,
        );
    }
  }
  if (keys.dependencies === "charts") problems.push(...productionCharts(keys));
  if (keys.dependencies !== "external" && keys.natsReplicas === 1)
    problems.push(`prod does not survive a node with one NATS server: ${set("natsReplicas", "3")}`);
  if (keys.apiCidrs?.includes("0.0.0.0/0") === true)
    problems.push(`prod does not open its API server to everybody: ${set("apiCidrs", "198.51.100.0/24")}`);
  return problems;
}

/** A version can be published anew under the same name; an archive with a digest is what was looked at. */
function productionCharts(keys: ConfigKeys): string[] {
  if (keys.chartsFolder === undefined)
    return [`prod takes charts from archives with a digest only: ${set("chartsFolder", "dist/charts")}`];
  const needed = neededCharts({
    ...{ hasAutoscaling: keys.autoscaling, hasMonitoring: keys.monitoring ?? true },
    hasManagedRedis: keys.redisService === "managed",
  });
  return needed
    .filter((name) => keys.chartDigests?.[name] === undefined)
    .map(
      (name) =>
        `prod takes charts by digest only, ${name} has none: pulumi config set --path 'burnline:chartDigests["${name}"]' sha256:…`,
    );
}
