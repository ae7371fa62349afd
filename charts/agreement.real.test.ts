import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { POD_DELIVERY_RULES, podViolations } from "./src/index.ts";
import { type KubeObject, type PodTemplate, podSets } from "./src/kube-object.ts";
import { scaledObjectSpec } from "./src/scaling-rules.ts";
import { RENDER_CASES } from "./src/testing/cases.ts";
import { renderChart } from "./src/testing/helm-render.ts";

/** The chart speaks of the apps; here they are asked themselves. */
const ROOT = new URL("../", import.meta.url);

const everything = renderChart(RENDER_CASES.everything?.values);
const simulated = renderChart(RENDER_CASES.minimal?.values);
const APPS = everything
  .filter(({ kind }) => kind === "Deployment")
  .map(({ metadata }) => metadata.name.replace("burnline-", ""))
  .filter((app) => existsSync(new URL(`apps/${app}/src/main.ts`, ROOT)));

describe.each(APPS)("%s", (app) => {
  const help = execFileSync(process.execPath, [`apps/${app}/src/main.ts`, "--help"], { cwd: ROOT, encoding: "utf8" });
  const known = new Set(help.match(/BURNLINE_[A-Z0-9_]+/g));

  test("knows every setting that the chart gives it", () => {
    const given = [everything, simulated].flatMap((objects) => templates(objects, app).flatMap(variablesOf));
    expect(given.length).toBeGreaterThan(5);
    expect([...new Set(given)].filter((name) => !known.has(name))).toEqual([]);
  });

  test("listens where the chart says", () => {
    const port = /default (\d+),\s+BURNLINE_PORT/.exec(help)?.[1];
    const ports = templates(everything, app).flatMap(({ spec }) => spec.containers.flatMap((one) => one.ports ?? []));
    expect(ports.map(({ containerPort }) => String(containerPort))).toEqual([port]);
  });

  test("says at /scale what its ScaledObject asks for", () => {
    const asked = scaledObjects(app).flatMap(({ spec }) => scaledObjectSpec({ spec } as KubeObject).triggers);
    const values = asked
      .filter(({ metadata }) => metadata.url?.endsWith("/scale"))
      .map((one) => one.metadata.valueLocation);
    const said = scaleFieldsOf(app);
    expect(said).toContain("busy");
    expect(values.filter((value) => !said.includes(value ?? ""))).toEqual([]);
  });
});

test("who makes the streams, and for how long they hold, is the same to whoever waits for them and to whoever makes them", () => {
  for (const name of ["BURNLINE_STREAM_OWNER", "BURNLINE_STREAM_DAYS", "BURNLINE_STREAM_GB"]) {
    const said = (app: string) =>
      templates(everything, app).flatMap(({ spec }) =>
        spec.containers.flatMap(({ env = [] }) => env.filter((one) => one.name === name).map(({ value }) => value)),
      );
    expect(said("operator"), name).toEqual(said("processor"));
    expect(said("operator"), name).toHaveLength(1);
  }
});

test("every app is there", () => {
  expect(APPS).toEqual(expect.arrayContaining(["gateway", "inference", "ingest", "processor"]));
});

test("all apps have the time to stop that their lifecycle may take", () => {
  const lifecycle = readFileSync(new URL("packages/runtime/src/lifecycle.ts", ROOT), "utf8");
  const stopAllMsMax = Number(/const STOP_ALL_MS_MAX = ([\d_]+);/.exec(lifecycle)?.[1]?.replaceAll("_", ""));
  const stopSecondsMax = stopAllMsMax / 1_000;
  // No app may ask for more than all have.
  expect(APPS.flatMap((app) => sourcesOf(`apps/${app}/src/`)).filter((text) => text.includes("stopAllMsMax"))).toEqual(
    [],
  );
  const rules = POD_DELIVERY_RULES.filter(({ name }) => name === "there is time to stop");
  for (const objects of [everything, simulated])
    expect(podViolations(objects, rules, { stopSecondsMax: () => stopSecondsMax })).toEqual([]);
  expect(schemaOf("$defs", "drain", "properties", "stopSeconds", "minimum")).toBe(stopSecondsMax);
});

