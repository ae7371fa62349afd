import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addLap, averagesWith, freshAverages, type LapSummary, RECENT_LAPS_MAX, toAverages } from "./averages.ts";
import { isOutlier } from "./lap-validity.ts";

const summary: fc.Arbitrary<LapSummary> = fc.record({
  burnUg: fc.integer({ min: 1, max: 3_000_000_000 }),
  isValid: fc.boolean(),
  isClean: fc.boolean(),
  isCautionLap: fc.boolean(),
});

function averagesOf(laps: readonly LapSummary[]) {
  const state = freshAverages();
  for (const lap of laps) addLap(state, lap);
  return state;
}

describe("averages", () => {
  it("ignore laps that are not valid", () => {
    fc.assert(
      fc.property(fc.array(summary, { maxLength: 40 }), (laps) => {
        const all = toAverages(averagesOf(laps));
        const valid = toAverages(averagesOf(laps.filter((lap) => lap.isValid)));
        for (const key of ["validLaps", "lastNKg", "allGreenKg", "minKg", "maxKg"] as const)
          expect(all[key]).toBe(valid[key]);
      }),
    );
  });

  it("say what the laps say", () => {
    fc.assert(
      fc.property(
        fc.array(summary, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (laps, lastN) => {
          const burns = laps.filter((lap) => lap.isValid).map((lap) => lap.burnUg / 1e9);
          const averages = toAverages(averagesOf(laps), lastN);
          const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
          expect(averages.validLaps).toBe(burns.length);
          if (burns.length === 0) {
            expect(averages).toMatchObject({
              lastNKg: undefined,
              allGreenKg: undefined,
              minKg: undefined,
              maxKg: undefined,
            });
            return;
          }
          expect(averages.allGreenKg).toBeCloseTo(mean(burns), 9);
          expect(averages.lastNKg).toBeCloseTo(mean(burns.slice(-lastN)), 9);
          expect(averages.minKg).toBe(Math.min(...burns));
          expect(averages.maxKg).toBe(Math.max(...burns));
        },
      ),
    );
  });

  it("are the same whether a lap is already closed or still open", () => {
    fc.assert(
      fc.property(fc.array(summary, { maxLength: 40 }), fc.integer({ min: 0, max: 40 }), (laps, cut) => {
        expect(averagesWith(averagesOf(laps.slice(0, cut)), laps.slice(cut))).toEqual(averagesOf(laps));
      }),
    );
  });

  it("keep a bounded number of laps", () => {
    const lap = { burnUg: 1, isValid: true, isClean: true, isCautionLap: false };
    const state = averagesOf(Array.from({ length: 500 }, () => lap));
    expect(state.recentValidUg).toHaveLength(RECENT_LAPS_MAX);
    expect(state.validCount).toBe(500);
  });
});

describe("an outlier", () => {
  it("needs a basis", () => {
    expect(isOutlier(5, [1, 1, 1, 1])).toBe(false);
    expect(isOutlier(5, [1, 1, 1, 1, 1])).toBe(true);
  });

  it("is not what a driver can do: 18 % less is saving", () => {
    expect(isOutlier(0.82, [1, 1.01, 0.99, 1, 1])).toBe(false);
    expect(isOutlier(0.7, [1, 1.01, 0.99, 1, 1])).toBe(true);
  });

  it("is believed when the car has really changed", () => {
    const basis = Array.from({ length: 10 }, () => 1);
    const flagged: boolean[] = [];
    for (let lap = 0; lap < 20; lap++) {
      flagged.push(isOutlier(1.5, basis));
      basis.push(1.5);
      basis.splice(0, Math.max(0, basis.length - RECENT_LAPS_MAX));
    }
    expect(flagged[0]).toBe(true);
    expect(flagged.at(-1)).toBe(false);
  });
});
