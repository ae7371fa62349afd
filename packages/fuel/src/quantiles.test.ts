import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cappedMoments,
  logNormalInterval,
  normalCdf,
  normalQuantile,
  quantileOf,
  truncatedInterval,
  Z_90,
} from "./quantiles.ts";

const real = fc.double({ min: -100, max: 100, noNaN: true });
const spread = fc.double({ min: 0, max: 50, noNaN: true });

describe("quantiles", () => {
  it("of the normal are what the tables say", () => {
    expect(normalCdf(0)).toBeCloseTo(0.5, 6);
    expect(normalCdf(Z_90)).toBeCloseTo(0.9, 6);
    expect(normalCdf(-1.96)).toBeCloseTo(0.025, 4);
    expect(normalQuantile(0.9)).toBeCloseTo(Z_90, 3);
    expect(normalQuantile(0.025)).toBeCloseTo(-1.96, 2);
  });

  it("of a bounded belief lie within its bounds, in order", () => {
    fc.assert(
      fc.property(real, spread, real, spread, (mean, sd, min, room) => {
        const interval = truncatedInterval(mean, sd, min, min + room);
        if (interval === undefined) return;
        expect(interval.p10).toBeLessThanOrEqual(interval.p50);
        expect(interval.p50).toBeLessThanOrEqual(interval.p90);
        for (const quantile of [interval.p10, interval.p50, interval.p90]) {
          expect(quantile).toBeGreaterThanOrEqual(min - 3 * sd);
          if (sd > 0) expect(quantile).toBeGreaterThanOrEqual(min);
          if (sd > 0) expect(quantile).toBeLessThanOrEqual(min + room);
        }
      }),
    );
  });

  it("of a belief far from its bounds are the normal's own", () => {
    const { p10, p50, p90 } = truncatedInterval(50, 2, 0, 1_000)!;
    expect(p50).toBeCloseTo(50, 2);
    expect(p90 - 50).toBeCloseTo(2 * Z_90, 2);
    expect(50 - p10).toBeCloseTo(2 * Z_90, 2);
  });

  it("of a capped amount never exceed the cap and never gain certainty from nothing", () => {
    fc.assert(
      fc.property(real, spread, real, (mean, sd, max) => {
        const capped = cappedMoments(mean, sd, max);
        expect(capped.meanKg).toBeLessThanOrEqual(Math.max(max, Math.min(mean, max)) + 1e-9);
        expect(capped.meanKg).toBeLessThanOrEqual(mean + 1e-3);
        expect(capped.sdKg).toBeLessThanOrEqual(sd + 0.02);
      }),
    );
  });

  it("of a lognormal are never negative", () => {
    expect(logNormalInterval(0, 0.4)).toEqual({ p10: 0, p50: 0, p90: 0 });
    expect(logNormalInterval(1, 0.15).p10).toBeCloseTo(0.825, 3);
  });

  it("of a sample fall between its values", () => {
    expect(quantileOf([], 0.5)).toBeUndefined();
    expect(quantileOf([3, 1, 2], 0.5)).toBe(2);
    expect(quantileOf([4, 1, 2, 3], 0.5)).toBe(2.5);
  });
});
