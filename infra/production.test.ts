import { beforeAll, describe, expect, test } from "vitest";
import { APPS } from "./app-names.ts";
import { type CapturedProgram, captureProgram, GOOD_FACTS } from "./testing.ts";

const SHA = `sha256:${"0".repeat(64)}`;
const PROD = {
  ...{ environment: "prod", context: "race", natsImage: `nats@${SHA}`, redisImage: `redis@${SHA}` },
  imageDigests: JSON.stringify(Object.fromEntries(APPS.map((app) => [app, SHA]))),
};
const CHARTS = { dependencies: "charts", cloud: "eks", region: "us-east-1", apiCidrs: "198.51.100.0/24" };
const EKS = { ...CHARTS, adminRoleArns: "arn:aws:iam::111122223333:role/ops" };
const BARE = { ...GOOD_FACTS, apiVersions: new Set(["apps/v1"]) };

type Values = Readonly<Record<string, never>>;

const kind = ({ resources }: CapturedProgram, name: string) =>
  resources.filter(({ type }) => type.endsWith(`:${name}`)).map(({ inputs }) => inputs as Values);
const chart = ({ resources }: CapturedProgram, name: string) =>
  resources.find((resource) => resource.type.endsWith(":Chart") && resource.name === name)?.inputs.values as Values;

describe("production on a cluster that is there", () => {
  let program: CapturedProgram;
  beforeAll(async () => {
    program = await captureProgram(PROD);
  });

  test("the race's pods come before others, and its servers no later than they", () => {
    expect(kind(program, "PriorityClass")).toMatchObject([
      { metadata: { name: "burnline-race-critical" }, value: 1_000_000, globalDefault: false },
    ]);
    expect(chart(program, "burnline")).toMatchObject({
      priorityClass: { create: false, name: "burnline-race-critical" },
    });
    for (const server of kind(program, "StatefulSet"))
      expect(server).toMatchObject({ spec: { template: { spec: { priorityClassName: "burnline-race-critical" } } } });
  });

  test("another stack on the cluster has a class of its own: it belongs to the whole cluster", async () => {
    const other = await captureProgram({ ...PROD, namespace: "sebring" });
    expect(kind(other, "PriorityClass")).toMatchObject([{ metadata: { name: "sebring-race-critical" } }]);
  });

  test("zones that the program does not know are preferred, and required by a setting", async () => {
    const spread = { zone: "ScheduleAnyway" };
    expect(chart(program, "burnline")).toMatchObject({ topologySpread: spread });
    const required = await captureProgram({ ...PROD, zoneSpread: "require" });
    expect(chart(required, "burnline")).toMatchObject({ topologySpread: { zone: "DoNotSchedule" } });
  });
});

test("production on a cluster of three zones: pods are spread over them or wait, whichever server it is", async () => {
  const keys = { ...PROD, ...EKS, chartsFolder: "dist/charts", route: "none" };
  const { context: _, ...eks } = keys;
  const digests = ["nats", "valkey", "keda", "cert-manager", "kube-prometheus-stack"].map((name) => [name, SHA]);
  const chartDigests = JSON.stringify(Object.fromEntries(digests));
  const archives = new Proxy({}, { get: () => SHA });
  const program = await captureProgram({ ...eks, chartDigests }, { facts: BARE, archives });
  const priorityClassName = "burnline-race-critical";
  expect(chart(program, "burnline")).toMatchObject({
    ...{ topologySpread: { zone: "DoNotSchedule" }, priorityClass: { name: priorityClassName } },
  });
  expect(chart(program, "nats")).toMatchObject({ podTemplate: { merge: { spec: { priorityClassName } } } });
  expect(chart(program, "valkey")).toMatchObject({ priorityClassName });
});

test("a trial has no priority over anybody", async () => {
  const program = await captureProgram({});
  expect(kind(program, "PriorityClass")).toEqual([]);
  expect(JSON.stringify(program.resources)).not.toMatch(/priorityClass/);
});

test("times at which it is warm are a setting", async () => {
  const sunday = { timezone: "Europe/Berlin", start: "0 13 * * 0", end: "0 19 * * 0", replicas: 4 };
  const program = await captureProgram({ preWarm: JSON.stringify({ processor: [sunday] }) });
  const values = chart(program, "burnline");
  expect(values).toMatchObject({ processor: { autoscaling: { preWarm: [sunday] } } });
  expect(values).not.toMatchObject({ gateway: { autoscaling: { preWarm: expect.anything() } } });
});

test("images from elsewhere are kept out by a setting", async () => {
  const program = await captureProgram({
    imageRegistry: "registry.example.org",
    imagesFrom: "registry.example.org/burnline/, docker.io/library/",
  });
  const prefixes = ["registry.example.org/burnline/", "docker.io/library/"];
  expect(chart(program, "burnline")).toMatchObject({ imagePolicy: { prefixes } });
});
