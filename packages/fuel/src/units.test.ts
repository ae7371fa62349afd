import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as units from "./units.ts";

const amount = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const density = fc.double({ min: 0.6, max: 1, noNaN: true });

describe("units", () => {
  it("come back from a round trip", () => {
    fc.assert(
      fc.property(amount, density, (value, kgPerL) => {
        const near = (number: number | undefined) =>
          expect(Math.abs((number ?? Number.NaN) / value - 1)).toBeLessThan(1e-12);
        near(units.litresToKg(units.toLitres(value, kgPerL), kgPerL));
        near(units.gallonsToLitres(units.toUsGallons(value)));
        near(units.gallonsToKg(units.kgToGallons(value, kgPerL), kgPerL));
        near(units.milesToMetres(units.metresToMiles(value)));
        near(units.mphToMetresPerSecond(units.toMph(value)));
        near(units.litresPer100KmToMpg(units.mpgToLitresPer100Km(value) ?? 0));
      }),
    );
  });

  it("agree with the figures everybody knows", () => {
    expect(units.toMph(44.704)).toBeCloseTo(100, 9);
    expect(units.gallonsToLitres(20)).toBeCloseTo(75.708, 3);
    expect(units.poundsPerGallonToKgPerL(6.15)).toBeCloseTo(0.7369, 4);
    expect(units.mpgToLitresPer100Km(5)).toBeCloseTo(47.043, 3);
    // 1.5 miles on 0.333 gal: the Charlotte anchor, 4.5 mpg.
    expect(units.toMpg(units.milesToMetres(1.5), units.gallonsToKg(0.333, 0.737), 0.737)).toBeCloseTo(4.505, 3);
    expect(units.toLitresPer100Km(1_000, 0.75, 0.75)).toBeCloseTo(100, 9);
    expect(units.toKmPerHour(10)).toBeCloseTo(36, 9);
    expect(units.toKgPerHour(0.01)).toBeCloseTo(36, 9);
  });

  it("have no economy for a car that burned nothing or did not move", () => {
    expect(units.toMpg(1_000, 0, 0.75)).toBeUndefined();
    expect(units.toLitresPer100Km(0, 1, 0.75)).toBeUndefined();
    expect(units.toMpg(Number.NaN, 1, 0.75)).toBeUndefined();
    expect(units.mpgToLitresPer100Km(0)).toBeUndefined();
  });
});
