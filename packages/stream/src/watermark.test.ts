import fc from "fast-check";
import { expect, test } from "vitest";
import { createWatermark, observeEventTime, settleIdle } from "./watermark.ts";

const BOUND_MS = 250;

test("a watermark never regresses and never runs ahead of its events", () => {
  const step = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.constant("idle" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const mark = createWatermark();
      let before = mark.watermarkMs;
      for (const step of steps) {
        if (step === "idle") settleIdle(mark);
        else observeEventTime(mark, step, BOUND_MS);
        expect(mark.watermarkMs).toBeGreaterThanOrEqual(before);
        expect(mark.watermarkMs).toBeLessThanOrEqual(mark.maxEventTimeMs);
        before = mark.watermarkMs;
      }
    }),
  );
});

test("the watermark waits for the out-of-orderness bound", () => {
  const mark = createWatermark();
  expect(observeEventTime(mark, 10_000, BOUND_MS)).toBe(true);
  expect(mark.watermarkMs).toBe(9_750);
  expect(observeEventTime(mark, 9_900, BOUND_MS)).toBe(false);
});

test("an idle source settles at its last event, so that a backlog after an outage is still in time", () => {
  const mark = createWatermark();
  observeEventTime(mark, 10_000, BOUND_MS);
  expect(settleIdle(mark)).toBe(true);
  expect(mark.watermarkMs).toBe(10_000);
  expect(settleIdle(mark)).toBe(false);
});
