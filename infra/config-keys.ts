import { z } from "zod";
import { APPS, SCALED_APPS } from "./app-names.ts";
import { CIDR, choice, DNS_NAME, decimal, flag, json, list, ports, secretText, text, whole } from "./config-values.ts";
import { CHART_NAMES } from "./platform/chart-pins.ts";

const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** As the chart's values.schema.json: a race is a label's value as well. */
const RACE = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/;
const HOST = /^(\*\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/;
const SOURCE = /^(sim|push|nats:[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)$/;
const NATS_URL = /^(nats|tls|wss?):\/\/[^ ,/@]+(,(nats|tls|wss?):\/\/[^ ,/@]+)*$/;
const REDIS_URL = /^rediss?(\+(sentinel|cluster))?:\/\/[^ ]+$/;
const HTTP_URL = /^https?:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/.*)?$/;
const PEM = /^-----BEGIN CERTIFICATE-----/;
const SEED = /^SU[A-Z2-7]{56}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const SECRET_NAME = "the name of a Secret";

const seeds = z.strictObject({
  ...{ ingest: z.string().regex(SEED), processor: z.string().regex(SEED), inference: z.string().regex(SEED) },
  ...{ gateway: z.string().regex(SEED), operator: z.string().regex(SEED) },
});

/** What every platform has. A key's default stands here; what keys mean together is config-rules.ts. */
const platformKeys = {
  environment: choice(["dev", "prod"]).default("dev"),
  cloud: choice(["existing", "eks", "gke", "aks"]).default("existing"),
  dependencies: choice(["bundled", "charts", "external"]).default("bundled"),
  namespace: text(NAMESPACE, "lower-case letters, digits and -, at most 63", "burnline").default("burnline"),
  race: text(RACE, "letters, digits, - and _, at most 63", "daytona-500").default("race"),
  // HKDF makes no entropy: 32 characters of base64 are 192 bits.
  masterSecret: secretText(/^.{32,}$/, "at least 32 random characters", '"$(openssl rand -base64 32)"').optional(),
  size: choice(["small", "race"]).optional(),
  protect: flag().optional(),
  kubeconfig: secretText(/\S/, "the text of a kubeconfig", "< kubeconfig.yaml").optional(),
  context: text(/\S/, "the name of a context of your kubeconfig", "kind-burnline").optional(),
  storageClass: text(DNS_NAME, "the name of a StorageClass", "gp3").optional(),
};

const imageKeys = {
  imageRegistry: text(/^[^/@\s]+$/, "a host of images, without a path", "ghcr.io").default("localhost"),
  imageRepository: text(/^[a-z0-9]+([._/-][a-z0-9]+)*$/, "a path of images", "burnline").default("burnline"),
  imageTag: text(/^(?!latest$)\w[\w.-]{0,127}$/, "a tag other than latest", "0.1.0").optional(),
  imageDigests: json(z.partialRecord(z.enum(APPS), z.string().regex(DIGEST)), {
    allowed: "a digest (sha256:…) by app, as JSON",
    example: '\'{"ingest": "sha256:…", …}\'',
  }).optional(),
  imagePullPolicy: choice(["IfNotPresent", "Always", "Never"]).default("IfNotPresent"),
  imageRegistryCheck: flag().default(true),
  imagesFrom: list(
    /^[a-z0-9][a-zA-Z0-9./:_-]*\/$/,
    "places of images, each with a / at its end, with commas between them",
    "ghcr.io/burnline/,docker.io/library/",
  ).optional(),
  imagePullSecrets: list(DNS_NAME, "names of Secrets, with commas between them", "regcred").optional(),
};

/** As the chart's values.schema.json: the five fields of cron. */
const CRON = /^\S+( \S+){4}$/;
const warmTimes = z
  .array(
    z.strictObject({
      timezone: z.string().regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/),
      ...{ start: z.string().regex(CRON), end: z.string().regex(CRON), replicas: z.number().int().min(1).max(100) },
    }),
  )
  .max(50);

const appKeys = {
  source: text(SOURCE, "sim, push or nats:SUBJECT", "push").default("sim"),
  allowedOrigins: list(
    /^https?:\/\/[^/, ]+$/,
    "origins with commas between them",
    "https://graphics.example",
  ).optional(),
  trustedProxies: list(CIDR, "address blocks with commas between them", "10.0.0.0/8").optional(),
  viewers: choice(["open", "token"]).default("open"),
  operator: flag().default(true),
  streamOwner: choice(["app", "operator"]).default("app"),
  autoscaling: flag().default(true),
  preWarm: json(z.partialRecord(z.enum(SCALED_APPS), warmTimes), {
    allowed: "times by app, as JSON",
    example:
      '\'{"processor": [{"timezone": "Europe/Berlin", "start": "0 13 * * 0", "end": "0 19 * * 0", "replicas": 4}]}\'',
  }).optional(),
  zoneSpread: choice(["prefer", "require"]).optional(),
  networkPolicy: flag().default(true),
  monitoring: flag().optional(),
  kedaNamespace: text(NAMESPACE, "the namespace of KEDA", "keda").default("keda"),
  monitoringNamespace: text(NAMESPACE, "the namespace of Prometheus", "monitoring").default("monitoring"),
  gatewayNodePort: whole(30_000, 32_767, 30_080).optional(),
  ingestNodePort: whole(30_000, 32_767, 30_082).optional(),
  tracingEndpoint: text(HTTP_URL, "an address of OTLP over HTTP", "http://collector.monitoring.svc:4318").optional(),
  tracingPercent: decimal(0, 100, 1).default(1),
  route: choice(["none", "ingress", "gateway"]).default("none"),
  routeHost: text(HOST, "the name of a host", "burnline.example.org").optional(),
  routeIngestHost: text(HOST, "the name of a host", "ingest.burnline.example.org").optional(),
  routeClass: text(DNS_NAME, "the name of an IngressClass", "traefik").optional(),
  routeTlsSecret: text(DNS_NAME, `${SECRET_NAME} of type tls`, "burnline-tls").optional(),
  routeGateway: text(/^[a-z0-9-]+\/[a-z0-9-]+$/, "namespace/name of a Gateway", "envoy/public").optional(),
};

