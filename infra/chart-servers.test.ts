import { beforeAll, describe, expect, test } from "vitest";
import { APPS } from "./app-names.ts";
import { archiveOf, CHART_NAMES, CHART_PINS } from "./platform/chart-pins.ts";
import { deriveSecrets } from "./secrets.ts";
import { type CapturedProgram, captureProgram, GOOD_FACTS, TEST_MASTER_SECRET } from "./testing.ts";

const BARE = { ...GOOD_FACTS, apiVersions: new Set(["apps/v1"]) };
const CHART = "kubernetes:helm.sh/v4:Chart";
type Values = Readonly<Record<string, unknown>>;

const chartsOf = ({ resources }: CapturedProgram) => resources.filter(({ type }) => type === CHART);
const chartOf = (program: CapturedProgram, name: string) => {
  const found = chartsOf(program).find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`no chart ${name}`);
  return found as typeof found & { readonly inputs: { readonly values: Values } };
};
const objectOf = ({ resources }: CapturedProgram, kind: string, name: string): Values => {
  const found = resources.find((resource) => resource.type.endsWith(`:${kind}`) && resource.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found.inputs;
};

describe("dependencies: charts, three servers", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await captureProgram({ dependencies: "charts", size: "race", protect: "true" }, { facts: BARE });
  });

  test("each chart comes from its own project by an exact version, into a namespace of its own", () => {
    for (const name of CHART_NAMES) {
      const { inputs } = chartOf(program, name);
      const { repo, version } = CHART_PINS[name];
      expect(inputs).toMatchObject({ chart: name, name, version, repositoryOpts: { repo } });
      expect(version).toMatch(/^v?\d+\.\d+\.\d+$/);
    }
    expect(chartsOf(program).map(({ name, inputs }) => `${name} in ${inputs.namespace}`)).toEqual([
      ...["burnline in burnline", "cert-manager in cert-manager", "keda in keda"],
      ...["kube-prometheus-stack in monitoring", "nats in burnline", "valkey in burnline"],
    ]);
    for (const name of ["burnline", "keda", "cert-manager", "monitoring"]) {
      const enforce = name === "monitoring" ? "baseline" : "restricted";
      expect(objectOf(program, "Namespace", name)).toMatchObject({
        metadata: { labels: { "pod-security.kubernetes.io/enforce": enforce } },
      });
    }
  });

  test("NATS: three servers, TLS both ways between them, a user per app, an fsync a second, room for its streams", () => {
    const { values } = chartOf(program, "nats").inputs;
    expect(values).toMatchObject({
      ...{ fullnameOverride: "nats", natsBox: { enabled: false }, podDisruptionBudget: { enabled: true } },
      config: {
        cluster: {
          enabled: true,
          replicas: 3,
          tls: { enabled: true, secretName: "nats-tls", merge: { verify: true } },
        },
        jetstream: {
          ...{ enabled: true, merge: { sync_interval: "1s" } },
          fileStore: { maxSize: "19456Mi", pvc: { size: "20Gi" } },
        },
        nats: { tls: { enabled: true, secretName: "nats-tls" } },
      },
      tlsCA: { enabled: true, secretName: "nats-tls", key: "ca.crt" },
    });
    const { merge } = values.config as { merge: { accounts: { BURNLINE: { users: { nkey: string }[] } } } };
    const keys = deriveSecrets(TEST_MASTER_SECRET, "burnline").natsUsers;
    expect(merge.accounts.BURNLINE.users.map(({ nkey }) => nkey)).toEqual(APPS.map((app) => keys[app].publicKey));
  });

  test("NATS' pods keep to what a restricted namespace asks", () => {
    const { values } = chartOf(program, "nats").inputs;
    const container = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    };
    expect(values).toMatchObject({
      container: { merge: { securityContext: container } },
      reloader: { merge: { securityContext: container } },
      podTemplate: {
        merge: {
          spec: {
            ...{ automountServiceAccountToken: false, terminationGracePeriodSeconds: 60 },
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
          },
        },
      },
    });
  });

  test("Valkey: throws nothing away, an append-only file on a volume, TLS, one user, never two servers on one file", () => {
    const { values } = chartOf(program, "valkey").inputs;
    expect(values).toMatchObject({
      deploymentStrategy: "Recreate",
      auth: { enabled: true, usersExistingSecret: "burnline-valkey-users" },
      tls: { enabled: true, existingSecret: "valkey-tls", serverPublicKey: "tls.crt", serverKey: "tls.key" },
      dataStorage: { enabled: true, requestedSize: "4Gi", keepPvc: true },
    });
    const lines = String(values.valkeyConfig).split("\n");
    expect(lines).toEqual(expect.arrayContaining(["maxmemory-policy noeviction", "appendonly yes"]));
    const url = Buffer.from(
      String((objectOf(program, "Secret", "burnline-redis").data as Record<string, string>).url),
      "base64",
    ).toString();
    expect(url).toMatch(/^rediss:\/\/burnline:[^@]+@valkey:6379\/0$/);
  });

  test("certificates name every address under which a server is called", () => {
    const namesIn = (certificate: string) =>
      (objectOf(program, "Certificate", certificate).spec as { dnsNames: string[] }).dnsNames;
    expect(namesIn("nats-tls-certificate")).toEqual(
      expect.arrayContaining(["nats", "nats.burnline.svc", "*.nats-headless.burnline.svc.cluster.local"]),
    );
    expect(namesIn("valkey-tls-certificate")).toContain("valkey");
  });

  test("the apps speak TLS with both, and are let through to both", () => {
    const { values } = chartOf(program, "burnline").inputs;
    const pods = (name: string) => [{ podSelector: { matchLabels: { "app.kubernetes.io/name": name } } }];
    expect(values).toMatchObject({
      nats: { url: "tls://nats:4222", replicas: 3, tls: { enabled: true, secretName: "nats-tls" } },
      redis: { tls: { enabled: true, secretName: "valkey-tls" } },
      monitoring: { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } },
      networkPolicy: { nats: { peers: pods("nats") }, redis: { peers: pods("valkey") } },
    });
  });

  test("nothing in a chart's values changes from one run to the next, and no secret is in them", async () => {
    const again = await captureProgram({ dependencies: "charts", size: "race", protect: "true" }, { facts: BARE });
    expect(JSON.stringify(again)).toBe(JSON.stringify(program));
    const { natsUsers, generation: _, ...texts } = deriveSecrets(TEST_MASTER_SECRET, "burnline");
    const secrets = [...Object.values(texts), ...APPS.map((app) => natsUsers[app].seed)];
    const shown = JSON.stringify(program.resources.filter(({ type }) => !type.endsWith(":Secret")));
    expect(secrets.filter((secret) => shown.includes(secret))).toEqual([]);
    // Grafana's chart would make up a password at every run.
    expect(chartOf(program, "kube-prometheus-stack").inputs.values).toMatchObject({
      grafana: { admin: { existingSecret: "grafana-admin" } },
    });
  });

  test("nothing that was brought stays after a destroy and is in the way of the next one", () => {
    // Or the provider retains the kinds, and preflight takes them for somebody else's.
    expect(chartOf(program, "cert-manager").inputs.values).toMatchObject({ crds: { enabled: true, keep: false } });
  });

  test("what holds state is protected", () => {
    expect(program.resources.filter(({ isProtected }) => isProtected).map(({ name }) => name)).toEqual([
      ...["burnline", "nats", "valkey"],
    ]);
  });
});