test("inference is scaled by the consumer that its pods share", () => {
  const [scaled] = scaledObjects("inference");
  const lag = scaled && scaledObjectSpec(scaled).triggers.find(({ type }) => type === "nats-jetstream")?.metadata;
  expect(lag).toMatchObject({
    stream: "FACT-race",
    consumer: "inference",
    natsServerMonitoringEndpoint: "nats-headless.burnline.svc:8222",
    useHttps: "true",
  });
  expect(readFileSync(new URL("apps/inference/src/inference.ts", ROOT), "utf8")).toContain('openDurable("inference"');
  expect(readFileSync(new URL("packages/runtime/src/race-streams.ts", ROOT), "utf8")).toMatch(/`FACT-\$\{race\}`/);
});

test("with several servers KEDA asks behind the headless Service, where each has a name", () => {
  const endpoint = (nats: object) => {
    const objects = renderChart({ autoscaling: { enabled: true }, nats });
    const scaled = objects.find(
      ({ kind, metadata }) => kind === "ScaledObject" && metadata.name === "burnline-inference",
    );
    return scaled && scaledObjectSpec(scaled).triggers[0]?.metadata.natsServerMonitoringEndpoint;
  };
  expect(endpoint({ replicas: 1 })).toBe("nats.burnline.svc:8222");
  expect(endpoint({ replicas: 3 })).toBe("nats-headless.burnline.svc:8222");
});

test("no more processors than partitions", () => {
  const count = /PARTITION_COUNT = (\d+)/.exec(sourcesOf("packages/contract/src/").join("\n"))?.[1];
  const own = ["properties", "processor", "properties"];
  expect(String(schemaOf(...own, "autoscaling", "properties", "max", "maximum"))).toBe(count);
  expect(String(schemaOf(...own, "replicas", "maximum"))).toBe(count);
});

/** What every app says of itself, what this one adds in place, and what the reading of its *-scale.ts has. */
function scaleFieldsOf(app: string): string[] {
  const [shared = ""] =
    /"\/scale", async \(\) => \(\{ \w+:/.exec(sourcesOf("packages/runtime/src/", /^http-server\.ts$/)[0] ?? "") ?? [];
  const [added = ""] =
    /const scale = \(\) => \(\{ [^}]*\}\)/.exec(sourcesOf(`apps/${app}/src/`, /-process\.ts$/).join("\n")) ?? [];
  const [reading = ""] =
    /export interface \w+ \{[^}]*\}/.exec(sourcesOf(`apps/${app}/src/`, /-scale\.ts$/).join("\n")) ?? [];
  return [shared, added, reading].flatMap((text) => [...text.matchAll(/(\w+):/g)].map(([, field = ""]) => field));
}

function templates(objects: readonly KubeObject[], app: string): PodTemplate[] {
  return podSets(objects)
    .filter(({ owner }) => owner.metadata.name === `burnline-${app}`)
    .map(({ template }) => template);
}

function variablesOf({ spec }: PodTemplate): string[] {
  return spec.containers
    .flatMap(({ env = [] }) => env.map(({ name }) => name))
    .filter((name) => name !== "NODE_OPTIONS");
}

function scaledObjects(app: string): KubeObject[] {
  return everything.filter(({ kind, metadata }) => kind === "ScaledObject" && metadata.name === `burnline-${app}`);
}

function sourcesOf(folder: string, name = /\.ts$/): string[] {
  const at = new URL(folder, ROOT);
  return readdirSync(at)
    .filter((file) => name.test(file) && !file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, at), "utf8"));
}

/** What the schema of the values says there. */
function schemaOf(...path: readonly string[]): unknown {
  const schema: unknown = JSON.parse(readFileSync(new URL("charts/burnline/values.schema.json", ROOT), "utf8"));
  return path.reduce((at, key) => (at as Readonly<Record<string, unknown>>)[key], schema);
}
