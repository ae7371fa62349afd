import { create, ServerMessageSchema } from "@burnline/contract";
import { FEED_NOT_STARTED, ServerClock } from "@burnline/contract/feed-client";
import { expect, test } from "vitest";
import { LatencyProbe } from "./latency-probe.ts";
import { EMPTY_RACE, type RaceState, reduceRace } from "./race-state.ts";
import type { Picture } from "./race-store.ts";

/** The server's clock is 1000 ms ahead of ours; event time runs at twice the speed. */
function measure(measurementsMax?: number) {
  const clock = new ServerClock();
  clock.greet(11_000, 10_000);
  const probe = new LatencyProbe(clock, measurementsMax);
  const hello = create(ServerMessageSchema, {
    op: { case: "hello", value: { serverTimeMs: 11_000, clock: { anchorEventMs: 0, anchorWallMs: 11_000, speed: 2 } } },
  });
  let race: RaceState = reduceRace(EMPTY_RACE, hello);
  const picture = (): Picture => ({ race, feed: FEED_NOT_STARTED, dataAtMs: undefined });
  return {
    probe,
    hello: () => {
      race = reduceRace(
        race,
        create(ServerMessageSchema, {
          op: {
            case: "hello",
            value: { serverTimeMs: 11_000, clock: { anchorEventMs: 0, anchorWallMs: 11_000, speed: 2 } },
          },
        }),
      );
    },
    paint: (nowMs: number, eventTimeMs: number, window?: { startMs: number; endMs: number; revision: number }) => {
      const car = {
        car: "24",
        eventTimeMs,
        live: { eventTimeMs },
        ...(window === undefined
          ? {}
          : { lastWindow: { startMs: window.startMs, endMs: window.endMs }, lastWindowRevision: window.revision }),
      };
      race = reduceRace(race, create(ServerMessageSchema, { op: { case: "delta", value: { id: 1, cars: [car] } } }));
      probe.painted(picture(), nowMs);
    },
  };
}

test("a live value is as old as its paint is after its event time, on the server's clock", () => {
  const { probe, paint } = measure();
  paint(10_020, 0);
  paint(10_150, 200);
  paint(10_250, 400);
  expect(probe.report().live).toEqual([50, 50]);
});

test("a window counts from its end, once, and only its first revision", () => {
  const { probe, paint } = measure();
  paint(10_000, 0, { startMs: 0, endMs: 1_000, revision: 0 });
  paint(11_100, 2_100, { startMs: 1_000, endMs: 2_000, revision: 0 });
  paint(11_200, 2_200, { startMs: 1_000, endMs: 2_000, revision: 1 });
  paint(11_700, 3_100, { startMs: 2_000, endMs: 3_000, revision: 1 });
  expect(probe.report().window).toEqual([100]);
});

test("what the first picture of a connection holds is history and is not measured", () => {
  const { probe, paint, hello } = measure();
  paint(50_000, 0);
  hello();
  paint(60_000, 200);
  expect(probe.report()).toEqual({ live: [], window: [] });
  paint(60_100, 400);
  expect(probe.report().live.length).toBe(1);
});

test("a picture without news measures nothing", () => {
  const { probe, paint } = measure();
  paint(10_000, 100);
  paint(10_100, 100);
  expect(probe.report().live).toEqual([]);
});

test("the measurements are bounded and the oldest leave", () => {
  const { probe, paint } = measure(100);
  paint(10_000, 0);
  for (let index = 1; index <= 1_001; index++) paint(11_000 + index + index, index * 2);
  const { live } = probe.report();
  expect(live.length).toBeLessThanOrEqual(100);
  expect(live.length).toBeGreaterThanOrEqual(90);
  expect(live.at(-1)).toBe(2_001);
});
