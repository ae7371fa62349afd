import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  NETWORK_RULES,
  POD_DELIVERY_RULES,
  POD_SECURITY_RULES,
  podViolations,
  SET_RULES,
  schemaViolations,
  setViolations,
} from "./src/index.ts";
import { type KubeObject, podSets } from "./src/kube-object.ts";
import { parseQuantity } from "./src/quantity.ts";
import { RENDER_CASES } from "./src/testing/cases.ts";
import { CHART_FOLDER, chartNotes, lintChart, renderChart } from "./src/testing/helm-render.ts";

describe.each(Object.entries(RENDER_CASES))("%s", (_, { values, external, requireDigest = false }) => {
  const objects = renderChart(values);

  test("helm lint finds nothing, not even with --strict", () => {
    expect(lintChart(values)).toContain("0 chart(s) failed");
  });

  test("every object is as its schema says, without a field that it does not know", () => {
    expect(schemaViolations(objects)).toEqual([]);
  });

  test("every pod keeps every rule", () => {
    const rules = [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES];
    expect(podViolations(objects, rules, { requireDigest })).toEqual([]);
  });

  test("the objects fit together", () => {
    expect(setViolations(objects, SET_RULES, { external })).toEqual([]);
  });

  test("all belong to the race and to the release", () => {
    const labels = { "app.kubernetes.io/instance": "burnline", "app.kubernetes.io/part-of": "burnline" };
    for (const { metadata } of objects) expect(metadata.labels).toMatchObject(labels);
    for (const { template } of podSets(objects))
      expect(template.metadata?.labels).toHaveProperty(["burnline.dev/race"]);
  });
});

test("the definition of a Race is one that Kubernetes takes", () => {
  const definition = raceDefinition();
  expect(definition.metadata.name).toBe("races.burnline.dev");
  expect(schemaViolations([definition])).toEqual([]);
});

describe("NATS and Redis beside the apps", () => {
  const guarded = renderChart(RENDER_CASES.production?.values);
  const together = [...guarded, server("nats", [4222, 8222, 6222]), server("redis", [6379])];

  test("guarded, each edge has two ends", () => {
    expect(setViolations(together, NETWORK_RULES)).toEqual([]);
  });

  test("a guard that forgets its users is seen", () => {
    const shut = together.filter(
      ({ kind, metadata }) => kind !== "NetworkPolicy" || metadata.name !== "burnline-redis",
    );
    expect(setViolations(shut, NETWORK_RULES).map(({ object, text }) => `${object} ${text}`)).toEqual([
      "StatefulSet/redis no NetworkPolicy restricts its Ingress",
      "StatefulSet/redis no NetworkPolicy restricts its Egress",
    ]);
  });

  test("only the processor may ask Redis", () => {
    const askers = guarded
      .filter(({ kind }) => kind === "NetworkPolicy")
      .filter(({ spec }) => JSON.stringify((spec as { egress?: unknown }).egress ?? []).includes('"port":6379'))
      .map(({ metadata }) => metadata.name);
    expect(askers).toEqual(["burnline-processor"]);
  });
});

test("traces are sent by the apps that frames pass through, and only they are let out to the collector", () => {
  const traced = renderChart(RENDER_CASES.everything?.values);
  const senders = podSets(traced).filter(({ template }) =>
    JSON.stringify(template).includes("BURNLINE_TRACING_ENDPOINT"),
  );
  const names = senders.map(({ owner }) => owner.metadata.name).sort();
  expect(names).toEqual(["burnline-gateway", "burnline-ingest", "burnline-processor"]);
  const letOut = traced
    .filter(({ kind, spec }) => kind === "NetworkPolicy" && JSON.stringify(spec).includes('"port":4318'))
    .map(({ metadata }) => metadata.name);
  expect(letOut.sort()).toEqual(names);
});

describe("traces are let out to where the collector is", () => {
  const peersOf = (endpoint: string) => {
    const port = Number(new URL(endpoint).port || 443);
    const objects = renderChart({ tracing: { endpoint }, networkPolicy: { tracing: { port } } });
    const rules = objects
      .filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "burnline-gateway")
      .flatMap(({ spec }) => (spec as { egress: { ports: { port: number }[]; to?: unknown }[] }).egress);
    return rules.filter(({ ports }) => ports.some((open) => open.port === port)).map(({ to }) => to);
  };
  const namespace = (name: string) => ({
    namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
  });

  test.each([
    ["http://collector.monitoring.svc:4318", [namespace("monitoring")]],
    ["http://otel.observability.svc.cluster.local:4319", [namespace("observability")]],
    ["http://collector:4318", [{ podSelector: {} }]],
    // Anywhere, on this port: a policy knows no names.
    ["https://otlp.example.org", undefined],
  ])("%s", (endpoint, peers) => {
    expect(peersOf(endpoint)).toEqual([peers]);
  });
});

