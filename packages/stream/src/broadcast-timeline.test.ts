import fc from "fast-check";
import { expect, test } from "vitest";
import { BroadcastTimeline, TIMELINE_ENTRIES_MAX } from "./broadcast-timeline.ts";

test("a late event is judged by what held when it happened", () => {
  const flags = new BroadcastTimeline("green");
  flags.set(10_000, "caution");
  flags.set(20_000, "green");
  expect([9_999, 10_000, 19_999, 20_000].map((ms) => flags.at(ms))).toEqual(["green", "caution", "caution", "green"]);
});

test("the order in which changes become known does not matter", () => {
  const changes = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer()), {
    selector: ([fromMs]) => fromMs,
    maxLength: 20,
  });
  fc.assert(
    fc.property(changes, fc.integer({ min: 0, max: 1_000 }), (entries, atMs) => {
      const inOrder = new BroadcastTimeline(-1);
      const asGiven = new BroadcastTimeline(-1);
      for (const [fromMs, value] of entries) asGiven.set(fromMs, value);
      for (const [fromMs, value] of [...entries].sort(([a], [b]) => a - b)) inOrder.set(fromMs, value);
      expect(asGiven.entries).toEqual(inOrder.entries);
      expect(asGiven.at(atMs)).toBe(inOrder.at(atMs));
      expect(asGiven.nextChangeMs(atMs)).toBeGreaterThan(atMs);
    }),
  );
});

test("a newer announcement takes the place of an older plan", () => {
  const regimes = new BroadcastTimeline("green");
  regimes.set(10_000, "restart");
  regimes.set(40_000, "green");
  regimes.truncateFrom(20_000);
  regimes.set(20_000, "caution");
  expect(regimes.at(50_000)).toBe("caution");
});

test("the oldest change is forgotten at the cap", () => {
  const timeline = new BroadcastTimeline(-1);
  for (let index = 0; index <= TIMELINE_ENTRIES_MAX; index++) timeline.set(index, index);
  expect(timeline.entries).toHaveLength(TIMELINE_ENTRIES_MAX);
  expect(timeline.entries[0]?.fromMs).toBe(1);
});
