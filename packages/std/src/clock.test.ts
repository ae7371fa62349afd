import { expect, test } from "vitest";
import { StepClock } from "./clock.ts";

test("a step clock moves only when told", () => {
  const clock = new StepClock(1_000);
  expect([clock.nowMs(), clock.nowMs()]).toEqual([1_000, 1_000]);
  clock.advance(250);
  clock.advance(0.5);
  expect(clock.nowMs()).toBe(1_250.5);
});
