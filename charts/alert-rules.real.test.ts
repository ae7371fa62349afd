import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { ALERT_CASES } from "./src/testing/alert-cases.ts";

const FILES = new URL("./burnline/files/", import.meta.url).pathname;
const RULE_FILES = readdirSync(join(FILES, "rules")).map((name) => join(FILES, "rules", name));
const folder = mkdtempSync(join(tmpdir(), "burnline-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface RuleFile {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly expr: string }[] }[];
}

function alertsOf(path: string): readonly string[] {
  const { groups } = parse(readFileSync(path, "utf8")) as RuleFile;
  return groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []));
}

/** @returns what promtool says against it; "": nothing */
function promtool(...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync("promtool", args, { encoding: "utf8" });
  if (error !== undefined)
    throw new Error("promtool is not installed, these tests need it: apt-get install prometheus");
  return status === 0 ? "" : `${stdout}${stderr}`;
}

test("Prometheus takes every rule file", () => {
  expect(promtool("check", "rules", ...RULE_FILES)).toBe("");
});

test("every alert has a case that it fires on and one that it does not", () => {
  expect(RULE_FILES.flatMap(alertsOf).toSorted()).toEqual(Object.keys(ALERT_CASES).toSorted());
});

describe.each(RULE_FILES.map((path) => [path.slice(FILES.length), path]))("%s", (_name, path) => {
  test("its alerts fire when they should, and are quiet when not", () => {
    const tests = alertsOf(path).flatMap((alert) => {
      const { fires, alsoFires = [], quiet, at } = ALERT_CASES[alert] ?? { fires: {}, quiet: {}, at: "0s" };
      const expr = `count(ALERTS{alertname="${alert}", alertstate="firing"})`;
      const one = (name: string, series: Readonly<Record<string, string>>, samples: readonly object[]) => ({
        name: `${alert} ${name}`,
        interval: "15s",
        input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
        promql_expr_test: [{ expr, eval_time: at, exp_samples: samples }],
      });
      const firing = [fires, ...alsoFires].map((series) => one("fires", series, [{ labels: "{}", value: 1 }]));
      return [...firing, one("is quiet", quiet, [])];
    });
    const file = join(folder, "rules.test.yaml");
    writeFileSync(file, stringify({ rule_files: [path], evaluation_interval: "15s", tests }));
    expect(promtool("test", "rules", file)).toBe("");
  });
});

test("the queries of the dashboards are sound", () => {
  const names = readdirSync(join(FILES, "dashboards"));
  expect(names.length).toBeGreaterThanOrEqual(5);
  const rules = names.flatMap((name) => {
    const { panels } = JSON.parse(readFileSync(join(FILES, "dashboards", name), "utf8")) as Dashboard;
    return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => ({ record: "dashboard:query", expr })));
  });
  // What Grafana fills in.
  const filled = JSON.stringify(rules).replaceAll("$race", "r").replaceAll("$__rate_interval", "1m");
  const file = join(folder, "dashboards.yaml");
  const named = (JSON.parse(filled) as typeof rules).map((rule, index) => ({
    ...rule,
    record: `${rule.record}_${index}`,
  }));
  writeFileSync(file, stringify({ groups: [{ name: "dashboards", rules: named }] }));
  expect(promtool("check", "rules", file)).toBe("");
});

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}
