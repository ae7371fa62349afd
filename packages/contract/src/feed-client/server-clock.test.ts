import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { HelloSchema, RaceClockSchema } from "../generated/burnline/v1/live_pb.js";
import { FUTURE_VIEW_MS_MAX, isOfOtherRun, ROUND_TRIPS_MAX, ServerClock, toWallMs } from "./server-clock.ts";

test("before the first pong the offset is the one of hello", () => {
  const clock = new ServerClock();
  expect(clock.offsetMs).toBe(0);
  clock.greet(5_000, 4_000);
  expect(clock.offsetMs).toBe(1_000);
});

test("the shortest round trip decides", () => {
  const clock = new ServerClock();
  clock.greet(5_000, 4_000);
  clock.answer(1_000, 3_000, 1_400);
  expect(clock.offsetMs).toBe(1_800);
  clock.answer(2_000, 3_910, 2_020);
  expect(clock.offsetMs).toBe(1_900);
  clock.answer(3_000, 9_000, 4_000);
  expect(clock.offsetMs).toBe(1_900);
});

test("only the latest round trips count, so a drifting clock is followed", () => {
  const clock = new ServerClock();
  clock.answer(0, 1, 1);
  for (let index = 0; index < ROUND_TRIPS_MAX; index++) clock.answer(1_000, 1_505, 1_010);
  expect(clock.offsetMs).toBe(500);
});

test("an answer that came before its question says nothing", () => {
  const clock = new ServerClock();
  clock.greet(100, 50);
  clock.answer(1_000, 7_000, 900);
  clock.answer(Number.NaN, 7_000, 900);
  expect(clock.offsetMs).toBe(50);
});

test("another server's hello forgets the former server's clock", () => {
  const clock = new ServerClock();
  clock.answer(0, 10_000, 0);
  clock.greet(2_000, 1_000);
  expect(clock.offsetMs).toBe(1_000);
});

test("event time runs at the speed of the race clock, and a clock that stands has no wall time", () => {
  const clock = create(RaceClockSchema, { anchorEventMs: 1_000, anchorWallMs: 50_000, speed: 10 });
  expect(toWallMs(clock, 1_000)).toBe(50_000);
  expect(toWallMs(clock, 2_000)).toBe(50_100);
  expect(toWallMs(create(RaceClockSchema, { anchorWallMs: 50_000, speed: 0 }), 5)).toBeUndefined();
});

test("a clock that has not been set says nothing", () => {
  const clock = create(RaceClockSchema, { anchorEventMs: 0, anchorWallMs: 0, speed: 1 });
  expect(toWallMs(clock, 1_000)).toBeUndefined();
  expect(isOfOtherRun(create(HelloSchema, { serverTimeMs: 50_000, clock }), 1e15)).toBe(false);
});

test("a view from the server's future is of another run, one from its past is not", () => {
  const hello = create(HelloSchema, {
    serverTimeMs: 50_000,
    clock: { anchorEventMs: 1_000, anchorWallMs: 50_000, speed: 1 },
  });
  expect(isOfOtherRun(hello, 1_000)).toBe(false);
  expect(isOfOtherRun(hello, 1_000 + FUTURE_VIEW_MS_MAX)).toBe(false);
  expect(isOfOtherRun(hello, 1_001 + FUTURE_VIEW_MS_MAX)).toBe(true);
  expect(isOfOtherRun(create(HelloSchema, { serverTimeMs: 50_000 }), 1e15)).toBe(false);
});