test("images from elsewhere are kept out of this namespace, and of no other", () => {
  const objects = renderChart(RENDER_CASES.everything?.values);
  const [policy, binding] = ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"].map((name) =>
    objects.find(({ kind }) => kind === name),
  );
  const prefixes = '["localhost/burnline/","docker.io/library/"]';
  const expression = `variables.images.all(image, ${prefixes}.exists(prefix, image.startsWith(prefix)))`;
  expect(policy?.spec).toMatchObject({ failurePolicy: "Fail", validations: [{ expression }] });
  expect(binding?.spec).toEqual({
    ...{ policyName: policy?.metadata.name, validationActions: ["Deny"] },
    matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "burnline" } } },
  });
});

test("the README says what the chart costs", () => {
  const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
  expect(readme).toContain(`${costs(renderChart({}))} requested, for 2 pods of each app`);
  expect(readme).toContain(`${costs(renderChart({ autoscaling: { enabled: true } }))} with KEDA`);
});

test("after an installation helm says what to do next", () => {
  const pushed = chartNotes({ race: { id: "daytona" } });
  expect(pushed).toContain("Race daytona has its own ingest, processor, inference and gateway now, and an operator.");
  expect(pushed).toContain("kubectl -n burnline port-forward service/burnline-gateway 8080");
  expect(pushed).toContain("ws://127.0.0.1:8082/api/v1/ingest/ws");
  const race = JSON.parse(/echo '([^']+)'/.exec(pushed)?.[1] ?? "") as KubeObject;
  const { required, properties } = raceSpecSchema();
  expect(race.spec).toMatchObject({ raceId: "daytona" });
  expect(Object.keys(race.spec ?? {})).toEqual(expect.arrayContaining([...required]));
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(race.spec ?? {})));
  const shown = chartNotes({
    ...{ ingest: { source: "sim", replicas: 1 }, operator: { enabled: false } },
    route: { type: "ingress", host: "burnline.example.org" },
  });
  expect(shown).toContain("The dashboard is at https://burnline.example.org/");
  expect(shown).not.toMatch(/port-forward|operator/);
});

/** What the definition of a Race says of its spec. */
function raceSpecSchema() {
  interface Schema {
    readonly required: readonly string[];
    readonly properties: Readonly<Record<string, unknown>>;
  }
  const { versions } = raceDefinition().spec as {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
  return versions[0]?.schema.openAPIV3Schema.properties.spec as Schema;
}

function raceDefinition(): KubeObject {
  return parse(readFileSync(`${CHART_FOLDER}/crds/races.burnline.dev.yaml`, "utf8")) as KubeObject;
}

/** Requests of all pods, as many as there may be. */
function costs(objects: readonly KubeObject[]): string {
  const pods = podSets(objects).map(({ owner, template }) => {
    const scaled = objects.find(
      ({ kind, metadata }) => kind === "ScaledObject" && metadata.name === owner.metadata.name,
    );
    const { maxReplicaCount, replicas } = { ...(scaled?.spec ?? owner.spec ?? {}) } as Readonly<Record<string, number>>;
    return { count: maxReplicaCount ?? replicas ?? 1, requests: template.spec.containers[0]?.resources?.requests };
  });
  const sum = (kind: string) =>
    pods.reduce((all, { count, requests }) => all + count * (parseQuantity(requests?.[kind]) ?? 0), 0);
  return `${Math.round(sum("cpu") * 100) / 100} cores and ${sum("memory") / 1024 ** 3} GiB`;
}

/** Pods such as infra brings, as far as the network goes. */
function server(name: string, ports: readonly number[]): KubeObject {
  const labels = { "app.kubernetes.io/name": name };
  const containers = [{ name, image: `${name}:1`, ports: ports.map((containerPort) => ({ containerPort })) }];
  return {
    ...{ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { name, namespace: "burnline" } },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  };
}
