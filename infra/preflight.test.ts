import { describe, expect, test } from "vitest";
import { parsePlatformConfig } from "./config.ts";
import { ownerLabels, STACK_LABEL, stackLabel } from "./labels.ts";
import { type ClusterFacts, unmetNeeds } from "./preflight.ts";
import { SECRET_STORE_API } from "./secret-store.ts";
import { GOOD_FACTS, rawConfig } from "./testing.ts";

const OWNER = { stack: stackLabel("organization/burnline/test"), secrets: "0a1b2c3d" };
const OURS = { labels: ownerLabels(OWNER) };

function refusals(keys: Readonly<Record<string, string>>, facts: Partial<ClusterFacts>): string[] {
  return unmetNeeds(parsePlatformConfig(rawConfig(keys)), { ...GOOD_FACTS, ...facts }, OWNER);
}

const STORED = {
  ...{ masterSecret: "", dependencies: "external", secretStore: "vault", externalNatsUrl: "tls://nats.example:4222" },
  ...{ externalCidrs: "10.20.0.0/16", externalRedisPorts: "6379" },
};

const CASES: readonly (readonly [Readonly<Record<string, string>>, Partial<ClusterFacts>, string])[] = [
  [
    {},
    { version: { major: "1", minor: "29+" } },
    "The cluster is Kubernetes 1.29+, Burnline needs 1.30 or newer: upgrade it, or name another one: pulumi config set burnline:context NAME",
  ],
  [
    {},
    { apiVersions: new Set(["apps/v1"]) },
    "The cluster has no KEDA (keda.sh/v1alpha1), which autoscaling needs: install KEDA 2.19 or newer, or do without: pulumi config set burnline:autoscaling false",
  ],
  [
    { monitoring: "true" },
    { apiVersions: new Set(["keda.sh/v1alpha1"]) },
    "The cluster has no prometheus-operator (monitoring.coreos.com/v1), which burnline:monitoring needs: pulumi config set burnline:monitoring false",
  ],
  [
    { route: "gateway", routeHost: "a.example", routeGateway: "envoy/public" },
    { apiVersions: new Set(["keda.sh/v1alpha1"]) },
    "The cluster has no Gateway API (gateway.networking.k8s.io/v1), which burnline:route gateway needs: pulumi config set burnline:route ingress",
  ],
  [
    { route: "ingress", routeHost: "a.example", routeClass: "alb" },
    {},
    "The cluster has no IngressClass alb, it has traefik: pulumi config set burnline:routeClass traefik",
  ],
  [
    { route: "ingress", routeHost: "a.example" },
    { ingressClasses: [] },
    "The cluster has no default IngressClass, it has none: pulumi config set burnline:routeClass NAME",
  ],
  [
    {},
    { storageClasses: [{ name: "slow", isDefault: false }] },
    "The cluster has no default StorageClass for NATS and Redis, it has slow: pulumi config set burnline:storageClass slow",
  ],
  [
    { storageClass: "gp3" },
    { storageClasses: [] },
    "The cluster has no StorageClass gp3, it has none: pulumi config set burnline:storageClass NAME",
  ],
  [
    { dependencies: "charts" },
    { apiVersions: new Set(["keda.sh/v1alpha1"]) },
    "The cluster has KEDA (keda.sh/v1alpha1) already, and burnline:dependencies charts would bring a second one: pulumi config set burnline:dependencies bundled",
  ],
  [
    {},
    { namespace: { labels: {} } },
    "The namespace burnline is there already and was not made by this program: pulumi config set burnline:namespace ANOTHER",
  ],
  [
    {},
    { namespace: { labels: { [STACK_LABEL]: "organization.burnline.other" } } },
    "The namespace burnline is there already and belongs to the stack organization.burnline.other: pulumi config set burnline:namespace ANOTHER",
  ],
  [
    {},
    { namespace: { labels: ownerLabels({ ...OWNER, secrets: "ffffffff" }) } },
    "The namespace burnline is there already and belongs to a stack of the same name with another burnline:masterSecret: pulumi config set burnline:namespace ANOTHER; or, if that stack is this one and its secret was replaced, kubectl label namespace burnline burnline.dev/secrets-",
  ],
  [
    { dependencies: "charts" },
    { apiVersions: new Set(["apps/v1"]), otherNamespaces: { monitoring: { labels: {} } } },
    "The namespace monitoring is there already and was not made by this program, which would put Prometheus there: pulumi config set burnline:monitoringNamespace ANOTHER",
  ],
  [
    { dependencies: "charts", kedaNamespace: "scaling" },
    { apiVersions: new Set(["apps/v1"]), otherNamespaces: { keda: { labels: {} }, scaling: { labels: {} } } },
    "The namespace scaling is there already and was not made by this program, which would put KEDA there: pulumi config set burnline:kedaNamespace ANOTHER",
  ],
  [
    { dependencies: "charts" },
    { apiVersions: new Set(["apps/v1"]), otherNamespaces: { "cert-manager": { labels: {} } } },
    "The namespace cert-manager is there already and was not made by this program, which would put cert-manager there: kubectl delete namespace cert-manager, or pulumi config set burnline:dependencies bundled",
  ],
  [
    {},
    { namespace: OURS, quotas: [{ name: "compute", hard: { "requests.cpu": "500m", "limits.memory": "8Gi" } }] },
    "The quota compute of the namespace burnline allows 500m of requests.cpu, and this stack asks for 0.6: raise it, or pulumi config set burnline:namespace ANOTHER",
  ],
  [
    { natsReplicas: "3" },
    {
      namespace: OURS,
      quotas: [{ name: "few", hard: { pods: "8", persistentvolumeclaims: "4", "requests.storage": "13Gi" } }],
    },
    "The quota few of the namespace burnline allows 8 of pods, and this stack asks for 11: raise it, or pulumi config set burnline:namespace ANOTHER",
  ],
  [
    { natsStorageGb: "8" },
    {
      namespace: OURS,
      claims: [
        { name: "data-nats-0", storage: "4Gi" },
        { name: "data-redis-0", storage: "1Gi" },
      ],
    },
    "The volume data-nats-0 has 4Gi, and burnline:natsStorageGb says 8: enlarge it first (docs/operations.md, BurnlineVolumeFull), or pulumi config set burnline:natsStorageGb 4",
  ],
  [
    { gatewayNodePort: "30080", ingestNodePort: "30082" },
    {
      namespace: OURS,
      nodePorts: [
        { port: 30_080, namespace: "sebring", service: "burnline-gateway" },
        { port: 30_082, namespace: "burnline", service: "burnline-ingest" },
      ],
    },
    "burnline:gatewayNodePort 30080 is that of the Service burnline-gateway in the namespace sebring already: pulumi config set burnline:gatewayNodePort ANOTHER",
  ],
  [
    STORED,
    {},
    "The cluster has no External Secrets (external-secrets.io/v1), which burnline:secretStore needs: install External Secrets 0.17 or newer, or do without: pulumi config rm burnline:secretStore",
  ],
  [
    STORED,
    { apiVersions: new Set([...GOOD_FACTS.apiVersions, SECRET_STORE_API]), clusterSecretStores: ["aws", "gcp"] },
    "The cluster has no ClusterSecretStore vault, it has aws, gcp: pulumi config set burnline:secretStore aws; or, if it is of the namespace, pulumi config set burnline:secretStoreKind SecretStore",
  ],
  [
    STORED,
    {
      apiVersions: new Set([...GOOD_FACTS.apiVersions, SECRET_STORE_API]),
      namespace: { labels: ownerLabels({ ...OWNER, secrets: "ffffffff" }) },
    },
    "The namespace burnline is there already and belongs to a stack of the same name with another burnline:secretStore: pulumi config set burnline:namespace ANOTHER; or, if that stack is this one and its secret was replaced, kubectl label namespace burnline burnline.dev/secrets-",
  ],
  [
    { redisStorageGb: "2" },
    {
      namespace: OURS,
      claims: [
        { name: "nats-js-nats-0", storage: "5Gi" },
        { name: "data-redis-0", storage: "1Gi" },
      ],
    },
    "The volume data-redis-0 has 1Gi, and burnline:redisStorageGb says 2: enlarge it first (docs/operations.md, BurnlineVolumeFull), or pulumi config set burnline:redisStorageGb 1",
  ],
];

