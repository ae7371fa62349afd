import { describe, expect, test } from "vitest";
import { ConfigError, parsePlatformConfig } from "./config.ts";
import { configSchema } from "./config-keys.ts";
import { metaOf } from "./config-values.ts";
import { rawConfig } from "./testing.ts";

type Keys = Readonly<Record<string, string>>;

function refusalOf(keys: Keys): string {
  try {
    parsePlatformConfig(rawConfig(keys));
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
}

const SHA = `sha256:${"0".repeat(64)}`;
const DIGESTS = JSON.stringify(
  Object.fromEntries(["ingest", "processor", "inference", "gateway", "operator"].map((app) => [app, SHA])),
);
const IMAGES = { natsImage: `nats@${SHA}`, redisImage: `redis@${SHA}` };
const PROD = { environment: "prod", context: "race", imageDigests: DIGESTS, ...IMAGES };
const CHART_DIGESTS = JSON.stringify(
  Object.fromEntries(["nats", "keda", "cert-manager", "kube-prometheus-stack"].map((name) => [name, SHA])),
);
const EXTERNAL = {
  ...{ dependencies: "external", externalNatsUrl: "tls://nats.example:4222" },
  ...{ externalRedisUrl: "rediss://u:p@redis.example:6379/0", externalCidrs: "10.20.0.0/16" },
};
const EKS = {
  ...{ cloud: "eks", region: "us-east-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops" },
  ...{ apiCidrs: "198.51.100.0/24" },
};

/** Each wrong configuration and the whole of what is said about it. */
const REFUSALS: readonly (readonly [Keys, string])[] = [
  [
    { masterSecret: "" },
    'burnline:masterSecret is missing, from which all passwords and keys are made: pulumi config set --secret burnline:masterSecret "$(openssl rand -base64 32)"',
  ],
  [
    { masterSecret: "short" },
    'burnline:masterSecret cannot be what it is, it takes at least 32 random characters: pulumi config set --secret burnline:masterSecret "$(openssl rand -base64 32)"',
  ],
  [
    { cloud: "azure" },
    'burnline:cloud cannot be "azure", it takes existing, eks, gke or aks: pulumi config set burnline:cloud existing',
  ],
  [
    { natsReplicas: "2" },
    'burnline:natsReplicas cannot be "2", it takes 1 or 3: pulumi config set burnline:natsReplicas 3',
  ],
  [
    { natsStorageGb: "1.5" },
    'burnline:natsStorageGb cannot be "1.5", it takes a whole number from 1 to 10000: pulumi config set burnline:natsStorageGb 20',
  ],
  [
    { operator: "yes" },
    'burnline:operator cannot be "yes", it takes true or false: pulumi config set burnline:operator true',
  ],
  [
    { imageTag: "latest" },
    'burnline:imageTag cannot be "latest", it takes a tag other than latest: pulumi config set burnline:imageTag 0.1.0',
  ],
  [
    { imageDigests: '{"ingest": "latest"}' },
    'burnline:imageDigests cannot be "{\\"ingest\\": \\"latest\\"}", it takes a digest (sha256:…) by app, as JSON: pulumi config set burnline:imageDigests \'{"ingest": "sha256:…", …}\'',
  ],
  [
    { nameSpace: "x" },
    "burnline:nameSpace is not known (is burnline:namespace meant?): pulumi config rm burnline:nameSpace",
  ],
  [{ replicas: "3" }, "burnline:replicas is not known: pulumi config rm burnline:replicas"],
  [
    { region: "us-east-1" },
    "burnline:region is for a cluster that is made here, but burnline:cloud is existing: pulumi config rm burnline:region",
  ],
  [
    { ...PROD, context: "" },
    'burnline:context cannot be "", it takes the name of a context of your kubeconfig: pulumi config set burnline:context kind-burnline',
  ],
  [
    { environment: "prod", imageDigests: DIGESTS, ...IMAGES },
    "prod on an existing cluster has to name it: pulumi config set burnline:context NAME",
  ],
  [
    { ...PROD, imageDigests: JSON.stringify({ ingest: SHA, processor: SHA, inference: SHA, operator: SHA }) },
    "prod runs images by digest only, gateway has none: pulumi config set --path 'burnline:imageDigests.gateway' sha256:…",
  ],
  [
    { ...PROD, natsImage: "nats:2" },
    "prod runs images by digest only, burnline:natsImage has none: pulumi config set burnline:natsImage nats:2@sha256:…",
  ],
  [
    { ...PROD, natsReplicas: "1" },
    "prod does not survive a node with one NATS server: pulumi config set burnline:natsReplicas 3",
  ],
  [
    { streamGb: "8" },
    "burnline:streamGb 8 is for telemetry and for facts each, so a NATS server needs 19 GB, not 4: pulumi config set burnline:natsStorageGb 19",
  ],
  [
    { ...EXTERNAL, externalNatsUrl: "nats.example" },
    'burnline:externalNatsUrl cannot be "nats.example", it takes addresses of NATS, with commas between them: pulumi config set burnline:externalNatsUrl tls://nats.example:4222',
  ],
  [
    { dependencies: "external", networkPolicy: "false" },
    [
      "burnline:dependencies external needs burnline:externalNatsUrl: pulumi config set burnline:externalNatsUrl tls://nats.example:4222",
      "burnline:dependencies external needs burnline:externalRedisUrl: pulumi config set --secret burnline:externalRedisUrl rediss://user:password@redis.example:6379/0",
    ].join("\n"),
  ],
  [
    { ...EXTERNAL, externalCidrs: "" },
    'burnline:externalCidrs cannot be "", it takes address blocks with commas between them: pulumi config set burnline:externalCidrs 10.20.0.0/16',
  ],
  [
    { ...EXTERNAL, externalNatsUrl: "nats://a.example:4222,nats://b.example:4223,nats://c.example" },
    "burnline:externalNatsUrl has the ports 4222 and 4223, and network policies let one out: let all servers have the same, or pulumi config set burnline:networkPolicy false",
  ],
  [
    { ...EXTERNAL, externalRedisPorts: "6379,70000" },
    'burnline:externalRedisPorts cannot be "6379,70000", it takes ports with commas between them: pulumi config set burnline:externalRedisPorts 26379,6379',
  ],
  [
    { externalRedisPorts: "6379" },
    "burnline:externalRedisPorts means nothing when burnline:dependencies is bundled: pulumi config rm burnline:externalRedisPorts",
  ],
  [
    { preWarm: "{}", autoscaling: "false" },
    "burnline:preWarm means nothing when burnline:autoscaling is false: pulumi config rm burnline:preWarm",
  ],
  [
    { preWarm: '{"processor": [{"timezone": "Etc/UTC", "start": "0 9 * * 0", "end": "0 9 * * 0", "replicas": 3}]}' },
    'burnline:preWarm of processor starts and ends at "0 9 * * 0": give it an end of its own',
  ],
  [
    { preWarm: '{"ingest": [{"timezone": "Etc/UTC", "start": "0 9 * * 0", "end": "0 19 * * 0", "replicas": 2}]}' },
    "burnline:preWarm asks for 2 of ingest, of which there are 1 at most: lower it, or pulumi config set burnline:size race",
  ],
  [
    { imagesFrom: "localhost/burnline/" },
    [
      "burnline:imagesFrom keeps out docker.io/library/nats:2-alpine, which this stack runs: pulumi config set burnline:imagesFrom localhost/burnline/,docker.io/library/",
      "burnline:imagesFrom keeps out docker.io/library/redis:7-alpine, which this stack runs: pulumi config set burnline:imagesFrom localhost/burnline/,docker.io/library/",
    ].join("\n"),
  ],
  [
    { externalRedisUrl: "redis://redis.example:6379/0" },
    "burnline:externalRedisUrl means nothing when burnline:dependencies is bundled: pulumi config rm burnline:externalRedisUrl",
  ],
  [
    { ...EXTERNAL, natsStorageGb: "20" },
    "burnline:natsStorageGb means nothing when burnline:dependencies is external: pulumi config rm burnline:natsStorageGb",
  ],
  [
    { s3Bucket: "snapshots" },
    "burnline:s3Bucket needs the Secret with its keys: pulumi config set burnline:s3SecretName s3-keys",
  ],
  [
    { s3Endpoint: "https://s3.example:9000" },
    "burnline:s3Endpoint means nothing without burnline:s3Bucket: pulumi config rm burnline:s3Endpoint",
  ],
  [
    { route: "ingress" },
    "burnline:route ingress needs a host: pulumi config set burnline:routeHost burnline.example.org",
  ],
  [
    { route: "gateway", routeHost: "a.example" },
    "burnline:route gateway needs the Gateway to attach to: pulumi config set burnline:routeGateway envoy/public",
  ],
  [
    { routeHost: "a.example" },
    "burnline:routeHost means nothing when burnline:route is none: pulumi config rm burnline:routeHost",
  ],
  [
    { gatewayNodePort: "30080", ingestNodePort: "30080" },
    "gateway and ingest cannot share the node port 30080: pulumi config set burnline:ingestNodePort 30082",
  ],
  [
    { streamOwner: "operator", operator: "false" },
    "burnline:streamOwner operator needs the operator: pulumi config set burnline:operator true",
  ],
  [
    { cloud: "eks" },
    [
      "burnline:cloud eks needs burnline:region: pulumi config set burnline:region us-east-1",
      "burnline:cloud eks needs burnline:adminRoleArns: pulumi config set burnline:adminRoleArns arn:aws:iam::111122223333:role/ops",
      "burnline:cloud eks needs burnline:apiCidrs: pulumi config set burnline:apiCidrs 198.51.100.0/24",
    ].join("\n"),
  ],
  [
    { ...EKS, context: "other" },
    "burnline:context means nothing when burnline:cloud is eks: pulumi config rm burnline:context",
  ],
  [
    { ...EKS, nodes: "managed", nodesMin: "5", nodesMax: "4" },
    "burnline:nodesMin is 5 and nodesMax 4: pulumi config set burnline:nodesMax 5",
  ],
  [
    { ...EKS, nodeType: "m7i.large" },
    "burnline:nodeType is for node groups, and Auto Mode chooses by itself: pulumi config set burnline:nodes managed",
  ],
  [
    { ...EKS, nodes: "managed", route: "ingress", routeHost: "a.example" },
    "with node groups the ingress controller is your own, so it has to be named: pulumi config set burnline:routeClass traefik",
  ],
  [
    { ...EKS, networkCidr: "10.40.0.0/24" },
    "burnline:networkCidr 10.40.0.0/24 is too small for machines, pods and services: pulumi config set burnline:networkCidr 10.40.0.0/16",
  ],
  [
    { ...EKS, budgetUsd: "500" },
    "burnline:budgetUsd alarms nobody without an address: pulumi config set burnline:budgetEmail ops@example.org",
  ],
  [
    { ...EKS, budgetEmail: "ops@example.org" },
    "burnline:budgetEmail hears of nothing without a budget: pulumi config set burnline:budgetUsd 500",
  ],
  [
    { chartsFolder: "dist/charts" },
    "burnline:chartsFolder means nothing when burnline:dependencies is bundled: pulumi config rm burnline:chartsFolder",
  ],
  [
    { dependencies: "charts", chartDigests: JSON.stringify({ nats: SHA }) },
    "burnline:chartDigests are of archives in a folder: pulumi config set burnline:chartsFolder dist/charts",
  ],
  [
    { ...PROD, dependencies: "charts" },
    "prod takes charts from archives with a digest only: pulumi config set burnline:chartsFolder dist/charts",
  ],
  [
    { ...PROD, dependencies: "charts", chartsFolder: "a", chartDigests: CHART_DIGESTS },
    "prod takes charts by digest only, valkey has none: pulumi config set --path 'burnline:chartDigests[\"valkey\"]' sha256:…",
  ],
  [
    { ...EKS, redisService: "managed" },
    "burnline:redisService managed takes the place of the Valkey chart, but burnline:dependencies is bundled: pulumi config set burnline:dependencies charts",
  ],
  [
    { ...EKS, gcpProject: "burnline-prod" },
    "burnline:gcpProject means nothing when burnline:cloud is eks: pulumi config rm burnline:gcpProject",
  ],
  [
    { ...EKS, s3Bucket: "mine" },
    "burnline:s3Bucket is not for eks, where a bucket is made: pulumi config rm burnline:s3Bucket",
  ],
  [
    { ...PROD, ...EKS, context: "x", apiCidrs: "0.0.0.0/0" },
    [
      "burnline:context means nothing when burnline:cloud is eks: pulumi config rm burnline:context",
      "prod does not open its API server to everybody: pulumi config set burnline:apiCidrs 198.51.100.0/24",
    ].join("\n"),
  ],
];

describe("a configuration that cannot be is refused in full sentences", () => {
  test.each(REFUSALS)("%j", (keys, message) => {
    expect(refusalOf(keys)).toBe(message);
  });
});

test("what can be is accepted", () => {
  for (const keys of [{}, PROD, EXTERNAL, EKS, { dependencies: "charts" }] satisfies Keys[])
    expect(refusalOf(keys)).toBe("accepted");
});

test("a secret that is stored in the clear is refused, and not shown", () => {
  const raw = { values: { "burnline:masterSecret": "x".repeat(32) }, secretKeys: new Set<string>() };
  expect(() => parsePlatformConfig(raw)).toThrow(
    'burnline:masterSecret is a secret and is stored in the clear; replace it by another one: pulumi config set --secret burnline:masterSecret "$(openssl rand -base64 32)"',
  );
});

test("a wrong secret is not shown", () => {
  expect(refusalOf({ ...EXTERNAL, externalRedisUrl: "http://u:hunter2@redis" })).not.toContain("hunter2");
  expect(refusalOf({ ...EXTERNAL, externalNatsSeeds: '{"ingest": "hunter2"}' })).not.toContain("hunter2");
});

test("every key says what it takes, and another project's keys are none of ours", () => {
  for (const schema of Object.values(configSchema.shape)) expect(metaOf(schema).allowed).not.toBe("");
  const raw = rawConfig({});
  const values = { ...raw.values, "pulumi:disable-default-providers": '["kubernetes"]', "aws:region": "us-east-1" };
  expect(parsePlatformConfig({ ...raw, values }).cluster).toEqual({ type: "existing" });
});

test("lists may be written with commas or as JSON", () => {
  const origins = ["https://a.example", "https://b.example"];
  expect(parsePlatformConfig(rawConfig({ allowedOrigins: origins.join(", ") })).allowedOrigins).toEqual(origins);
  expect(parsePlatformConfig(rawConfig({ allowedOrigins: JSON.stringify(origins) })).allowedOrigins).toEqual(origins);
});
