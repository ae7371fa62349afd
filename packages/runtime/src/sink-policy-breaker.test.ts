import fc from "fast-check";
import { expect, test } from "vitest";
import { admit, type Breaker, backoffMs, CLOSED, failed } from "./sink-policy-breaker.ts";

const OPTIONS = { failuresToOpen: 3, backoffMsMin: 50, backoffMsMax: 2_000 };
const CHANCE = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("a wait lies between half its ceiling and its ceiling, which doubles up to the cap", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), CHANCE, (failures, chance) => {
      const ceilingMs = Math.min(OPTIONS.backoffMsMax, OPTIONS.backoffMsMin * 2 ** (failures - 1));
      const waitMs = backoffMs(failures, chance, OPTIONS);
      expect(waitMs).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(waitMs).toBeLessThanOrEqual(ceilingMs);
    }),
  );
});

const EVENT = fc.record({
  passedMs: fc.integer({ min: 0, max: 3_000 }),
  what: fc.constantFrom("ask", "failed", "succeeded"),
  chance: CHANCE,
});

test("an open breaker admits nothing before its time, a half-open one a single probe, and success closes it", () => {
  fc.assert(
    fc.property(fc.array(EVENT, { maxLength: 60 }), (events) => {
      let breaker: Breaker = CLOSED;
      let nowMs = 0;
      for (const { passedMs, what, chance } of events) {
        nowMs += passedMs;
        const before = breaker;
        if (what === "ask") {
          const asked = admit(breaker, nowMs);
          breaker = asked.breaker;
          if (before.state === "half-open") expect(asked.isAdmitted).toBe(false);
          if (before.state === "open") expect(asked.isAdmitted).toBe(nowMs >= before.retryAtMs);
          if (before.state === "closed") expect(asked.isAdmitted).toBe(true);
        } else if (what === "failed") {
          breaker = failed(breaker, nowMs, chance, OPTIONS);
          expect(breaker.failures).toBe(before.failures + 1);
          const opens = before.state !== "closed" || breaker.failures >= OPTIONS.failuresToOpen;
          expect(breaker.state).toBe(opens ? "open" : "closed");
          // What was on its way when it opened does not put off the next attempt.
          if (before.state === "open") expect(breaker.retryAtMs).toBe(before.retryAtMs);
        } else {
          breaker = CLOSED;
          expect(admit(breaker, nowMs).isAdmitted).toBe(true);
        }
      }
    }),
  );
});
