import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { APPS } from "./app-names.ts";
import { STACK_LABEL } from "./labels.ts";
import { deriveSecrets } from "./secrets.ts";
import { type CapturedProgram, captureProgram, GOOD_FACTS, TEST_MASTER_SECRET } from "./testing.ts";

const SEEDS = Object.fromEntries(
  APPS.map((app) => [app, deriveSecrets("another master secret, also of 32 characters", "x").natsUsers[app].seed]),
);
const EXTERNAL = {
  ...{ dependencies: "external", externalNatsUrl: "tls://nats.example:4333", externalCidrs: "10.20.0.0/16" },
  externalRedisUrl: "rediss://user:a-password@redis.example:6380/0",
  externalNatsSeeds: JSON.stringify(SEEDS),
  externalNatsCa: "-----BEGIN CERTIFICATE-----\nx",
};

interface Pod {
  readonly spec: Record<string, unknown> & { readonly containers: readonly Record<string, unknown>[] };
}

const names = ({ resources }: CapturedProgram, type: string) =>
  resources.filter((resource) => resource.type === type).map(({ name }) => name);
const inputsOf = ({ resources }: CapturedProgram, type: string, name: string) => {
  const found = resources.find((resource) => resource.type === type && resource.name === name);
  if (found === undefined) throw new Error(`no ${type} ${name}`);
  return found.inputs as Record<string, never>;
};

/** Every secret that the program knows for these settings. */
function secretTexts(): string[] {
  const { natsUsers, ...rest } = deriveSecrets(TEST_MASTER_SECRET, "burnline");
  return [
    TEST_MASTER_SECRET,
    "a-token-of-tests",
    "a-password",
    ...APPS.map((app) => natsUsers[app].seed),
    ...Object.values(SEEDS),
    ...[rest.natsRoutePassword, rest.redisPassword, rest.ingestToken, rest.viewerKey],
  ].flatMap((secret) => [secret, Buffer.from(secret).toString("base64")]);
}

/** What holds of every program on an existing cluster. */
function expectSafe({ resources, secretOutputs, outputs }: CapturedProgram): void {
  const known = secretTexts();
  for (const { type, name, inputs, secretPaths, provider } of resources) {
    const open = Object.fromEntries(Object.entries(inputs).filter(([key]) => !secretPaths.includes(key)));
    const text = JSON.stringify(open);
    expect(
      known.filter((secret) => text.includes(secret)),
      `${type} ${name} shows a secret`,
    ).toEqual([]);
    if (type.startsWith("kubernetes:")) expect(provider, `${type} ${name}`).toMatch(/::cluster::/);
    expect(type).toMatch(/^(kubernetes:|pulumi:pulumi:Stack$|pulumi:providers:kubernetes$)/);
  }
  const open = Object.entries(outputs).filter(([name]) => !secretOutputs.includes(name));
  expect(known.filter((secret) => JSON.stringify(open).includes(secret))).toEqual([]);
  expect(secretOutputs).toEqual(expect.arrayContaining(["kubeconfig", "ingestToken"]));
  for (const { type, secretPaths } of resources) {
    if (type === "kubernetes:core/v1:Secret") expect(secretPaths).toEqual(["data"]);
    if (type === "pulumi:providers:kubernetes") expect(secretPaths).toContain("kubeconfig");
  }
}

test("with viewers by token the gateways get a key of their own, and a command makes tokens where it is", async () => {
  const program = await captureProgram({ viewers: "token" });
  expectSafe(program);
  const { data } = inputsOf(program, "kubernetes:core/v1:Secret", "burnline-viewers") as never as {
    data: { keys: string };
  };
  const { viewerKey } = deriveSecrets(TEST_MASTER_SECRET, "burnline");
  expect(Buffer.from(data.keys, "base64").toString()).toBe(viewerKey);
  expect(viewerKey.length).toBeGreaterThanOrEqual(32);
  expect(program.outputs.commands).toMatchObject({ viewerToken: expect.stringContaining("viewer-token-main.ts") });
  const open = await captureProgram({});
  expect(names(open, "kubernetes:core/v1:Secret")).not.toContain("burnline-viewers");
  expect(open.outputs.commands).not.toHaveProperty("viewerToken");
});

