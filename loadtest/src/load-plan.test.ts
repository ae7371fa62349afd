import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { profileNames } from "./config.ts";
import { METRICS } from "./load-metrics.ts";
import { feedUntilSeconds, lookUntilSeconds, planLoad } from "./load-plan.ts";
import type { Profile } from "./profile.ts";
import { parseProfile } from "./profile-schema.ts";

function profile(name: string): Profile {
  const parsed = parseProfile(readFileSync(new URL(`../profiles/${name}.json`, import.meta.url), "utf8"));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error}`);
  return parsed.value;
}

const names = profileNames();

test("every profile that the platform promises is there", () => {
  const promised = ["graphics-fanout", "race", "reconnect-storm", "slow-consumers", "smoke", "soak", "stress"];
  expect([...names].sort()).toEqual(promised);
});

test.each(names)(
  "%s: feeds outlast the clients, laps are long enough to be judged, and its name is its file's",
  (name) => {
    const one = profile(name);
    expect(one.name).toBe(name);
    expect(feedUntilSeconds(one)).toBeGreaterThan(lookUntilSeconds(one));
    // A whole lap is judged when the next one is shown: three lines after the first one, and the time they take to show.
    expect(lookUntilSeconds(one)).toBeGreaterThan(3 * one.lapSeconds);
  },
);

test.each(names)(
  "%s holds the platform's promises: p95 below 1 s, p99 below 5 s, no gap, drop or violation",
  (name) => {
    const { thresholds } = planLoad(profile(name));
    const texts = (metric: string) => thresholds[metric]?.map(({ threshold }) => threshold);
    expect(texts(METRICS.latency)).toEqual(["p(95)<1000", "p(99)<5000"]);
    for (const metric of [METRICS.gaps, METRICS.drops, METRICS.samplesMissing])
      expect(texts(metric)).toEqual(["count<=0"]);
    expect(thresholds[METRICS.orderViolations]).toEqual([{ threshold: "count==0", abortOnFail: true }]);
  },
);

test.each(names)("%s cannot pass when nothing moves", (name) => {
  const { thresholds } = planLoad(profile(name));
  const atLeast = Object.values(thresholds).flatMap((all) =>
    all.flatMap(({ threshold }) => (threshold.startsWith("count>=") ? [Number(threshold.slice(7))] : [])),
  );
  expect(atLeast.length).toBeGreaterThanOrEqual(3);
  expect(Math.min(...atLeast)).toBeGreaterThan(0);
});

test("stress sends ten times the samples of a race", () => {
  const perSecond = ({ cars, rateHz }: Profile) => cars * rateHz;
  expect(perSecond(profile("stress"))).toBe(10 * perSecond(profile("race")));
});

test("a kind of client that a profile does not have gets no scenario, and k6 refuses none", () => {
  const { scenarios } = planLoad({ ...profile("smoke"), script: [] });
  expect(Object.keys(scenarios)).toEqual(["feed", "dashboard"]);
});

test("a soak that is late ends early", () => {
  expect(planLoad(profile("soak")).thresholds[METRICS.latency]?.[1]).toMatchObject({ abortOnFail: true });
});

test.each<[object, string]>([
  [{ rateHz: 125 }, "whole number of samples"],
  [{ rateHz: 900 }, "64 samples"],
  [{ feeds: 41 }, "feeds must not be more than cars"],
  [{ clients: { dashboards: 250, graphics: 7, storming: 0, tardy: 0, stalled: 0 } }, "256"],
  [{ seconds: 0 }, "seconds"],
  [{ secnds: 9 }, "secnds"],
])("a profile with %j is refused with a sentence", (overrides, text) => {
  const parsed = parseProfile(JSON.stringify({ ...profile("smoke"), ...overrides }));
  expect(parsed.ok ? "" : parsed.error).toContain(text);
});

test("a storm expects back all who leave before the end, and nobody who leaves with it", () => {
  const expected = (seconds: number) =>
    planLoad({ ...profile("reconnect-storm"), seconds, stormEverySeconds: 8 }).thresholds[METRICS.reconnects]?.[0];
  expect(expected(40)).toEqual({ threshold: `count>=${4 * 40}` });
  expect(expected(41)).toEqual({ threshold: `count>=${5 * 40}` });
});

test("a lap has to be judged in every profile, but not in a run that is too short for one", () => {
  const expects = (one: Profile) => planLoad(one).thresholds[METRICS.lapsJudged] !== undefined;
  expect(names.filter((name) => !expects(profile(name)))).toEqual([]);
  expect(expects({ ...profile("smoke"), seconds: 5 })).toBe(false);
});
