import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CarView, CarViewSchema } from "../generated/burnline/v1/live_pb.js";
import { newestCar } from "./newest-car.ts";

/** A view at a moment: lap and window follow from the time, as they do in a race. */
const viewArbitrary = fc
  .record({
    time: fc.integer({ min: 0, max: 40 }),
    lapRevision: fc.integer({ min: 0, max: 3 }),
    windowRevision: fc.integer({ min: 0, max: 3 }),
    hasLive: fc.boolean(),
    hasLap: fc.boolean(),
    hasWindow: fc.boolean(),
    hasStrategy: fc.boolean(),
  })
  .map(({ time, lapRevision, windowRevision, hasLive, hasLap, hasWindow, hasStrategy }) =>
    create(CarViewSchema, {
      car: "24",
      eventTimeMs: time,
      ...(hasLive ? { live: { car: "24", eventTimeMs: time } } : {}),
      ...(hasLap ? { lastLap: { startMs: Math.floor(time / 10) * 10 }, lastLapRevision: lapRevision } : {}),
      ...(hasWindow ? { lastWindow: { startMs: Math.floor(time / 2) * 2 }, lastWindowRevision: windowRevision } : {}),
      ...(hasStrategy ? { strategy: { lapNumber: Math.floor(time / 10) } } : {}),
    }),
  );

function isBehind(a: readonly (number | undefined)[], b: readonly (number | undefined)[]): boolean {
  for (const [index, value] of a.entries()) {
    const other = b[index];
    if (other === undefined) return false;
    if (value === undefined || value < other) return true;
    if (value > other) return false;
  }
  return false;
}

test("no part of a view ever goes back in event time or revision, nor gets lost", () => {
  fc.assert(
    fc.property(fc.array(viewArbitrary, { maxLength: 30 }), (messages) => {
      let view: CarView | undefined;
      for (const message of messages) {
        const before = view;
        view = newestCar(view, message);
        if (before === undefined) continue;
        expect(view.eventTimeMs).toBeGreaterThanOrEqual(before.eventTimeMs);
        expect(isBehind([view.live?.eventTimeMs], [before.live?.eventTimeMs])).toBe(false);
        expect(
          isBehind([view.lastLap?.startMs, view.lastLapRevision], [before.lastLap?.startMs, before.lastLapRevision]),
        ).toBe(false);
        expect(
          isBehind(
            [view.lastWindow?.startMs, view.lastWindowRevision],
            [before.lastWindow?.startMs, before.lastWindowRevision],
          ),
        ).toBe(false);
        if (before.strategy !== undefined) expect(view.strategy).toBeDefined();
      }
    }),
    { numRuns: 500 },
  );
});

test("a lean delta that only carries the gauge keeps the lap, the tank and the entry", () => {
  const full = create(CarViewSchema, {
    car: "24",
    entry: { car: "24", driver: "A" },
    eventTimeMs: 100,
    live: { eventTimeMs: 100 },
    lastLap: { lapNumber: 7, startMs: 50 },
    lastLapRevision: 2,
    strategy: { lapNumber: 7 },
    position: 3,
  });
  const lean = create(CarViewSchema, { car: "24", position: 2, eventTimeMs: 200, live: { eventTimeMs: 200 } });
  const merged = newestCar(full, lean);
  expect(merged).toMatchObject({ position: 2, eventTimeMs: 200, lastLapRevision: 2 });
  expect(merged.lastLap?.lapNumber).toBe(7);
  expect(merged.entry?.driver).toBe("A");
  expect(merged.strategy?.lapNumber).toBe(7);
});

test("a correction of the lap on screen is taken although its message is old", () => {
  const current = create(CarViewSchema, {
    eventTimeMs: 200,
    lastLap: { startMs: 50, physicsUg: 1 },
    lastLapRevision: 0,
  });
  const corrected = create(CarViewSchema, {
    eventTimeMs: 190,
    lastLap: { startMs: 50, physicsUg: 2 },
    lastLapRevision: 1,
  });
  expect(newestCar(current, corrected)).toMatchObject({ eventTimeMs: 200, lastLapRevision: 1 });
  expect(newestCar(current, corrected).lastLap?.physicsUg).toBe(2);
});