describe("bundled servers on an existing cluster", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await captureProgram({});
  });

  test("everything is made in the one namespace by the one provider, and no secret is in the clear", () => {
    expectSafe(program);
    for (const { type, inputs } of program.resources) {
      if (!type.startsWith("kubernetes:") || type.endsWith(":Namespace")) continue;
      const { metadata, namespace } = inputs as { metadata?: { namespace: string }; namespace?: string };
      expect(metadata?.namespace ?? namespace, type).toBe("burnline");
    }
  });

  test("nobody can be Redis's default user, and its append-only file is read with all rights", () => {
    const { data } = inputsOf(program, "kubernetes:core/v1:Secret", "redis-config") as never as {
      data: Record<string, string>;
    };
    const users = Buffer.from(data["users.acl"] ?? "", "base64").toString();
    expect(users.split("\n")[0]).toBe("user default off resetpass ~* &* +@all");
  });

  test("NATS and Redis have the names that the chart knows", () => {
    expect(names(program, "kubernetes:apps/v1:StatefulSet")).toEqual(["nats", "redis"]);
    expect(names(program, "kubernetes:core/v1:Service")).toEqual(["nats", "nats-headless", "redis"]);
    expect(names(program, "kubernetes:networking.k8s.io/v1:NetworkPolicy")).toEqual(["nats", "redis"]);
    expect(names(program, "kubernetes:core/v1:Secret")).toEqual([
      ...["burnline-ingest", "burnline-nats-users", "burnline-redis", "redis-config"],
    ]);
  });

  test("a larger volume is no reason to delete a server: its claims stay as they were made", async () => {
    const larger = await captureProgram({ natsStorageGb: "8", redisStorageGb: "8" });
    for (const { type, ignoreChanges } of larger.resources) {
      expect(ignoreChanges).toEqual(type.endsWith(":StatefulSet") ? ["spec.volumeClaimTemplates"] : []);
    }
  });

  test("every object says to which stack it belongs, and keeps its own labels", () => {
    for (const { type, inputs } of program.resources) {
      if (!type.startsWith("kubernetes:") || type.endsWith(":Chart")) continue;
      const { metadata } = inputs as { metadata: { labels: Record<string, string> } };
      expect(metadata.labels[STACK_LABEL], type).toBe("organization.burnline.test");
    }
    const { metadata } = inputsOf(program, "kubernetes:core/v1:Namespace", "burnline") as never as {
      metadata: { labels: Record<string, string> };
    };
    expect(metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
  });

  test("pods are restricted, keep their memory, and are started anew when their settings change", () => {
    for (const name of ["nats", "redis"]) {
      const { spec } = inputsOf(program, "kubernetes:apps/v1:StatefulSet", name) as never as {
        spec: { template: Pod & { metadata: { annotations: Record<string, string> } } };
      };
      const { template } = spec;
      expect(template.metadata.annotations["burnline.dev/config"]).toMatch(/^[0-9a-f]{12}$/);
      expect(template.spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      for (const container of template.spec.containers) {
        expect(container.securityContext).toEqual({
          ...{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, privileged: false },
          capabilities: { drop: ["ALL"] },
        });
        const { requests, limits } = container.resources as Record<"requests" | "limits", Record<string, string>>;
        expect(requests?.memory).toBe(limits?.memory);
        expect(limits?.cpu).toBeUndefined();
        for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"]) expect(container[probe]).toBeDefined();
      }
    }
  });

  test("only the apps reach the servers, only KEDA and Prometheus what they tell of themselves", () => {
    const { spec } = inputsOf(program, "kubernetes:networking.k8s.io/v1:NetworkPolicy", "nats") as never as {
      spec: { ingress: { ports: { port: number }[]; from: unknown[] }[]; egress: unknown[] };
    };
    expect(spec.ingress.map(({ ports }) => ports.map(({ port }) => port))).toEqual([[4222], [6222], [8222]]);
    expect(spec.ingress.every(({ from }) => from.length > 0)).toBe(true);
    expect(spec.egress).toEqual([]);
  });

  test("a second run registers the same, byte for byte, whatever the order", async () => {
    expect(await captureProgram({})).toEqual(program);
    expect(JSON.stringify(await captureProgram({}))).toBe(JSON.stringify(program));
  });

  test("another master secret gives other secrets and starts every pod anew", async () => {
    const other = await captureProgram({ masterSecret: "another master secret, of 32 characters" });
    const changed = program.resources.filter(
      (resource, index) => JSON.stringify(resource) !== JSON.stringify(other.resources[index]),
    );
    expect(changed.map(({ type, name }) => `${type.split(":")[2]} ${name}`)).toEqual([
      ...["StatefulSet nats", "StatefulSet redis", "ConfigMap nats-config", "Namespace burnline"],
      ...["Secret burnline-ingest", "Secret burnline-nats-users", "Secret burnline-redis", "Secret redis-config"],
      "Chart burnline",
    ]);
  });
});

test("three NATS servers know each other by a secret and are kept apart", async () => {
  const program = await captureProgram({ natsReplicas: "3" });
  expectSafe(program);
  expect(names(program, "kubernetes:core/v1:Secret")).toContain("nats-routes");
  expect(names(program, "kubernetes:policy/v1:PodDisruptionBudget")).toEqual(["nats"]);
  const { spec } = inputsOf(program, "kubernetes:apps/v1:StatefulSet", "nats") as never as {
    spec: { template: Pod; replicas: number };
  };
  expect(spec.replicas).toBe(3);
  expect(spec.template.spec.topologySpreadConstraints).toHaveLength(2);
});

