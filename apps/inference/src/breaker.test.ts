import { describe, expect, it } from "vitest";
import { BREAKER_FAILURES_MAX, BREAKER_OPEN_MS, Breaker } from "./breaker.ts";

function failed(times: number, nowMs = 0): Breaker {
  const breaker = new Breaker();
  for (let time = 0; time < times; time++) breaker.failed(nowMs);
  return breaker;
}

describe("the breaker", () => {
  it("opens after its number of failures in a row and not before", () => {
    expect(failed(BREAKER_FAILURES_MAX - 1).allows(0)).toBe(true);
    expect(failed(BREAKER_FAILURES_MAX).allows(0)).toBe(false);
  });

  it("forgets failures that a success interrupts", () => {
    const breaker = failed(BREAKER_FAILURES_MAX - 1);
    breaker.succeeded();
    breaker.failed(0);
    expect(breaker.allows(0)).toBe(true);
  });

  it("lets a try through after its time; a failure closes the door again at once", () => {
    const breaker = failed(BREAKER_FAILURES_MAX);
    expect(breaker.allows(BREAKER_OPEN_MS - 1)).toBe(false);
    expect(breaker.allows(BREAKER_OPEN_MS)).toBe(true);
    breaker.failed(BREAKER_OPEN_MS);
    expect(breaker.allows(BREAKER_OPEN_MS + 1)).toBe(false);
    expect(breaker.allows(2 * BREAKER_OPEN_MS)).toBe(true);
    breaker.succeeded();
    expect(breaker.allows(2 * BREAKER_OPEN_MS)).toBe(true);
  });
});
