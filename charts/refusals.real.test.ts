import { expect, test } from "vitest";
import { type RenderOptions, RenderRefusal, renderChart } from "./src/testing/helm-render.ts";

type Refusal = [values: unknown, sentence: string, options?: RenderOptions];

const KEDA_MISSING =
  "autoscaling.enabled is on, but the cluster has no KEDA (keda.sh/v1alpha1): install KEDA 2.19 or newer, or turn autoscaling.enabled off.";
const GATEWAY_MISSING =
  "route.type is gateway, but the cluster has no Gateway API (gateway.networking.k8s.io/v1): install its CRDs and a controller, or set route.type to ingress or none.";
const PROMETHEUS_MISSING =
  "monitoring.serviceMonitor or monitoring.prometheusRule is on, but the cluster has no prometheus-operator (monitoring.coreos.com/v1): install it, or turn both off.";
const SECRETS_MISSING =
  "externalSecrets.enabled is on, but the cluster has no External Secrets (external-secrets.io/v1): install it, or turn externalSecrets.enabled off.";
const TOO_OLD = "chart requires kubeVersion: >=1.30.0-0 which is incompatible with Kubernetes v1.29.0";
const BARE: RenderOptions = { apis: [] };

const preWarm = (fields: object) => [
  { timezone: "Etc/UTC", start: "0 9 * * *", end: "0 18 * * *", replicas: 3, ...fields },
];

/** What does not fit the cluster, or not together. */
const CONTRADICTIONS: readonly Refusal[] = [
  [{}, TOO_OLD, { kubeVersion: "1.29.0" }],
  [{ autoscaling: { enabled: true } }, KEDA_MISSING, BARE],
  [{ route: { type: "gateway", host: "a.example", gatewayRef: { name: "g" } } }, GATEWAY_MISSING, BARE],
  [{ monitoring: { serviceMonitor: { enabled: true } } }, PROMETHEUS_MISSING, BARE],
  [{ monitoring: { prometheusRule: { enabled: true } } }, PROMETHEUS_MISSING, BARE],
  [{ externalSecrets: { enabled: true, storeRef: { name: "s" } } }, SECRETS_MISSING, BARE],
  [
    { image: { requireDigest: true, digests: { ingest: `sha256:${"a".repeat(64)}` } } },
    "image.requireDigest is on, but processor has no digest: set image.digests.processor to sha256:…, or turn image.requireDigest off.",
  ],
  [
    { image: { registry: "registry.example.org" }, imagePolicy: { prefixes: ["docker.io/library/"] } },
    "imagePolicy.prefixes keeps out registry.example.org/burnline/ingest:0.1.0, which this release runs: add where it comes from.",
  ],
  [
    { gateway: { autoscaling: { min: 5, max: 4 } } },
    "gateway.autoscaling.min is 5, above its max of 4: lower min or raise max.",
  ],
  [
    { processor: { autoscaling: { preWarm: preWarm({ replicas: 9 }) } } },
    "processor.autoscaling.preWarm asks for 9 replicas, above the max of 8: lower it or raise processor.autoscaling.max.",
  ],
  [
    { ingest: { autoscaling: { preWarm: preWarm({ end: "0 9 * * *" }) } } },
    'ingest.autoscaling.preWarm starts and ends at "0 9 * * *": give it an end of its own.',
  ],
  [
    { gateway: { resources: { memory: "100Mi" } } },
    "gateway gets a heap of only 36 MiB, and needs 64: raise gateway.resources.memory or gateway.heapPercent.",
  ],
  [
    { gateway: { service: { nodePort: 30080 } } },
    "gateway.service.nodePort is set, but its type is ClusterIP: set gateway.service.type to NodePort, or take the port away.",
  ],
  [
    { inference: { env: { BURNLINE_RACE: "other" } } },
    "inference.env sets BURNLINE_RACE, which the chart sets itself: use the value made for it.",
  ],
  [
    { ingest: { source: "sim" } },
    "ingest.source is sim, which makes one race of its own: set ingest.replicas to 1, it is 2.",
  ],
  [
    { ingest: { source: "nats:race.daytona" } },
    "ingest.source is nats:race.daytona, a subject of Burnline's own: take another, nats:feed.daytona for one.",
  ],
  [
    { ingest: { tokenSecretName: "" } },
    "ingest.source is push, but nobody in the cluster may push without a token: set ingest.tokenSecretName to a Secret with the key token.",
  ],
  [
    { nats: { tls: { enabled: true } } },
    "nats.tls is on without a certificate authority: set nats.tls.secretName to a Secret with the key ca.crt.",
  ],
  [
    { redis: { tls: { enabled: true } } },
    "redis.tls is on without a certificate authority: set redis.tls.secretName to a Secret with the key ca.crt.",
  ],
  [
    { s3: { secretName: "s3" } },
    "s3 is set up without a bucket: set s3.bucket, or take s3.endpoint and s3.secretName away.",
  ],
  [
    { streamOwner: "operator", operator: { enabled: false } },
    "streamOwner is operator, but there is none: set operator.enabled, or streamOwner to app.",
  ],
  [{ route: { type: "ingress" } }, "route.type is ingress without a host: set route.host to the dashboard's name."],
  [
    { route: { type: "ingress", host: "a.example", ingestHost: "a.example" } },
    "route.ingestHost is the same as route.host: give ingest a name of its own.",
  ],
  [
    { route: { type: "gateway", host: "a.example" } },
    "route.type is gateway without a Gateway: set route.gatewayRef.name.",
  ],
  [{ externalSecrets: { enabled: true } }, "externalSecrets is on without a store: set externalSecrets.storeRef.name."],
  [
    { priorityClass: { create: true } },
    "priorityClass.create is on without a name: set priorityClass.name, race-critical for one.",
  ],
  [
    { networkPolicy: { guardServers: true, redis: { peers: [{ ipBlock: { cidr: "10.1.0.0/24" } }] } } },
    "networkPolicy.guardServers is on, but networkPolicy.redis.peers does not begin with pods of this namespace: turn it off for servers elsewhere.",
  ],
  [
    { nats: { url: "nats://a,nats://b:4223" } },
    "nats.url uses port 4223, but the network policies let port 4222 out: set networkPolicy.nats.port.",
  ],
  [
    { s3: { bucket: "races", endpoint: "http://minio:9000" } },
    "s3.endpoint uses port 9000, but the network policies do not let it out: add it to networkPolicy.s3.ports.",
  ],
  [
    { tracing: { endpoint: "https://otlp.example" } },
    "tracing.endpoint uses port 443, but the network policies let port 4318 out: set networkPolicy.tracing.port.",
  ],
];

