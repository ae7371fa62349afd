import { create, RaceClockSchema, subjects, toBinary } from "@burnline/contract";
import { MemoryLiveChannel } from "@burnline/runtime";
import { expect, test } from "vitest";
import { RaceClockFollower } from "./race-clock-follower.ts";

const clock = (speed: number, anchorEventMs = 5, anchorWallMs = 7) =>
  create(RaceClockSchema, { anchorEventMs, anchorWallMs, speed });

function setUp() {
  const live = new MemoryLiveChannel();
  const follower = new RaceClockFollower(live, "r");
  follower.start();
  const say = (payload: Uint8Array, race = "r") => live.publish(subjects.raceClock(race), payload);
  return { follower, say };
}

test("event time is wall time until ingest says otherwise", () => {
  const { follower, say } = setUp();
  expect(follower.clock).toMatchObject({ anchorEventMs: 0, anchorWallMs: 0, speed: 1 });
  say(toBinary(RaceClockSchema, clock(2)));
  expect(follower.clock).toMatchObject({ anchorEventMs: 5, anchorWallMs: 7, speed: 2 });
});

test("a clock of another race, one that stands still and one that cannot be read change nothing", () => {
  const { follower, say } = setUp();
  say(toBinary(RaceClockSchema, clock(2)));
  say(toBinary(RaceClockSchema, clock(3)), "r2");
  say(toBinary(RaceClockSchema, clock(0)));
  say(toBinary(RaceClockSchema, clock(Number.NaN)));
  say(toBinary(RaceClockSchema, clock(1, Number.POSITIVE_INFINITY)));
  say(new Uint8Array([255, 255]));
  expect(follower.clock.speed).toBe(2);
});

test("a stopped follower hears nothing", () => {
  const { follower, say } = setUp();
  follower.stop();
  say(toBinary(RaceClockSchema, clock(2)));
  expect(follower.clock.speed).toBe(1);
});
