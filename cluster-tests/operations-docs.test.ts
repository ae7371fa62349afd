import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createGatewayMetrics } from "@burnline/gateway";
import { inferenceMetrics } from "@burnline/inference";
import { createIngestMetrics } from "@burnline/ingest";
import { createOperatorMetrics } from "@burnline/operator";
import { createProcessorMetrics, registerScaleMetrics } from "@burnline/processor";
import {
  createFarSnapshotMetrics,
  createNatsMetrics,
  createSinkMetrics,
  Metrics,
  openTracing,
  steadyClock,
} from "@burnline/runtime";
import { expect, test } from "vitest";
import { parse } from "yaml";

// What an operator reads (docs/operations.md), is woken by (rules) and looks at (dashboards) fits what the services say.

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILES = `${ROOT}charts/burnline/files`;
const DOCS = readFileSync(`${ROOT}docs/operations.md`, "utf8");
const NATS_SERVICES = ["ingest", "processor", "inference", "gateway", "operator"];
const TRACED_SERVICES = ["ingest", "processor", "gateway"];

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

const read = (folder: string) =>
  readdirSync(`${FILES}/${folder}`).map((name) => readFileSync(`${FILES}/${folder}/${name}`, "utf8"));
const rules = read("rules").flatMap((text) => (parse(text) as RuleFile).groups.flatMap((group) => group.rules));
const dashboards = read("dashboards").map((text) => JSON.parse(text) as Dashboard);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const recorded = rules.flatMap(({ record }) => record ?? []);

/** Every name that the services' registries know, and which of them are histograms. */
const declared = await declaredMetrics();
const names = [...declared.keys()];
const ours = names.filter((name) => !/^(process|nodejs)_/.test(name));
/** All series that can be asked for. */
const series = new Set(
  [...declared].flatMap(([name, type]) =>
    type === "histogram" ? [name, `${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
  ),
);

async function declaredMetrics(): Promise<Map<string, string>> {
  const metrics = new Metrics(NATS_SERVICES, { withProcess: true });
  createIngestMetrics(metrics);
  createProcessorMetrics(metrics, steadyClock);
  registerScaleMetrics(metrics, () => ({ lagSeconds: 0, unowned: 0 }));
  createFarSnapshotMetrics(metrics, "processor");
  createSinkMetrics(metrics, "processor");
  inferenceMetrics(metrics);
  createGatewayMetrics(metrics);
  createOperatorMetrics(metrics);
  for (const service of NATS_SERVICES) createNatsMetrics(metrics, service);
  const tracing = { tracingEndpoint: "http://127.0.0.1:9", tracingRatio: 1 };
  for (const service of TRACED_SERVICES)
    await openTracing(tracing, { service, metrics, name: "p", race: "r", logger: { warn: () => {} } });
  const text = await metrics.render();
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name!, type!]));
}

/** The series that a query asks for: its names without functions, operators, labels, durations and literals. */
function seriesOf(expr: string): string[] {
  const bare = expr
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|on|ignoring|without)\s*\([^)]*\)/g, "");
  const found = bare.match(/[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g) ?? [];
  const operators = new Set([
    "and",
    "or",
    "unless",
    "group_left",
    "group_right",
    "offset",
    "bool",
    "Inf",
    "sum",
    "min",
    "max",
  ]);
  return found.filter((name) => !operators.has(name) && !/^(count|avg|sum|min|max)$/.test(name));
}

/** In the documentation `<service>_nats_…` stands for all that have it. */
const isDocumented = (name: string) =>
  DOCS.includes(`\`${name}\``) || DOCS.includes(`\`${name.replace(/^[a-z]+_(nats|trace)_/, "<service>_$1_")}\``);

test("a query's series are found, and nothing else", () => {
  expect(
    seriesOf('sum by (a_b) (rate(x_total{y="z_total"}[1m])) / on (c) max(d_seconds) > 2 and up == 0 or vector(0)'),
  ).toEqual(["x_total", "d_seconds", "up"]);
  expect(seriesOf("burnline:late:ratio_5m > 6 * 0.001")).toEqual(["burnline:late:ratio_5m"]);
});

test("every metric of every service is in docs/operations.md", () => {
  expect(ours.length).toBeGreaterThan(60);
  expect(ours.filter((name) => !isDocumented(name))).toEqual([]);
});

test("docs/operations.md names no metric that is not there", () => {
  const mentioned = [...DOCS.matchAll(/`((?:ingest|processor|inference|gateway)_[a-z_]+)[`{]/g)].map(
    ([, name]) => name!,
  );
  expect(mentioned.length).toBeGreaterThan(60);
  expect(mentioned.filter((name) => !series.has(name))).toEqual([]);
});

test("every alert has a severity, says what is wrong, and leads to its section", () => {
  const wrong = alerts.filter(({ alert, labels, annotations }) => {
    const { summary = "", description = "", runbook_url = "" } = annotations ?? {};
    const leads = runbook_url === `docs/operations.md#${alert!.toLowerCase()}`;
    const isWhole = summary !== "" && description !== "" && /^(critical|warning)$/.test(labels?.severity ?? "");
    return !leads || !isWhole || !DOCS.includes(`\n#### ${alert}\n`);
  });
  expect(wrong.map(({ alert }) => alert)).toEqual([]);
  expect(alerts.length).toBeGreaterThan(30);
});

test("docs/operations.md has no section for an alert that is not there", () => {
  const sections = [...DOCS.matchAll(/^#### (\w+)$/gm)].map(([, name]) => name);
  expect(sections.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

test("rules and dashboards ask only for metrics that somebody has", () => {
  const asked = [...rules, ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets))];
  const unknown = asked
    .flatMap(({ expr }) => seriesOf(expr))
    .filter(
      (name) => !series.has(name) && !recorded.includes(name) && !DOCS.split("### From others")[1]!.includes(name),
    );
  expect([...new Set(unknown)]).toEqual([]);
});

test("each dashboard has its own id, and every panel a title and a query", () => {
  expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
  const empty = dashboards.flatMap(({ panels }) =>
    panels.filter(({ title, targets }) => title === "" || targets.length === 0),
  );
  expect(empty).toEqual([]);
});

test("links within docs/operations.md lead somewhere", () => {
  const anchors = [...DOCS.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  const links = [...DOCS.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([]);
});