test.each(CONTRADICTIONS)("%j is refused: %s", (...[values, sentence, options]: Refusal) => {
  expect(refusal(values, options)).toBe(sentence);
});

/** What cannot be a value. */
const NONSENSE: readonly Refusal[] = [
  [{ nats: { replicas: 2 } }, "- at '/nats/replicas': value must be one of 1, 3, 5"],
  [{ nats: { url: "http://nats:4222" } }, "- at '/nats/url': 'http://nats:4222' does not match pattern"],
  [{ race: { id: "a.b" } }, "- at '/race/id': 'a.b' does not match pattern"],
  [{ race: { id: "-a" } }, "- at '/race/id': '-a' does not match pattern"],
  [{ race: { id: "x".repeat(64) } }, "- at '/race/id': "],
  [{ processor: { autoscaling: { max: 65 } } }, "- at '/processor/autoscaling/max': maximum: got 65, want 64"],
  [{ processor: { autoscaling: { min: 1 } } }, "- at '/processor/autoscaling/min': minimum: got 1, want 2"],
  [{ processor: { replicas: 0 } }, "- at '/processor/replicas': minimum: got 0, want 1"],
  [{ processor: { resources: { memory: "1G" } } }, "- at '/processor/resources/memory': '1G' does not match pattern"],
  [{ procesor: {} }, "- at '': additional properties 'procesor' not allowed"],
  [{ ingest: { source: "kafka" } }, "- at '/ingest/source': 'kafka' does not match pattern"],
  [{ ingest: { sim: { cars: 41 } } }, "- at '/ingest/sim/cars': maximum: got 41, want 40"],
  // Without the stroke registry.example.org.evil.example would be let in.
  [{ imagePolicy: { prefixes: ["registry.example.org"] } }, "- at '/imagePolicy/prefixes/0': "],
  [{ image: { tag: "latest" } }, "- at '/image/tag': 'not' failed"],
  [{ image: { digests: { gateway: "sha256:1" } } }, "- at '/image/digests/gateway': 'sha256:1' does not match pattern"],
  [{ image: { digests: { dashboard: "" } } }, "- at '/image/digests': additional properties 'dashboard' not allowed"],
  [{ gateway: { drain: { preStopSeconds: 0 } } }, "- at '/gateway/drain/preStopSeconds': minimum: got 0, want 1"],
  [{ gateway: { drain: { stopSeconds: 19 } } }, "- at '/gateway/drain/stopSeconds': minimum: got 19, want 20"],
  [
    { gateway: { allowedOrigins: ["a.example"] } },
    "- at '/gateway/allowedOrigins/0': 'a.example' does not match pattern",
  ],
  [{ gateway: { env: { PATH: "/" } } }, "- at '/gateway/env': additional properties 'PATH' not allowed"],
  [{ networkPolicy: { nats: { peers: [] } } }, "- at '/networkPolicy/nats/peers': minItems: got 0, want 1"],
  [
    { autoscaling: { scaleInQuietSeconds: 3601 } },
    "- at '/autoscaling/scaleInQuietSeconds': maximum: got 3,601, want 3,600",
  ],
  [{ route: { type: "nginx" } }, "- at '/route/type': value must be one of 'none', 'ingress', 'gateway'"],
  [{ tracing: { sampleRatio: 2 } }, "- at '/tracing/sampleRatio': maximum: got 2, want 1"],
];

test.each(NONSENSE)("%j is refused: %s", (...[values, words]: Refusal) => {
  expect(refusal(values)).toContain(words);
});

test("a program that brings the CRDs itself turns the check of the cluster off", () => {
  const values = { apiCheck: false, autoscaling: { enabled: true } };
  const kinds = renderChart(values, { apis: [] }).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "ScaledObject")).toHaveLength(4);
});

function refusal(values: unknown, options?: RenderOptions): string {
  try {
    renderChart(values, options);
  } catch (error) {
    if (error instanceof RenderRefusal) return error.message;
    throw error;
  }
  throw new Error("It was not refused.");
}
