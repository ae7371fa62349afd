import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Batcher } from "./batcher.ts";

const options = { batchMax: 4, delayMs: 2, queueCap: 8 };

describe("the batcher", () => {
  it("is due when the first item has waited, or at once when a batch is full", () => {
    const batcher = new Batcher<string>(options);
    expect(batcher.dueInMs(100)).toBeUndefined();
    batcher.push(["a"], 100);
    expect(batcher.dueInMs(100)).toBe(2);
    batcher.push(["b"], 101);
    expect(batcher.dueInMs(101)).toBe(1);
    expect(batcher.dueInMs(105)).toBe(0);
    batcher.push(["c", "d"], 101);
    expect(batcher.dueInMs(101)).toBe(0);
  });

  it("pushes the oldest out at the cap and hands them back", () => {
    const batcher = new Batcher<number>(options);
    expect(batcher.push([1, 2, 3, 4, 5, 6, 7, 8], 0)).toEqual([]);
    expect(batcher.push([9, 10], 0)).toEqual([1, 2]);
    expect(batcher.size).toBe(8);
    expect(batcher.take()).toEqual([3, 4, 5, 6]);
  });

  it("hands out every item exactly once, in order, never more than a batch, never holding more than its cap", () => {
    const action = fc.oneof(
      fc.integer({ min: 1, max: 12 }).map((count) => ({ type: "push" as const, count })),
      fc.constant({ type: "take" as const, count: 0 }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const batcher = new Batcher<number>(options);
        const seen: number[] = [];
        let next = 0;
        for (const [nowMs, { type, count }] of actions.entries()) {
          if (type === "push") {
            const items = Array.from({ length: count }, () => next++);
            seen.push(...batcher.push(items, nowMs));
          } else {
            const batch = batcher.take();
            expect(batch.length).toBeLessThanOrEqual(options.batchMax);
            seen.push(...batch);
          }
          expect(batcher.size).toBeLessThanOrEqual(options.queueCap);
        }
        while (batcher.size > 0) seen.push(...batcher.take());
        expect(seen).toEqual(Array.from({ length: next }, (_, index) => index));
      }),
    );
  });

  it("refuses options that make no sense", () => {
    expect(() => new Batcher({ batchMax: 0, delayMs: 2, queueCap: 8 })).toThrow(/batchMax/);
    expect(() => new Batcher({ batchMax: 16, delayMs: 2, queueCap: 8 })).toThrow(/queueCap/);
    expect(() => new Batcher({ batchMax: 4, delayMs: -1, queueCap: 8 })).toThrow(/delayMs/);
  });
});