describe("a cluster that lacks what the platform needs is refused with the key to set", () => {
  test.each(CASES)("%j on %j", (keys, facts, message) => {
    expect(refusals(keys, facts)).toEqual([message]);
  });
});

test("a cluster that has everything is taken, and so is our own namespace of an earlier run", () => {
  expect(refusals({}, {})).toEqual([]);
  expect(refusals({}, { namespace: OURS })).toEqual([]);
  // Of a program that did not say so yet, or of somebody who took the word away because the secret is a new one.
  expect(refusals({}, { namespace: { labels: { [STACK_LABEL]: OWNER.stack } } })).toEqual([]);
  expect(refusals({ autoscaling: "false" }, { apiVersions: new Set() })).toEqual([]);
});

test("charts bring KEDA and Prometheus along", () => {
  expect(refusals({ dependencies: "charts" }, { apiVersions: new Set() })).toEqual([]);
  // Of an earlier run.
  const otherNamespaces = { keda: OURS, "cert-manager": OURS, monitoring: OURS };
  expect(refusals({ dependencies: "charts" }, { namespace: OURS, otherNamespaces })).toEqual([]);
});

test("servers outside of the cluster need no StorageClass", () => {
  const keys = { dependencies: "external", externalNatsUrl: "nats://n.example", networkPolicy: "false" };
  expect(refusals({ ...keys, externalRedisUrl: "redis://r.example" }, { storageClasses: [] })).toEqual([]);
});

test("a store that is there is taken, one that we may not see is believed, and one of the namespace may come later", () => {
  const apiVersions = new Set([...GOOD_FACTS.apiVersions, SECRET_STORE_API]);
  expect(refusals(STORED, { apiVersions, clusterSecretStores: ["vault"] })).toEqual([]);
  expect(refusals(STORED, { apiVersions })).toEqual([]);
  const own = { ...STORED, secretStoreKind: "SecretStore" };
  expect(refusals(own, { apiVersions, clusterSecretStores: [] })).toEqual([]);
});
