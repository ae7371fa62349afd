import fc from "fast-check";
import { expect, test } from "vitest";
import { ROUND_TRIPS_WANTED, ServerOffset } from "./server-offset.ts";

test("the offset is found to within half of the shortest round trip, whatever the other trips took", () => {
  const trip = fc.record({ outMs: fc.integer({ min: 0, max: 400 }), backMs: fc.integer({ min: 0, max: 400 }) });
  const trips = fc.array(trip, { minLength: ROUND_TRIPS_WANTED, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: -100_000, max: 100_000 }), trips, (aheadMs, all) => {
      const offset = new ServerOffset();
      let nowMs = 1e12;
      for (const { outMs, backMs } of all) {
        offset.answered(nowMs, nowMs + outMs + aheadMs, nowMs + outMs + backMs);
        nowMs += 1_000;
      }
      expect(offset.isKnown).toBe(true);
      const shortestMs = Math.min(...all.map(({ outMs, backMs }) => outMs + backMs));
      // Where the offset is too small to be told from none it counts as none: off by another half.
      expect(Math.abs(offset.ms - aheadMs)).toBeLessThanOrEqual(Math.max(1, shortestMs));
    }),
  );
});

test("on the machine of the gateway there is no offset", () => {
  const offset = new ServerOffset();
  for (let trip = 0; trip < ROUND_TRIPS_WANTED; trip++) offset.answered(1_000, 1_001, 1_005);
  expect(offset.ms).toBe(0);
});

test("a clock that was set back during a round trip says nothing", () => {
  const offset = new ServerOffset();
  offset.answered(1_000, 9_000, 999);
  expect([offset.isKnown, offset.ms]).toEqual([false, 0]);
});