test("without monitoring and scaling only what is left is brought", async () => {
  const keys = { dependencies: "charts", autoscaling: "false", monitoring: "false" };
  const program = await captureProgram(keys, { facts: BARE });
  expect(chartsOf(program).map(({ name }) => name)).toEqual(["burnline", "cert-manager", "nats", "valkey"]);
});

test("on EKS the cloud's Valkey takes the place of the chart", async () => {
  const program = await captureProgram({
    ...{ cloud: "eks", region: "us-east-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops" },
    ...{ apiCidrs: "198.51.100.0/24", dependencies: "charts", redisService: "managed" },
  });
  expect(chartsOf(program).map(({ name }) => name)).not.toContain("valkey");
  const group = program.resources.find(({ type }) => type === "aws:elasticache/replicationGroup:ReplicationGroup");
  expect(group?.inputs).toMatchObject({
    ...{ engine: "valkey", transitEncryptionEnabled: true, atRestEncryptionEnabled: true, multiAzEnabled: true },
    automaticFailoverEnabled: true,
  });
  const parameters = program.resources.find(({ type }) => type === "aws:elasticache/parameterGroup:ParameterGroup");
  expect(parameters?.inputs.parameters).toEqual([{ name: "maxmemory-policy", value: "noeviction" }]);
  const user = program.resources.find(({ type }) => type === "aws:elasticache/user:User");
  expect(user?.secretPaths.join()).toContain("authenticationMode");
  expect(chartOf(program, "burnline").inputs.values).toMatchObject({
    networkPolicy: {
      redis: { peers: ["0", "16", "32"].map((third) => ({ ipBlock: { cidr: `10.40.${third}.0/20` } })) },
    },
  });
});

describe("archives of charts", () => {
  const folder = "dist/charts";
  const path = (name: (typeof CHART_NAMES)[number]) => `../${folder}/${archiveOf(CHART_PINS[name])}`;
  const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
  const archives = Object.fromEntries(CHART_NAMES.map((name, index) => [path(name), digest(String(index))]));
  const chartDigests = Object.fromEntries(CHART_NAMES.map((name, index) => [name, digest(String(index))]));
  const keys = { dependencies: "charts", chartsFolder: folder, chartDigests: JSON.stringify(chartDigests) };

  test("are taken from their folder, and from nowhere else", async () => {
    const program = await captureProgram(keys, { facts: BARE, archives });
    for (const name of CHART_NAMES) {
      const { inputs } = chartOf(program, name);
      expect(inputs.chart).toBe(path(name));
      expect(inputs.repositoryOpts).toBeUndefined();
    }
  });

  test("that are missing, or not those that were looked at, are refused with what to type", async () => {
    const { [path("nats")]: _, ...others } = archives;
    await expect(captureProgram(keys, { facts: BARE, archives: others })).rejects.toThrow(
      /^There is no nats-2\.14\.4\.tgz in burnline:chartsFolder dist\/charts: helm pull nats --repo \S+ --version 2\.14\.4 --destination dist\/charts$/,
    );
    const changed = { ...archives, [path("keda")]: digest("f") };
    await expect(captureProgram(keys, { facts: BARE, archives: changed })).rejects.toThrow(
      `dist/charts/keda-2.20.2.tgz is ${digest("f")} and not what burnline:chartDigests says`,
    );
  });
});
