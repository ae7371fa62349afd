import { beforeAll, describe, expect, test } from "vitest";
import { SECRET_STORE_API } from "./secret-store.ts";
import { type CapturedProgram, captureProgram, GOOD_FACTS } from "./testing.ts";

const STORED = {
  ...{ masterSecret: "", dependencies: "external", secretStore: "vault", secretStorePrefix: "races/daytona" },
  ...{ externalNatsUrl: "tls://nats.example:4333", externalCidrs: "10.20.0.0/16", externalRedisPorts: "6380,26379" },
  ...{ externalNatsCa: "-----BEGIN CERTIFICATE-----\nx", source: "push" },
};
const facts = { ...GOOD_FACTS, apiVersions: new Set([...GOOD_FACTS.apiVersions, SECRET_STORE_API]) };
const capture = (keys: Readonly<Record<string, string>> = {}) => captureProgram({ ...STORED, ...keys }, { facts });

const ofType = ({ resources }: CapturedProgram, type: string) => resources.filter((found) => found.type === type);
const chartValues = (program: CapturedProgram) =>
  ofType(program, "kubernetes:helm.sh/v4:Chart")[0]?.inputs.values as Record<string, unknown>;

describe("credentials in a store", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await capture();
  });

  test("no Secret is made but of what is public", () => {
    const secrets = ofType(program, "kubernetes:core/v1:Secret").map(({ name, inputs }) => [name, inputs.data]);
    const ca = Buffer.from(STORED.externalNatsCa).toString("base64");
    expect(secrets).toEqual([["burnline-nats-ca", { "ca.crt": ca }]]);
  });

  test("the chart is told of the store, of the Secrets that come from it and of ports that no address here names", () => {
    const peers = [{ ipBlock: { cidr: "10.20.0.0/16" } }];
    expect(chartValues(program)).toMatchObject({
      externalSecrets: {
        ...{ enabled: true, storeRef: { name: "vault", kind: "ClusterSecretStore" } },
        remotePrefix: "races/daytona",
      },
      nats: { url: "tls://nats.example:4333", auth: { secretName: "burnline-nats-users" } },
      ...{ redis: { secretName: "burnline-redis" }, ingest: { tokenSecretName: "burnline-ingest" } },
      networkPolicy: { nats: { peers, port: 4333 }, redis: { peers, ports: [6380, 26379] } },
    });
  });

  test("no output has the token, and a command says where it is", () => {
    expect(program.outputs).not.toHaveProperty("ingestToken");
    expect(program.secretOutputs).toEqual(["kubeconfig"]);
    expect(program.outputs.commands).toMatchObject({
      ingestToken: "kubectl -n burnline get secret burnline-ingest --template '{{.data.token | base64decode}}'",
    });
  });

  test("a second run registers the same, and another place in the store starts the pods anew", async () => {
    expect(await capture()).toEqual(program);
    const other = await capture({ secretStorePrefix: "races/sebring" });
    const annotation = (of: CapturedProgram) => (chartValues(of).gateway as { podAnnotations: unknown }).podAnnotations;
    expect(annotation(other)).not.toEqual(annotation(program));
  });
});

test("the keys of viewers' tokens come from the store as well", async () => {
  const program = await capture({ viewers: "token" });
  expect(chartValues(program)).toMatchObject({ gateway: { viewerKeysSecretName: "burnline-viewers" } });
  expect(ofType(program, "kubernetes:core/v1:Secret").map(({ name }) => name)).toEqual(["burnline-nats-ca"]);
});

test("a simulated race takes no telemetry: there is no token to read", async () => {
  const { outputs } = await capture({ source: "sim" });
  expect(outputs.commands).not.toHaveProperty("ingestToken");
});

test("without a store the chart makes nothing from one", async () => {
  expect(chartValues(await captureProgram({}))).not.toHaveProperty("externalSecrets");
});

test("a cluster without External Secrets gets nothing at all", async () => {
  const registered: string[] = [];
  const run = captureProgram(STORED, { onRegistered: (type) => void registered.push(type) });
  await expect(run).rejects.toThrow("pulumi config rm burnline:secretStore");
  expect(registered).toEqual(["pulumi:pulumi:Stack"]);
});
