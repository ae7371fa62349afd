import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOMINAL_AMBIENT, NOMINAL_ENGINE, operatingPoint } from "./engine.ts";
import { EngineTable, RPM_MAX, RPM_MIN } from "./engine-table.ts";

const WATTS_PER_HP = 745.7;
const GRAMS_PER_POUND = 453.592;
const rpm = fc.double({ min: RPM_MIN, max: RPM_MAX, noNaN: true });
const throttle = fc.double({ min: 0, max: 1, noNaN: true });
const at = (n: number, pedal: number) => operatingPoint(NOMINAL_ENGINE, NOMINAL_AMBIENT, n, pedal);

describe("engine", () => {
  it("never takes less air for more throttle, and never burns less", () => {
    fc.assert(
      fc.property(rpm, throttle, throttle, (n, a, b) => {
        const less = at(n, Math.min(a, b));
        const more = at(n, Math.max(a, b));
        expect(more.airKgPerS).toBeGreaterThanOrEqual(less.airKgPerS * (1 - 1e-7));
        expect(more.fuelKgPerS).toBeGreaterThanOrEqual(less.fuelKgPerS * (1 - 1e-7));
        expect(more.manifoldPressurePa).toBeLessThanOrEqual(NOMINAL_AMBIENT.pressurePa);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes no less air at more engine speed with the throttle wide open below the power peak", () => {
    for (let n = 3000; n <= 8800; n += 100) expect(at(n + 100, 1).airKgPerS).toBeGreaterThan(at(n, 1).airKgPerS);
  });

  it("is driven by the car when closed and turning fast, and gains nothing from injectors that are off", () => {
    fc.assert(
      fc.property(rpm, throttle, (n, pedal) => {
        const point = at(n, pedal);
        expect(point.motoringPowerW).toBeLessThan(0);
        expect(point.brakePowerW).toBeGreaterThan(point.motoringPowerW);
      }),
    );
    expect(at(8000, 0).brakePowerW).toBeLessThan(0);
  });

  it("peaks at 670 hp within 2 % and drinks about 0.45 lb/hp-h there", () => {
    let best = { hp: 0, bsfc: 0 };
    for (let n = 4000; n <= 9500; n += 50) {
      const point = at(n, 1);
      const hp = point.brakePowerW / WATTS_PER_HP;
      const bsfc = (((point.fuelKgPerS * 1000) / GRAMS_PER_POUND) * 3600) / hp;
      if (hp > best.hp) best = { hp, bsfc };
    }
    expect(Math.abs(best.hp / 670 - 1)).toBeLessThan(0.02);
    expect(best.bsfc).toBeGreaterThan(0.43);
    expect(best.bsfc).toBeLessThan(0.48);
  });

  it("saturates: at 4,000 rpm a 30 % pedal already burns more than half of full throttle, at 8,800 rpm less", () => {
    expect(at(4000, 0.3).fuelKgPerS / at(4000, 1).fuelKgPerS).toBeGreaterThan(0.85);
    expect(at(8800, 0.3).fuelKgPerS / at(8800, 1).fuelKgPerS).toBeLessThan(0.6);
  });
});

describe("engine table", () => {
  const table = new EngineTable(NOMINAL_ENGINE, NOMINAL_AMBIENT);

  // Worst over a dense grid: 0.92 %, where the pedal just opens at low speed.
  it("is within 1 % of the full-load fuel and power of the engine it was made from", () => {
    fc.assert(
      fc.property(rpm, throttle, (n, pedal) => {
        table.operate(n, pedal);
        const exact = at(n, pedal);
        const full = at(n, 1);
        expect(Math.abs(table.fuelKgPerS - exact.fuelKgPerS) / full.fuelKgPerS).toBeLessThan(0.01);
        expect(Math.abs(table.brakePowerW - exact.brakePowerW) / full.brakePowerW).toBeLessThan(0.01);
      }),
      { numRuns: 2000 },
    );
  });

  it("finds the pedal for a power: operating it gives that power within 2 % of full load", () => {
    fc.assert(
      fc.property(rpm, throttle, (n, pedal) => {
        table.operate(n, pedal);
        const wanted = table.brakePowerW;
        table.operate(n, table.pedalFor(n, wanted));
        expect(Math.abs(table.brakePowerW - wanted)).toBeLessThan(0.02 * at(n, 1).brakePowerW);
      }),
    );
    expect(table.pedalFor(6000, -1e9)).toBe(0);
    expect(table.pedalFor(6000, 1e9)).toBe(1);
  });
});
