import type { RaceClock } from "@burnline/contract";
import { StepClock } from "@burnline/std";
import { expect, test } from "vitest";
import { LAG_MS_MAX, Pace, type Speed, WAIT_MS_MAX } from "./pace.ts";

const WALL = 1_750_000_000_000;
const EVENT = 946_684_800_000;

function paceAt(speed: Speed) {
  const clock = new StepClock(WALL);
  const told: RaceClock[] = [];
  const pace = new Pace(speed, clock, (raceClock) => told.push(raceClock));
  const eventAtWall = (wallMs: number) => {
    const { anchorEventMs, anchorWallMs, speed: ratio } = pace.raceClock();
    return anchorEventMs + (wallMs - anchorWallMs) * ratio;
  };
  return { clock, told, pace, eventAtWall };
}

test.each([1, 10, 0.5])("at speed %d an item is due when the race clock shows its arrival time", (speed) => {
  const { clock, pace, eventAtWall } = paceAt(speed);
  pace.start(EVENT);
  for (let arrivalMs = EVENT; arrivalMs < EVENT + 20_000; arrivalMs += 700) {
    clock.advance(pace.waitMs(arrivalMs));
    expect(eventAtWall(clock.nowMs())).toBeCloseTo(arrivalMs, 3);
  }
  expect(clock.nowMs() - WALL).toBeCloseTo(19_600 / speed, 3);
});

test("a race that starts now at speed 1 runs on the wall clock itself", () => {
  const { pace, clock } = paceAt(1);
  clock.advance(1_234);
  pace.start(WALL);
  expect(pace.raceClock()).toMatchObject({ anchorEventMs: WALL, anchorWallMs: WALL, speed: 1 });
  expect(pace.waitMs(WALL + 1_000)).toBe(0);
  expect(pace.waitMs(WALL + 2_000)).toBe(766);
});

test("a resumed race goes on from where it stopped, and says so", () => {
  const { pace, told } = paceAt(1);
  expect(pace.waitMs(EVENT + 500_000)).toBe(0);
  expect(told).toMatchObject([{ anchorEventMs: EVENT + 500_000, anchorWallMs: WALL }]);
  expect(pace.waitMs(EVENT + 500_100)).toBe(100);
});

test("after a long sleep of the machine the race goes on instead of rushing after", () => {
  const { clock, pace, told } = paceAt(1);
  pace.start(EVENT);
  clock.advance(LAG_MS_MAX + 1_100);
  expect(pace.waitMs(EVENT + 1_000)).toBe(0);
  expect(pace.waitMs(EVENT + 1_100)).toBe(100);
  expect(told).toHaveLength(2);
});

test("a hole in a recording is jumped over", () => {
  const { pace } = paceAt(1);
  pace.start(EVENT);
  expect(pace.waitMs(EVENT + WAIT_MS_MAX + 1)).toBe(0);
  expect(pace.waitMs(EVENT + WAIT_MS_MAX + 101)).toBe(100);
});

test("at full speed nothing waits, and the race clock tells the speed that was reached", () => {
  const { clock, pace } = paceAt("max");
  pace.start(EVENT);
  for (let step = 1; step <= 100; step++) {
    clock.advance(10);
    expect(pace.waitMs(EVENT + step * 1_000)).toBe(0);
  }
  expect(pace.raceClock().speed).toBeCloseTo(100, 5);
  expect(pace.raceClock().anchorEventMs).toBeGreaterThan(EVENT + 70_000);
});
