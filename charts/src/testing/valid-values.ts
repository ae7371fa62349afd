import fc from "fast-check";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const APPS = ["ingest", "processor", "inference", "gateway", "operator"] as const;

const raceIds = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_-]{0,20}[A-Za-z0-9])?$/);
const replicas = fc.integer({ min: 1, max: 20 });
const resources = fc.record({
  cpu: fc.constantFrom("100m", "2", "0.5", "1.5"),
  memory: fc.constantFrom("256Mi", "384Mi", "1Gi", "2Gi"),
});
const drain = fc.record({
  preStopSeconds: fc.integer({ min: 1, max: 60 }),
  stopSeconds: fc.integer({ min: 20, max: 120 }),
  graceSeconds: fc.integer({ min: 1, max: 20 }),
});
/** min <= max, and what is warmed before lies below max. */
const scaling = fc
  .tuple(fc.integer({ min: 2, max: 20 }), fc.integer({ min: 0, max: 40 }), fc.boolean())
  .map(([min, more, isWarmed]) => ({
    ...{ min, max: min + more },
    preWarm: isWarmed ? [{ timezone: "Europe/Berlin", start: "0 13 * * 0", end: "0 19 * * 0", replicas: min }] : [],
  }));
const secret = fc.constantFrom("", "a-secret");
const tls = fc.boolean().map((enabled) => ({ enabled, secretName: enabled ? "tls" : "" }));

const app = fc.record({ replicas, resources, drain, heapPercent: fc.integer({ min: 30, max: 90 }) });
const scaledApp = fc.tuple(app, scaling).map(([base, autoscaling]) => ({ ...base, autoscaling }));
const ingest = fc.tuple(scaledApp, fc.constantFrom("push", "sim", "nats:feed.daytona")).map(([base, source]) => ({
  ...{ ...base, source },
  ...(source === "sim" ? { replicas: 1, sim: { cars: 40, seed: 4_294_967_295 } } : {}),
}));
const operator = app.map((base) => ({ ...base, replicas: 1 + (base.replicas % 3) }));

const route = fc.constantFrom(
  { type: "none" },
  { type: "ingress", host: "burnline.example.org", className: "alb" },
  { type: "ingress", host: "burnline.example.org", ingestHost: "push.example.org", tls: { enabled: false } },
  { type: "gateway", host: "burnline.example.org", ingestHost: "push.example.org", gatewayRef: { name: "public" } },
);
const s3 = fc.constantFrom(
  {},
  { bucket: "races" },
  { bucket: "races", secretName: "s3", endpoint: "https://s3.example.org" },
);

/** Values that the chart must take: everything that its schema allows would be a generator of its own, this is its core. */
export const validValues = fc
  .record({
    ...{ ingest, processor: scaledApp, inference: scaledApp, gateway: scaledApp, operator, route, s3 },
    race: raceIds.map((id) => ({ id })),
    image: fc
      .boolean()
      .map((isPinned) =>
        isPinned
          ? { requireDigest: true, digests: Object.fromEntries(APPS.map((name) => [name, DIGEST])) }
          : { tag: "1.2.3" },
      ),
    streamOwner: fc.constantFrom("app", "operator"),
    nats: fc.record({
      ...{ replicas: fc.constantFrom(1, 3, 5), tls, auth: secret.map((secretName) => ({ secretName })) },
      streamGb: fc.double({ min: 0.1, max: 100_000, noNaN: true }),
      streamDays: fc.integer({ min: 1, max: 365 }),
    }),
    redis: tls.map((found) => ({ tls: found })),
    autoscaling: fc.record({ enabled: fc.boolean(), scaleInQuietSeconds: fc.integer({ min: 0, max: 3600 }) }),
    monitoring: fc.boolean().map((enabled) => ({
      ...{ serviceMonitor: { enabled }, prometheusRule: { enabled }, dashboards: { enabled } },
    })),
    networkPolicy: fc.record({ defaultDeny: fc.constantFrom("release", "namespace"), guardServers: fc.boolean() }),
    tracing: fc
      .constantFrom("", "http://a:4318", "http://a.b.svc:4318", "http://a.example:4318")
      .map((endpoint) => ({ endpoint })),
    priorityClass: fc.boolean().map((create) => (create ? { create, name: "race-critical" } : {})),
    externalSecrets: fc.boolean().map((enabled) => ({ enabled, storeRef: { name: "vault" } })),
  })
  .chain((values) =>
    // Without an operator the apps own the streams.
    fc.boolean().map((enabled) => ({
      ...values,
      operator: { ...values.operator, enabled: enabled || values.streamOwner === "operator" },
    })),
  );
