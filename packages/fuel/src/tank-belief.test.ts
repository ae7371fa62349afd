import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findCarProfile } from "./profiles.ts";
import { TankBelief } from "./tank-belief.ts";
import type { Burned } from "./tank-state.ts";
import { gallonsToKg } from "./units.ts";

const profile = findCarProfile("nextgen")!;
const density = profile.fuelDensityKgPerL;
const fullKg = profile.usableFuelLitres * density;
const burned = (burnedKg: number, gapKg = 0): Burned => ({ burnedKg, gapKg });
const gallons = (count: number) => gallonsToKg(count, density);

function startedFull(): TankBelief {
  const tank = new TankBelief(profile);
  tank.startWith(0, true, 0);
  return tank;
}

/** Into the box for so many seconds after burning that much. */
function stop(tank: TankBelief, atMs: number, seconds: number, at: Burned): void {
  tank.beginStop(atMs - 10_000, at);
  tank.boxStopped(atMs, at);
  tank.boxLeft(atMs + seconds * 1_000);
}

describe("the tank", () => {
  it("is unknown with a reason until something is known", () => {
    const tank = new TankBelief(profile);
    expect(tank.level(burned(3))).toBeUndefined();
    expect(tank.reason).toBe("fuel aboard at the start is not known");
    tank.fill(1_000, 20, false, burned(3));
    expect(tank.level(burned(3))).toBeUndefined();
    tank.fill(2_000, 0, true, burned(3));
    expect(tank.level(burned(3))!.meanKg).toBeCloseTo(fullKg, 9);
    expect(tank.anchor).toBe("full fill");
  });

  it("starts full, or with what the entry list says, whenever the list comes", () => {
    const tank = startedFull();
    expect(tank.level(burned(10))!.meanKg).toBeCloseTo(fullKg - 10, 9);
    tank.startWith(40, false, 0);
    expect(tank.level(burned(10))!.meanKg).toBeCloseTo(40 * density - 10, 9);
    tank.fill(50_000, 5, false, burned(10));
    tank.startWith(0, true, 0);
    expect(tank.level(burned(10))!.meanKg).toBeCloseTo(45 * density - 10, 2);
  });

  it("gets less certain with every kilogram burned", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 54, noNaN: true }), fc.double({ min: 0, max: 54, noNaN: true }), (a, b) => {
        const tank = startedFull();
        const [less, more] = a < b ? [a, b] : [b, a];
        expect(tank.level(burned(more))!.sdKg).toBeGreaterThanOrEqual(tank.level(burned(less))!.sdKg);
        expect(tank.level(burned(more, 1))!.sdKg).toBeGreaterThan(tank.level(burned(more))!.sdKg);
      }),
    );
  });

  it("is known again after a full service whose amount is reported", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 12, burned(45));
    tank.fill(1_005_000, 61, true, burned(45));
    const level = tank.level(burned(45))!;
    expect(level.meanKg).toBeCloseTo(fullKg, 9);
    expect(level.sdKg).toBeLessThan(gallons(0.25));
  });

  it("is not full after a splash: two gallons more, and less certain", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 2.5, burned(45));
    const before = startedFull().level(burned(45))!;
    const guess = tank.level(burned(45))!;
    expect(tank.anchor).toBe("stop without amount");
    expect(guess.meanKg - before.meanKg).toBeCloseTo(gallons(1.5 * 1.5), 1);
    expect(guess.sdKg).toBeGreaterThan(before.sdKg);
    tank.fill(1_030_000, 7.5, false, burned(46));
    expect(tank.anchor).toBe("partial fill");
    expect(tank.level(burned(46))!.meanKg).toBeCloseTo(before.meanKg + 7.5 * density - 1, 2);
  });

  it("is not taken for full because there was a stop", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 6, burned(50));
    const level = tank.level(burned(50))!;
    expect(level.meanKg + 2 * level.sdKg).toBeLessThan(fullKg);
  });

  it("stays wide even after a stop that was long enough to fill it", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 16, burned(45));
    expect(tank.level(burned(45))!.meanKg).toBeLessThanOrEqual(fullKg);
    expect(tank.level(burned(45))!.meanKg).toBeGreaterThan(0.93 * fullKg);
    expect(tank.level(burned(45))!.sdKg).toBeGreaterThan(gallons(1.5));
  });

  it("gets nothing from a stop that is reported to bring none", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 8, burned(45));
    tank.fill(1_020_000, 0, false, burned(45));
    expect(tank.level(burned(45))!.meanKg).toBeCloseTo(fullKg - 45, 9);
    expect(tank.anchor).toBe("start");
  });

  it("adds up two cans of one stop, whenever they are reported", () => {
    const tank = startedFull();
    stop(tank, 1_000_000, 12, burned(50));
    tank.fill(1_004_000, 20, false, burned(50));
    tank.fill(1_040_000, 15, false, burned(51));
    expect(tank.level(burned(51))!.meanKg).toBeCloseTo(fullKg - 51 + 35 * density, 1);
  });

  it("guesses from the time the car stood when no crew told of the stop, and nothing from a drive-through", () => {
    const stood = startedFull();
    stood.beginStop(1_000_000, burned(45));
    stood.endStop(1_030_000, 8_000);
    expect(stood.anchor).toBe("stop without amount");
    const driven = startedFull();
    driven.beginStop(1_000_000, burned(45));
    driven.endStop(1_020_000, 300);
    expect(driven.anchor).toBe("start");
    const untimed = startedFull();
    untimed.beginStop(1_000_000, burned(45));
    untimed.endStop(1_020_000, undefined);
    expect(untimed.level(burned(45))!.sdKg).toBeGreaterThan(stood.level(burned(45))!.sdKg);
  });

  it("is unknown after the car was put somewhere else", () => {
    const tank = startedFull();
    tank.lose("the car was reset");
    expect(tank.level(burned(1))).toBeUndefined();
    tank.startWith(0, true, 0);
    expect(tank.reason).toBe("the car was reset");
  });
});