test("with a certificate NATS speaks TLS only", async () => {
  const program = await captureProgram({ natsTlsSecret: "nats-tls" });
  const chart = inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline");
  expect(chart.values).toMatchObject({
    nats: { url: "tls://nats:4222", tls: { enabled: true, secretName: "nats-tls" } },
  });
});

test("external servers: nothing of NATS and Redis is made but what the apps need to find them", async () => {
  const program = await captureProgram(EXTERNAL);
  expectSafe(program);
  expect(names(program, "kubernetes:apps/v1:StatefulSet")).toEqual([]);
  expect(names(program, "kubernetes:core/v1:Secret")).toEqual([
    ...["burnline-ingest", "burnline-nats-ca", "burnline-nats-users", "burnline-redis"],
  ]);
  const { values } = inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline");
  const peers = [{ ipBlock: { cidr: "10.20.0.0/16" } }];
  expect(values).toMatchObject({
    nats: { url: "tls://nats.example:4333", tls: { enabled: true, secretName: "burnline-nats-ca" }, account: "$G" },
    networkPolicy: { nats: { peers, port: 4333, monitoringPort: 8222 }, redis: { peers, ports: [6380] } },
  });
});

test.each([
  ["redis://redis.example", [6379]],
  ["redis+sentinel://u:p@a.example:26380,b.example/master", [26380, 26379, 6379]],
  ["rediss+cluster://a.example:7000,b.example:7001,c.example:7000", [7000, 7001, 6379]],
])("%s: every port that is spoken to is let out, the master's too", async (externalRedisUrl, ports) => {
  const program = await captureProgram({ ...EXTERNAL, externalRedisUrl });
  const { values } = inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline");
  expect(values).toMatchObject({ networkPolicy: { redis: { ports } } });
});

test("ports that no address names are a setting", async () => {
  const externalRedisUrl = "redis+sentinel://a.example:26379/master";
  const program = await captureProgram({ ...EXTERNAL, externalRedisUrl, externalRedisPorts: "6390, 6391" });
  const { values } = inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline");
  expect(values).toMatchObject({ networkPolicy: { redis: { ports: [26379, 6390, 6391] } } });
});

describe("the definition of a Race belongs to the whole cluster", () => {
  const RACES = "burnline.dev/v1alpha1";
  const isSkipped = (program: CapturedProgram) =>
    (inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline") as { skipCrds?: boolean }).skipCrds === true;
  const namespaceLabels = (program: CapturedProgram) => {
    const { metadata } = inputsOf(program, "kubernetes:core/v1:Namespace", "burnline") as never as {
      metadata: { labels: Record<string, string> };
    };
    return metadata.labels;
  };
  /** The next run of a stack: its namespace is there, and so is the definition. */
  const nextRun = async (program: CapturedProgram) =>
    captureProgram({}, { facts: withRaces({ namespace: { labels: namespaceLabels(program) } }) });
  const withRaces = (facts: Partial<typeof GOOD_FACTS>) => ({
    ...{ ...GOOD_FACTS, ...facts },
    apiVersions: new Set([...GOOD_FACTS.apiVersions, RACES]),
  });

  test("who finds none brings it, at every later run too, and nothing changes then", async () => {
    const first = await captureProgram({});
    expect(isSkipped(first)).toBe(false);
    expect(await nextRun(first)).toEqual(first);
  });

  test("a second stack, or one after a destroy, takes the one that is there, at every later run too", async () => {
    const first = await captureProgram({}, { facts: withRaces({}) });
    expect(isSkipped(first)).toBe(true);
    expect(await nextRun(first)).toEqual(first);
  });

  test("who took another's brings its own when that is gone", async () => {
    const first = await captureProgram({}, { facts: withRaces({}) });
    const facts = { ...GOOD_FACTS, namespace: { labels: namespaceLabels(first) } };
    expect(isSkipped(await captureProgram({}, { facts }))).toBe(false);
  });

  test("it outlives the stack that brought it: the Races of others hang on it", () => {
    const definition = readFileSync(
      new URL("../charts/burnline/crds/races.burnline.dev.yaml", import.meta.url),
      "utf8",
    );
    // The provider takes the word of Helm for it: what has this is retained on delete.
    expect(parse(definition)).toMatchObject({ metadata: { annotations: { "helm.sh/resource-policy": "keep" } } });
  });
});

test("the first preview on a cluster that is there shows everything, charts too", async () => {
  const named = ({ resources }: CapturedProgram) => resources.map(({ type, name }) => `${type} ${name}`);
  expect(named(await captureProgram({}, { isFirstPreview: true }))).toEqual(named(await captureProgram({})));
});

test("a cluster that lacks something gets nothing at all", async () => {
  const registered = captureProgram({}, { facts: { ...GOOD_FACTS, storageClasses: [] } });
  await expect(registered).rejects.toThrow("pulumi config set burnline:storageClass NAME");
});
