import fc from "fast-check";
import { expect, test } from "vitest";
import { PullBudget } from "./nats-pull-budget.ts";

const RECORDS_MAX = 1_000;
const BYTES_MAX = 512 * 1024;

test("what is outstanding and what waits never exceed the caps, and a feed that has read all may always ask", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 400 }), fc.nat(), (sizes, seed) => {
      const budget = new PullBudget();
      let open = { records: 0, bytes: 0 };
      let waiting = { records: 0, bytes: 0 };
      for (const [index, size] of sizes.entries()) {
        const asked = budget.request(waiting.records, waiting.bytes);
        if (asked !== undefined) open = { records: open.records + asked.records, bytes: open.bytes + asked.bytes };
        expect(open.records + waiting.records).toBeLessThanOrEqual(RECORDS_MAX);
        expect(open.bytes + waiting.bytes).toBeLessThanOrEqual(BYTES_MAX);
        if (open.records > 0 && size <= open.bytes) {
          budget.delivered(size);
          waiting = { records: waiting.records + 1, bytes: waiting.bytes + size };
          open =
            open.records === 1 ? { records: 0, bytes: 0 } : { records: open.records - 1, bytes: open.bytes - size };
        } else {
          budget.ended(undefined, false);
          open = { records: 0, bytes: 0 };
        }
        expect(budget.isOutstanding).toBe(open.records > 0);
        if ((index + seed) % 3 === 0) waiting = { records: 0, bytes: 0 };
      }
      budget.reset();
      expect(budget.request(0, 0)).toEqual({ records: RECORDS_MAX, bytes: BYTES_MAX });
    }),
  );
});

test("a request that ends because the next record does not fit raises the limit only when most of it was left", () => {
  const budget = new PullBudget();
  budget.request(0, 0);
  budget.ended({ records: 600, bytes: 1_000 }, true);
  budget.reset();
  expect(budget.request(0, 0)?.bytes).toBe(BYTES_MAX);
  budget.ended({ records: RECORDS_MAX, bytes: BYTES_MAX }, true);
  expect(budget.request(0, 0)?.bytes).toBe(4 * BYTES_MAX);
});
