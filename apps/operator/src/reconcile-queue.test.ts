import fc from "fast-check";
import { expect, test } from "vitest";
import { ReconcileQueue } from "./reconcile-queue.ts";

test("a key is given once, however often it was added, and not before its time", () => {
  const queue = new ReconcileQueue();
  queue.add("a", 100);
  queue.add("a", 50);
  queue.add("a", 80);
  expect([queue.take(49), queue.take(50), queue.take(1_000)]).toEqual([undefined, "a", undefined]);
});

test("the wait ends when the next key is due", () => {
  const queue = new ReconcileQueue();
  expect(queue.waitMs(0)).toBeUndefined();
  queue.add("a", 100);
  queue.add("b", 30);
  expect([queue.waitMs(10), queue.take(40), queue.waitMs(40)]).toEqual([20, "b", 60]);
});

test("what fails comes again later each time, up to a minute, and at once after a success", () => {
  const queue = new ReconcileQueue();
  const waits = Array.from({ length: 8 }, () => {
    queue.failed("a", 0);
    const waitMs = queue.waitMs(0);
    queue.take(60_000);
    return waitMs;
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  queue.succeeded("a");
  queue.failed("a", 0);
  expect(queue.waitMs(0)).toBe(1_000);
});

test("it never holds more than its cap, and counts what it does not take", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 900 }), (keys) => {
      const queue = new ReconcileQueue();
      for (const key of keys) queue.add(`race-${key}`, 0);
      expect(queue.size).toBe(Math.min(new Set(keys).size, 256));
      expect(queue.dropped > 0).toBe(new Set(keys).size > 256);
    }),
  );
});
