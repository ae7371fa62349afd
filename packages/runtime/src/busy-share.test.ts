import { StepClock } from "@burnline/std";
import { expect, test } from "vitest";
import { BusyShare, type UtilizationMeter } from "./busy-share.ts";

/** An event loop that is busy from when it is told to. */
function fakeLoop() {
  const loop = { active: 0, idle: 0 };
  const meter: UtilizationMeter = (now, before) => {
    const active = (now?.active ?? loop.active) - (before?.active ?? 0);
    const idle = (now?.idle ?? loop.idle) - (before?.idle ?? 0);
    return { active, idle, utilization: active + idle === 0 ? 0 : active / (active + idle) };
  };
  return { loop, meter };
}

test("the share is that of the time since the last reading", () => {
  const clock = new StepClock(0);
  const { loop, meter } = fakeLoop();
  const share = new BusyShare(clock, meter);
  expect(share.read()).toBe(0);
  loop.active += 500;
  loop.idle += 1_500;
  clock.advance(2_000);
  expect(share.read()).toBe(0.25);
  loop.active += 4_000;
  clock.advance(4_000);
  expect(share.read()).toBe(1);
});

test("a second reader within a second sees what the first one saw, and costs the next nothing", () => {
  const clock = new StepClock(0);
  const { loop, meter } = fakeLoop();
  const share = new BusyShare(clock, meter);
  loop.active += 1_000;
  clock.advance(1_000);
  expect(share.read()).toBe(1);
  loop.idle += 999;
  clock.advance(999);
  expect(share.read()).toBe(1);
  loop.idle += 1;
  clock.advance(1);
  expect(share.read()).toBe(0);
});
