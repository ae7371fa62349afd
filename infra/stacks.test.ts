import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { APPS } from "./app-names.ts";
import { parsePlatformConfig } from "./config.ts";
import { configSchema } from "./config-keys.ts";
import { CHART_PINS } from "./platform/chart-pins.ts";
import { CHART_RESOURCES, OPERATOR_REPLICAS } from "./sizes.ts";
import { rawConfig } from "./testing.ts";

const PREFIX = "burnline:";
const SHA = `sha256:${"0".repeat(64)}`;
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** What a stack's file sets, as Pulumi hands it over: text. */
function stackKeys(stack: string): Record<string, string> {
  const { config } = parse(read(`Pulumi.${stack}.yaml`)) as { config: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(PREFIX) ? [[key.slice(PREFIX.length), String(value)]] : [],
    ),
  );
}

const STORE_HEADING = "### Credentials from a store\n";

/** What the commands of a text set, those of its code blocks only. */
function documentedKeys(text: string): Record<string, string> {
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block).join("\n");
  const commands = [...blocks.matchAll(/^pulumi config set (?:--secret )?burnline:(\w+) ("[^"]*"|\S+)/gm)];
  return Object.fromEntries(commands.map(([, key = "", value = ""]) => [key, value]));
}

test("the trial is what its page types: the stack's file, a context, a tag and a secret", () => {
  const [trial = ""] = read("docs/deploy-any-kubernetes.md").split(STORE_HEADING);
  const { masterSecret, ...typed } = documentedKeys(trial);
  expect(masterSecret).toBe('"$(openssl rand -base64 32)"');
  const config = parsePlatformConfig(rawConfig({ ...stackKeys("dev"), ...typed }));
  expect(config.cluster).toEqual({ type: "existing", context: "kind-burnline" });
  expect(config.images.tag).toBe("0.1.0");
});

test("credentials from a store are what that part of the page types, on top of the trial", () => {
  const [trial = "", store = ""] = read("docs/deploy-any-kubernetes.md").split(STORE_HEADING);
  const typed = { ...documentedKeys(trial), ...documentedKeys(store), masterSecret: "" };
  const config = parsePlatformConfig(rawConfig({ ...stackKeys("dev"), ...typed }));
  expect(store).toContain("pulumi config rm burnline:masterSecret");
  expect(config.secretStore).toEqual({ name: "vault", kind: "ClusterSecretStore", prefix: "races/daytona" });
});

describe("production on EKS", () => {
  const { masterSecret: _, ...typed } = documentedKeys(read("docs/deploy-eks.md"));
  const digests = {
    imageDigests: JSON.stringify(Object.fromEntries(APPS.map((app) => [app, SHA]))),
    chartDigests: JSON.stringify(
      Object.fromEntries(["nats", "keda", "cert-manager", "kube-prometheus-stack"].map((name) => [name, SHA])),
    ),
  };

  test("is what its page types, with the digests that it speaks of", () => {
    const config = parsePlatformConfig(rawConfig({ ...stackKeys("prod-eks"), ...typed, ...digests }));
    expect(config).toMatchObject({ environment: "prod", isProtected: true, natsReplicas: 3, streamOwner: "operator" });
  });

  test("the stack's file alone is refused, with a command for each thing that is missing", () => {
    const said = () => parsePlatformConfig(rawConfig(stackKeys("prod-eks")));
    for (const key of ["adminRoleArns", "apiCidrs", "routeHost", "budgetEmail", "imageDigests", "chartDigests"])
      expect(said).toThrow(new RegExp(`pulumi config set (--path ')?burnline:${key}`));
  });

  test("the page pulls the very charts that the program takes", () => {
    const page = read("docs/deploy-eks.md");
    for (const { chart, repo, version } of Object.values(CHART_PINS).filter((pin) => pin.chart !== "valkey"))
      expect(page).toContain(`helm pull ${chart} --repo ${repo} --version ${version} --destination dist/charts`);
  });
});

test.each(["docs/deploy-any-kubernetes.md", "docs/deploy-eks.md", "infra/README.md", "Pulumi.dev.yaml"])(
  "%s names no setting that is not there",
  (page) => {
    const named = [...read(page).matchAll(/\bburnline:([a-z]\w+)/g)].map(([, key = ""]) => key);
    expect(named.filter((key) => !(key in configSchema.shape))).toEqual([]);
  },
);

test("what a quota has to leave room for is what the chart asks for", () => {
  const values = parse(read("charts/burnline/values.yaml")) as Record<string, { replicas: number; resources: unknown }>;
  expect(Object.fromEntries(APPS.map((app) => [app, values[app]?.resources]))).toEqual(CHART_RESOURCES);
  expect(values.operator?.replicas).toBe(OPERATOR_REPLICAS);
});

test("the sum of a race hour is the sum of its lines", () => {
  const page = read("docs/deploy-eks.md");
  const hours = [...page.matchAll(/^\| .+ \| (\d\.\d{3}) \|$/gm)].map(([, value]) => Number(value));
  const total = Number(/\*\*a race hour\*\* \| \| \*\*([\d.]+)\*\*/.exec(page)?.[1]);
  expect(hours).toHaveLength(12);
  expect(hours.reduce((sum, value) => sum + value, 0)).toBeCloseTo(total, 2);
});