const serverKeys = {
  natsReplicas: z.enum(["1", "3"]).transform(Number).meta({ allowed: "1 or 3", example: "3" }).optional(),
  natsImage: text(/^[^\s@]+(@sha256:[0-9a-f]{64})?$/, "an image", "docker.io/library/nats:2.14-alpine").default(
    "docker.io/library/nats:2-alpine",
  ),
  natsStorageGb: whole(1, 10_000, 20).optional(),
  natsTlsSecret: text(DNS_NAME, `${SECRET_NAME} with tls.crt, tls.key and ca.crt`, "nats-tls").optional(),
  chartsFolder: text(/^[\w./-]+$/, "a folder of chart archives, seen from the project", "dist/charts").optional(),
  chartDigests: json(z.partialRecord(z.enum(CHART_NAMES), z.string().regex(DIGEST)), {
    allowed: "a digest (sha256:…) by chart, as JSON",
    example: '\'{"nats": "sha256:…", …}\'',
  }).optional(),
  streamGb: decimal(0.1, 5_000, 8).optional(),
  streamDays: decimal(0.01, 365, 2).default(2),
  redisImage: text(/^[^\s@]+(@sha256:[0-9a-f]{64})?$/, "an image", "docker.io/library/redis:7-alpine").default(
    "docker.io/library/redis:7-alpine",
  ),
  redisStorageGb: whole(1, 1_000, 4).optional(),
  redisMemoryMb: whole(64, 65_536, 512).optional(),
  externalNatsUrl: text(NATS_URL, "addresses of NATS, with commas between them", "tls://nats.example:4222").optional(),
  externalNatsSeeds: json(seeds, {
    allowed: "an nkey seed (SU…) for each app, as JSON",
    example: '\'{"ingest": "SU…", …}\'',
    isSecret: true,
  }).optional(),
  externalNatsCa: text(PEM, "a certificate authority in PEM", "< ca.pem").optional(),
  externalNatsAccount: text(/^\S+$/, "the name of a JetStream account", "RACES").optional(),
  externalNatsMonitoringUrl: text(HTTP_URL, "where NATS serves /jsz", "http://nats.example:8222").optional(),
  externalRedisUrl: secretText(
    REDIS_URL,
    "an address of Redis or Valkey",
    "rediss://user:password@redis.example:6379/0",
  ).optional(),
  externalRedisPorts: ports("26379,6379").optional(),
  externalRedisCa: text(PEM, "a certificate authority in PEM", "< ca.pem").optional(),
  externalCidrs: list(CIDR, "address blocks with commas between them", "10.20.0.0/16").optional(),
  secretStore: text(DNS_NAME, "the name of a store of External Secrets", "aws-secrets").optional(),
  secretStoreKind: choice(["ClusterSecretStore", "SecretStore"]).optional(),
  secretStorePrefix: text(/^[\w.-]+(\/[\w.-]+)*$/, "the first part of the store's entries", "burnline").optional(),
  s3Bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "the name of a bucket", "burnline-snapshots").optional(),
  s3Region: text(/^[a-z0-9-]+$/, "a region", "us-east-1").optional(),
  s3Endpoint: text(HTTP_URL, "the address of an S3-compatible server", "https://s3.example:9000").optional(),
  s3SecretName: text(DNS_NAME, `${SECRET_NAME} with accessKey and secretKey`, "s3-keys").optional(),
};

/** Keys that only a cluster of our own making has. */
export const cloudKeys = {
  region: text(/^[a-z0-9-]+$/, "a region of the cloud", "us-east-1").optional(),
  kubernetesVersion: text(/^1\.\d\d$/, "a version of Kubernetes", "1.35").optional(),
  nodes: choice(["auto", "managed"]).optional(),
  nodeType: text(/^[\w.-]+$/, "a type of machine", "m7i.large").optional(),
  nodesMin: whole(1, 100, 3).optional(),
  nodesMax: whole(1, 100, 9).optional(),
  networkCidr: text(CIDR, "an address block", "10.40.0.0/16").optional(),
  apiCidrs: list(CIDR, "address blocks that may reach the API server", "198.51.100.0/24").optional(),
  adminRoleArns: list(
    /^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/,
    "ARNs of IAM roles",
    "arn:aws:iam::111122223333:role/ops",
  ).optional(),
  redisService: choice(["chart", "managed"]).optional(),
  certificateArn: text(/^arn:aws[a-z-]*:acm:\S+$/, "the ARN of a certificate", "arn:aws:acm:…").optional(),
  budgetUsd: whole(1, 1_000_000, 500).optional(),
  budgetEmail: text(/^\S+@\S+\.\S+$/, "an address of mail", "ops@example.org").optional(),
  quotaCheck: flag().optional(),
  gcpProject: text(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "the id of a project", "burnline-prod").optional(),
  adminGroupIds: list(/^[0-9a-f-]{36}$/, "ids of Entra groups", "00000000-0000-0000-0000-000000000000").optional(),
};

export const configSchema = z.object({ ...platformKeys, ...imageKeys, ...appKeys, ...serverKeys, ...cloudKeys });
/** The keys as they were set, each in itself in order. */
export type ConfigKeys = z.output<typeof configSchema>;
