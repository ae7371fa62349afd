import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addLap, freshAverages } from "./averages.ts";
import type { CarProfile } from "./car-profile.ts";
import { findCarProfile } from "./profiles.ts";
import { type Known, lapsLeft, levelInterval, type Pace, paceOf } from "./strategy.ts";
import type { Level } from "./tank-state.ts";

const nextgen = findCarProfile("nextgen")!;

function averagesOf(lapsKg: readonly number[]) {
  const averages = freshAverages();
  for (const kg of lapsKg)
    addLap(averages, { burnUg: Math.round(kg * 1e9), isValid: true, isClean: true, isCautionLap: false });
  return averages;
}

function known<T>(estimate: Known<T>): T {
  if ("reason" in estimate) throw new Error(estimate.reason);
  return estimate.value;
}

const level = (meanKg: number, burnedKg: number, anchorSdKg = 0.6): Level => ({
  meanKg,
  burnedKg,
  anchorSdKg,
  sdKg: Math.hypot(anchorSdKg, burnedKg * 0.028),
});
const pace = (kgPerLap: number, relativeSd = 0.01): Known<Pace> => ({ value: { kgPerLap, relativeSd, priorShare: 0 } });

describe("the pace", () => {
  it("is unknown with a reason when there is neither a lap nor a prior", () => {
    expect(paceOf(averagesOf([]), 0)).toEqual({ reason: "no valid lap yet, and no prior for this track" });
    expect(paceOf(averagesOf([]), Number.NaN)).toHaveProperty("reason");
  });

  it("begins with the track's prior and leaves it lap by lap", () => {
    const shares = [0, 1, 2, 5, 20].map((count) =>
      known(paceOf(averagesOf(Array.from({ length: count }, () => 1)), 1.2)),
    );
    expect(shares.map(({ priorShare }) => priorShare)).toEqual([1, 3 / 4, 3 / 5, 3 / 8, 3 / 23]);
    for (let index = 1; index < shares.length; index++) {
      expect(shares[index]!.kgPerLap).toBeLessThan(shares[index - 1]!.kgPerLap);
      expect(shares[index]!.relativeSd).toBeLessThan(shares[index - 1]!.relativeSd);
    }
  });

  it("is never certain on a thin basis", () => {
    expect(known(paceOf(averagesOf([1]), 0)).relativeSd).toBeGreaterThanOrEqual(0.05);
    expect(known(paceOf(averagesOf([1, 1, 1, 1, 1, 1]), 0)).relativeSd).toBeGreaterThan(0.005);
  });

  it("stays finite for a car that burned nothing", () => {
    expect(paceOf(averagesOf([0, 0, 0]), 0)).toHaveProperty("reason");
  });
});

describe("laps left", () => {
  it("knows a tank of 50 laps to about three of them before any calibration, to one with a calibrated scale", () => {
    const sd = (profile: CarProfile) => {
      const { p10, p50, p90 } = known(lapsLeft(level(27, 27), "", pace(1.08), profile));
      expect(p50).toBeCloseTo(25, 1);
      return (p90 - p10) / 2 / 1.2816;
    };
    expect(sd(nextgen)).toBeCloseTo(3, 0);
    // Design note on fuel, 2.4: 1.5 % of the car, 1.2 % of the stint and the capacity give ± 1.09 lap at 50.
    expect(sd({ ...nextgen, carScaleRelativeSd: 0.015, stintBurnRelativeSd: 0.012 })).toBeCloseTo(1.1, 0);
  });

  it("is ordered, never negative, and wider for a less certain tank or pace", () => {
    const kg = fc.double({ min: 5, max: 50, noNaN: true });
    fc.assert(
      fc.property(kg, kg, fc.double({ min: 0.3, max: 2, noNaN: true }), (left, gone, perLap) => {
        const width = (anchorSd: number, relativeSd: number) => {
          const { p10, p50, p90 } = known(lapsLeft(level(left, gone, anchorSd), "", pace(perLap, relativeSd), nextgen));
          expect(p10).toBeGreaterThanOrEqual(0);
          expect(p10).toBeLessThanOrEqual(p50);
          expect(p50).toBeLessThanOrEqual(p90);
          return p90 - p10;
        };
        // Near the empty tank the bound at zero cuts the interval; far from it wider stays wider.
        if (left < 20) return;
        expect(width(1.5, 0.01)).toBeGreaterThan(width(0.5, 0.01));
        expect(width(0.5, 0.05)).toBeGreaterThan(width(0.5, 0.01));
      }),
    );
  });

  it("does not get certain as the tank empties", () => {
    const width = (left: number) => {
      const { p10, p90 } = known(lapsLeft(level(left, 54 - left), "", pace(1.08), nextgen));
      return p90 - p10;
    };
    expect(width(10)).toBeGreaterThan(0.85 * width(54));
  });

  it("says so when the car has outlasted every belief", () => {
    expect(lapsLeft(level(-30, 84), "", pace(1.08), nextgen)).toHaveProperty("reason");
    expect(levelInterval(level(-30, 84), "", 55)).toHaveProperty("reason");
  });

  it("passes on why it is not known", () => {
    expect(lapsLeft(undefined, "the car was reset", pace(1), nextgen)).toEqual({ reason: "the car was reset" });
    expect(lapsLeft(level(20, 30), "", { reason: "no lap" }, nextgen)).toEqual({ reason: "no lap" });
  });
});
