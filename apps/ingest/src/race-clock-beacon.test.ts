import { create, fromBinary, RaceClockSchema, subjects } from "@burnline/contract";
import { MemoryLiveChannel } from "@burnline/runtime";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RaceClockBeacon } from "./race-clock-beacon.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("the race clock is said when it changes, and once a second for those who come later", () => {
  const live = new MemoryLiveChannel();
  const speeds: number[] = [];
  live.subscribe(subjects.raceClock("r"), (_subject, payload) => {
    speeds.push(fromBinary(RaceClockSchema, payload).speed);
  });
  const beacon = new RaceClockBeacon(live, "r");
  const clock = (speed: number) => create(RaceClockSchema, { anchorEventMs: 1, anchorWallMs: 2, speed });
  beacon.set(clock(1));
  beacon.start();
  expect(speeds).toEqual([1]);
  vi.advanceTimersByTime(2_000);
  beacon.set(clock(2));
  vi.advanceTimersByTime(1_000);
  expect(speeds).toEqual([1, 1, 1, 2, 2]);
  beacon.stop();
  vi.advanceTimersByTime(5_000);
  beacon.set(clock(3));
  expect(speeds).toHaveLength(5);
});
