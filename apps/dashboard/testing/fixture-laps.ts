import { create, FlagState, LapFactSchema } from "@burnline/contract";
import { FIXTURE_START_MS, GREEN_KG, LAP_MS, TRACK_M } from "./fixture-field.ts";

/** Uniform in [0, 1), the same for the same two numbers. */
export function noise(a: number, b: number): number {
  const mixed = Math.sin(a * 127.1 + b * 311.7) * 43_758.5453;
  return mixed - Math.floor(mixed);
}

export function meterOf(ratio: number): string {
  return ratio > 1.03 ? "hard" : ratio < 0.97 ? "saving" : "neutral";
}

/** A lap of the car at this place, with every reason for which one can be left out. */
export function fixtureLap(index: number, lapNumber: number) {
  const reasons = reasonsOf(index, lapNumber);
  const isCaution = reasons.includes("caution");
  const saving = lapNumber > 48 ? (noise(index, 1) - 0.45) * 0.16 : 0;
  const kg = (isCaution ? 0.3 : GREEN_KG) * (1 - saving + (noise(index, lapNumber + 20) - 0.5) * 0.03);
  const startMs = FIXTURE_START_MS + lapNumber * LAP_MS + index * 300;
  return create(LapFactSchema, {
    lapNumber,
    startMs,
    endMs: startMs + LAP_MS * (isCaution ? 2.3 : 1),
    samples: 3_700,
    burnKg: { p10: kg * 0.965, p50: kg, p90: kg * 1.035 },
    split: { greenUg: kg * 1e9 },
    distanceMm: TRACK_M * 1000,
    durationMs: LAP_MS * (isCaution ? 2.3 : 1) + 900 * noise(index, lapNumber),
    gapMs: reasons.includes("gap") ? 2_400 : 0,
    flags: isCaution ? [FlagState.CAUTION] : [FlagState.GREEN],
    reasons,
    stintNumber: lapNumber < 24 ? 1 : 2,
    stageNumber: lapNumber <= 50 ? 1 : 2,
    averages: {
      validLaps: 38,
      lastN: 5,
      ...(index % 13 === 12 ? {} : { lastNKgPerLap: GREEN_KG * (1 - saving), savedFraction: saving }),
      allGreenKgPerLap: GREEN_KG,
      minKgPerLap: GREEN_KG * 0.91,
      maxKgPerLap: GREEN_KG * 1.04,
      cautionKgPerLap: 0.3,
      meter: meterOf(1 - saving),
      ...(saving > 0.04 ? { savingSinceLapNumber: 49 } : {}),
    },
  });
}

function reasonsOf(index: number, lapNumber: number): string[] {
  if (lapNumber === 1) return ["out"];
  if (lapNumber >= 20 && lapNumber <= 22) return ["caution"];
  if (lapNumber === 23) return ["caution", "in", "pit"];
  if (lapNumber === 24) return ["out", "caution"];
  if (lapNumber === 25) return ["restart"];
  if (lapNumber === 51 || lapNumber === 52) return ["caution"];
  if (lapNumber === 53) return ["restart"];
  if (lapNumber === 40 && index % 3 === 0) return ["gap"];
  if (lapNumber === 57 && index % 11 === 4) return ["outlier"];
  return [];
}
