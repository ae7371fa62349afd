import fc from "fast-check";
import { expect, test } from "vitest";
import { ClientView } from "./client-view.ts";
import type { CarPart, FeedUpdate } from "./feed-message.ts";

const RULES = { fedCars: new Set(["1", "2", "24"]), gapMsMax: 2_500, samplesPerLap: 720, judgedFromMs: 1_000 };

const part = (overrides: Partial<CarPart> = {}): CarPart => ({
  ...{ car: "24", eventTimeMs: 0, liveMs: 0, windowStartMs: 0, windowEndMs: 0, windowRevision: 0 },
  ...{ lapStartMs: 0, lapEndMs: 0, lapSamples: 0, lapRevision: 0, ...overrides },
});
const update = (cars: readonly CarPart[], raceTimeMs = 0): FeedUpdate => ({ id: 1, raceTimeMs, cars, sentAtMs: 0 });
const lap = (startMs: number, lapSamples: number, lapRevision = 0) =>
  part({ lapStartMs: startMs, lapEndMs: startMs + 6_000, lapSamples, lapRevision });

test("a view that only goes on has no violation and the age of its oldest news", () => {
  const step = fc.record({ liveMs: fc.integer({ min: 1, max: 500 }), ageMs: fc.integer({ min: 0, max: 900 }) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 50 }), (steps) => {
      const view = new ClientView({ ...RULES, gapMsMax: 1e9 });
      let liveMs = 1_000;
      for (const { liveMs: more, ageMs } of steps) {
        liveMs += more;
        const cars = [part({ car: "1", liveMs, eventTimeMs: liveMs }), part({ car: "2", liveMs: liveMs - 1 })];
        const seen = view.observe(update(cars, liveMs), liveMs + ageMs, true);
        expect(seen.orderViolations).toEqual([]);
        expect(seen.liveLatencyMs).toBe(ageMs + 1);
        expect(seen.newLiveValues).toBe(2);
      }
    }),
  );
});

test.each<[string, CarPart, CarPart]>([
  ["live value", part({ liveMs: 500 }), part({ liveMs: 499 })],
  ["event time", part({ eventTimeMs: 500 }), part({ eventTimeMs: 499 })],
  ["window", part({ windowStartMs: 2_000 }), part({ windowStartMs: 1_000 })],
  ["window", part({ windowStartMs: 2_000, windowRevision: 1 }), part({ windowStartMs: 2_000 })],
  ["lap", lap(2_000, 720), lap(1_000, 720)],
  ["lap", lap(2_000, 720, 3), lap(2_000, 720, 2)],
])("a %s that goes back is a violation, also after a reconnection to the same process", (what, later, earlier) => {
  const view = new ClientView(RULES);
  view.greeted("process-1");
  view.observe(update([later]), 5_000, true);
  view.greeted("process-1");
  expect(view.observe(update([earlier]), 5_100, false).orderViolations).toEqual([`car 24: its ${what}`]);
});

test("a car that another load feeds may stand still, but not go back", () => {
  const view = new ClientView(RULES);
  view.observe(update([part({ car: "101", liveMs: 500 })]), 600, true);
  expect(view.standingStill(60_000)).toBe(0);
  expect(view.observe(update([part({ car: "101", liveMs: 900 })]), 60_000, true).gaps).toBe(0);
  expect(view.observe(update([part({ car: "101", liveMs: 800 })]), 60_100, true).orderViolations).toHaveLength(1);
});

test("the race's event time may not go back either", () => {
  const view = new ClientView(RULES);
  view.observe(update([], 9_000), 9_000, true);
  expect(view.observe(update([], 8_000), 9_100, true).orderViolations).toEqual(["the race's event time"]);
});

test("another gateway process may be behind: what it shows is judged by itself", () => {
  const view = new ClientView(RULES);
  view.greeted("process-1");
  view.observe(update([part({ liveMs: 500, eventTimeMs: 500 })], 500), 600, true);
  view.greeted("process-2");
  expect(view.observe(update([part({ liveMs: 400, eventTimeMs: 400 })], 400), 700, false).orderViolations).toEqual([]);
});

test("a snapshot's values have no latency, for they are as old as they are", () => {
  const view = new ClientView(RULES);
  const cars = [part({ liveMs: 100, windowStartMs: 1, windowEndMs: 50, lapStartMs: 1, lapEndMs: 60 })];
  const seen = view.observe(update(cars), 90_000, false);
  expect([seen.liveLatencyMs, seen.windowLatencyMs, seen.lapLatencyMs]).toEqual([undefined, undefined, undefined]);
});

test("a correction of a window or lap already shown is no news", () => {
  const view = new ClientView(RULES);
  view.observe(update([part({ windowStartMs: 1_000, windowEndMs: 2_000 })]), 2_400, true);
  const seen = view.observe(
    update([part({ windowStartMs: 1_000, windowEndMs: 2_000, windowRevision: 1 })]),
    6_000,
    true,
  );
  expect([seen.windowLatencyMs, seen.newWindows]).toEqual([undefined, 0]);
});

test("a car that stood still for too long is one gap when it moves on, and stands still until then", () => {
  const view = new ClientView(RULES);
  view.observe(update([part({ liveMs: 1_000 })]), 1_100, true);
  expect(view.standingStill(3_600)).toBe(0);
  expect(view.standingStill(3_601)).toBe(1);
  const seen = view.observe(update([part({ liveMs: 3_000 })]), 4_000, true);
  expect([seen.gaps, seen.longestGapMs]).toEqual([1, 2_900]);
  expect(view.standingStill(4_001)).toBe(0);
});

test("the other process's connection does not hide a standstill", () => {
  const view = new ClientView(RULES);
  view.greeted("process-1");
  view.observe(update([part({ liveMs: 1_000 })]), 1_100, true);
  view.greeted("process-2");
  expect(view.observe(update([part({ liveMs: 900 })]), 4_000, false).gaps).toBe(1);
});

test("a lap is judged by its last revision, when the next one takes its place", () => {
  const view = new ClientView(RULES);
  expect(view.observe(update([lap(2_000, 700)]), 8_100, true).samplesMissing).toBe(0);
  expect(view.observe(update([lap(2_000, 720, 1)]), 9_000, true).samplesMissing).toBe(0);
  expect(view.observe(update([lap(8_000, 731)]), 14_100, true)).toMatchObject({ samplesMissing: 0, lapsJudged: 1 });
  expect(view.observe(update([lap(14_000, 720)]), 20_100, true)).toMatchObject({ samplesMissing: 11, lapsJudged: 1 });
});

test("the lap that was under way when the feeds began is not judged", () => {
  const view = new ClientView(RULES);
  view.observe(update([lap(500, 100)]), 6_100, true);
  expect(view.observe(update([lap(6_500, 720)]), 12_600, true)).toMatchObject({ samplesMissing: 0, lapsJudged: 0 });
});
