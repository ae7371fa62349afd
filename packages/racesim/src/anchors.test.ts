import { beforeAll, describe, expect, it } from "vitest";
import { RaceSim } from "./race.ts";
import { LITRES_PER_GALLON, NOMINAL_FUEL_KG_PER_LITRE, TRACK_SPECS } from "./track.ts";
import type { LapTruthRecord } from "./truth.ts";

const SEEDS = [21, 22];
const LAPS = 70;

interface Anchors {
  readonly lapS: number;
  readonly gallonsPerLap: number;
  readonly savedShare: number;
  readonly cautionShare: number;
}

/** Lap 2 and later, off pit road; green laps without restarts (5 % slower than the median), caution laps as a whole. */
function measure(trackId: string): Anchors {
  const green: LapTruthRecord[] = [];
  const saving: LapTruthRecord[] = [];
  const caution: LapTruthRecord[] = [];
  for (const seed of SEEDS) {
    const sim = new RaceSim({ seed, trackId, cars: 40, sampleRateHz: 10, startMs: 0, laps: LAPS });
    for (let step = sim.step(); step !== undefined; step = sim.step()) {
      for (const record of step.truth) {
        if (record.type !== "lap" || record.lapNumber < 2 || record.pitRoadMs > 0) continue;
        if (record.cautionMs >= record.timeMs - record.startMs - 50) caution.push(record);
        else if (record.cautionMs === 0 && record.savingLevel === 0) green.push(record);
        else if (record.cautionMs === 0 && record.savingLevel > 0.5) saving.push(record);
      }
    }
  }
  const seconds = (lap: LapTruthRecord) => (lap.timeMs - lap.startMs) / 1000;
  const times = green.map(seconds).sort((a, b) => a - b);
  const slowestS = 1.05 * times[times.length >> 1]!;
  const clean = green.filter((lap) => seconds(lap) < slowestS);
  const cleanSaving = saving.filter((lap) => seconds(lap) < slowestS);
  expect(Math.min(clean.length / 100, cleanSaving.length, caution.length)).toBeGreaterThan(10);
  const burn = (laps: LapTruthRecord[]) => mean(laps.map((lap) => lap.burnKg));
  return {
    lapS: mean(clean.map(seconds)),
    gallonsPerLap: burn(clean) / NOMINAL_FUEL_KG_PER_LITRE / LITRES_PER_GALLON,
    savedShare: 1 - burn(cleanSaving) / burn(clean),
    cautionShare: burn(caution) / burn(clean),
  };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

// Source of the anchors: fuel.md 1.3 and 1.4.
describe.each(TRACK_SPECS)("anchors of $id", (spec) => {
  let anchors: Anchors;
  beforeAll(() => {
    anchors = measure(spec.id);
  });

  it("green lap within 2 % of the table", () => {
    expect(Math.abs(anchors.lapS / spec.greenLapS.value - 1)).toBeLessThan(0.02);
  });

  it("green burn within 5 % of the middle of the table", () => {
    expect(Math.abs(anchors.gallonsPerLap / spec.greenBurnGalPerLap.value - 1)).toBeLessThan(0.05);
  });

  it("a caution lap burns 17 to 34 % of a green lap", () => {
    expect(anchors.cautionShare).toBeGreaterThan(0.17);
    expect(anchors.cautionShare).toBeLessThan(0.34);
  });

  it("a saving driver burns 2 to 12 % less than those who do not save", () => {
    expect(anchors.savedShare).toBeGreaterThan(0.02);
    expect(anchors.savedShare).toBeLessThan(0.12);
  });
});
