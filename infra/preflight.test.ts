import { describe, expect, test } from "vitest";
import { parsePlatformConfig } from "./config.ts";
import { STACK_LABEL, stackLabel } from "./labels.ts";
import { type ClusterFacts, unmetNeeds } from "./preflight.ts";
import { GOOD_FACTS, rawConfig } from "./testing.ts";

const STACK = stackLabel("organization/burnline/test");

function refusals(keys: Readonly<Record<string, string>>, facts: Partial<ClusterFacts>): string[] {
  return unmetNeeds(parsePlatformConfig(rawConfig(keys)), { ...GOOD_FACTS, ...facts }, STACK);
}

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
];

describe("a cluster that lacks what the platform needs is refused with the key to set", () => {
  test.each(CASES)("%j on %j", (keys, facts, message) => {
    expect(refusals(keys, facts)).toEqual([message]);
  });
});

test("a cluster that has everything is taken, and so is our own namespace of an earlier run", () => {
  expect(refusals({}, {})).toEqual([]);
  expect(refusals({}, { namespace: { labels: { [STACK_LABEL]: STACK } } })).toEqual([]);
  expect(refusals({ autoscaling: "false" }, { apiVersions: new Set() })).toEqual([]);
});

test("charts bring KEDA and Prometheus along", () => {
  expect(refusals({ dependencies: "charts" }, { apiVersions: new Set() })).toEqual([]);
  // Of an earlier run.
  const ours = { labels: { [STACK_LABEL]: STACK } };
  expect(refusals({ dependencies: "charts" }, { namespace: ours })).toEqual([]);
});

test("servers outside of the cluster need no StorageClass", () => {
  const keys = { dependencies: "external", externalNatsUrl: "nats://n.example", networkPolicy: "false" };
  expect(refusals({ ...keys, externalRedisUrl: "redis://r.example" }, { storageClasses: [] })).toEqual([]);
});
