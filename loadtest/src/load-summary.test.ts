import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { METRICS } from "./load-metrics.ts";
import { summarise, summaryText } from "./load-summary.ts";
import type { Profile } from "./profile.ts";

const profile = JSON.parse(readFileSync(new URL("../profiles/smoke.json", import.meta.url), "utf8")) as Profile;
const trend = { med: 120.44, "p(95)": 300, "p(99)": 500, max: 812.96 };

test("the summary says what was measured, and that all thresholds held", () => {
  const metrics = {
    [METRICS.latency]: { values: trend, thresholds: { "p(95)<1000": { ok: true } } },
    [METRICS.sentLate]: { values: { med: 2, "p(95)": 36, "p(99)": 82, max: 113 } },
    [METRICS.framesSent]: { values: { count: 9_200 } },
    [METRICS.framesAcked]: { values: { count: 9_200 }, thresholds: { "count>=8280": { ok: true } } },
  };
  const summary = summarise(profile, { metrics });
  expect(summary).toMatchObject({
    ...{ profile: "smoke", cars: 40, rateHz: 120, clients: 4, gaps: 0, drops: 0, orderViolations: 0 },
    ...{ framesSent: 9_200, framesAcked: 9_200, thresholdsPassed: true, thresholdsFailed: [] },
    latencyMs: { p50: 120.4, p95: 300, p99: 500, max: 813 },
    sentLateMs: { p50: 2, p95: 36, p99: 82, max: 113 },
  });
  expect(summaryText(summary)).toContain("all held");
});

test("what was not measured is absent, not 0", () => {
  const summary = summarise(profile, { metrics: {} });
  expect(summary.lapLatencyMs).toEqual({});
  expect(summaryText(summary)).toContain("nothing measured");
});

test("a threshold that did not hold is named", () => {
  const metrics = { [METRICS.drops]: { values: { count: 3 }, thresholds: { "count<=0": { ok: false } } } };
  const summary = summarise(profile, { metrics });
  expect(summary).toMatchObject({ drops: 3, thresholdsPassed: false, thresholdsFailed: ["burnline_drops: count<=0"] });
  expect(summaryText(summary)).toContain("FAILED: burnline_drops: count<=0");
});
