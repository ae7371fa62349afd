import { type Fact, FlagState, type LapFact } from "@burnline/contract";
import { reasonCode, reasonWords } from "./format.ts";
import { toReading } from "./fuel-reading.ts";
import type { Units } from "./settings.ts";

/** One lap on the chart, in the chosen unit. */
export interface ChartLap {
  readonly lapNumber: number;
  readonly value: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly isValid: boolean;
  readonly code: string;
  readonly words: string;
}

/** A stretch of laps, both ends included. */
export interface LapBand {
  readonly type: "caution" | "pit";
  readonly fromLap: number;
  readonly toLap: number;
}

export interface LapChartModel {
  readonly laps: readonly ChartLap[];
  readonly bands: readonly LapBand[];
}

export function lapChartModel(facts: readonly Fact[], units: Units, densityKgPerL: number): LapChartModel {
  const laps: LapFact[] = [];
  for (const fact of facts) if (fact.body.case === "lap") laps.push(fact.body.value);
  return {
    laps: laps.map((lap) => chartLap(lap, units, densityKgPerL)),
    bands: [
      ...bandsOf(laps, "caution", (lap) => lap.flags.includes(FlagState.CAUTION) || lap.flags.includes(FlagState.RED)),
      ...bandsOf(laps, "pit", (lap) =>
        lap.reasons.some((reason) => reason === "pit" || reason === "in" || reason === "out"),
      ),
    ],
  };
}

/** Low and high are the ends on the screen: more fuel means less mileage, so mpg turns the interval round. */
function chartLap(lap: LapFact, units: Units, densityKgPerL: number): ChartLap {
  const reading = (burnKg: number | undefined) => toReading(units, burnKg, lap.distanceMm / 1000, densityKgPerL);
  const ends = [reading(lap.burnKg?.p10), reading(lap.burnKg?.p90)];
  const [first, last] = units === "mpg" ? ends.reverse() : ends;
  return {
    lapNumber: lap.lapNumber,
    value: reading(lap.burnKg?.p50),
    low: first,
    high: last,
    isValid: lap.reasons.length === 0,
    code: reasonCode(lap.reasons),
    words: reasonWords(lap.reasons),
  };
}

function bandsOf(laps: readonly LapFact[], type: LapBand["type"], isIn: (lap: LapFact) => boolean): LapBand[] {
  const bands: LapBand[] = [];
  for (const lap of laps) {
    if (!isIn(lap)) continue;
    const last = bands.at(-1);
    if (last !== undefined && lap.lapNumber <= last.toLap + 1)
      bands[bands.length - 1] = { ...last, toLap: lap.lapNumber };
    else bands.push({ type, fromLap: lap.lapNumber, toLap: lap.lapNumber });
  }
  return bands;
}

/** Laps this far outside the valid ones still lie on the chart; others are drawn at its edge with their value. */
const RANGE_MARGIN = 0.35;

/**
 * Range of the valid laps, whiskers and all, with room around. A lap behind the pace car goes three times as far on
 * its fuel; on its scale a saving of three percent would be a line. Without valid laps, the range of all.
 */
export function chartRange(model: LapChartModel): [number, number] {
  const valid = model.laps.filter((lap) => lap.isValid);
  const shown = valid.length === 0 ? model.laps : valid;
  const values = shown.flatMap((lap) => [lap.value, lap.low, lap.high]).filter((value) => value !== undefined);
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const margin = Math.max((high - low) * RANGE_MARGIN, high * 0.03, 0.01);
  return [Math.max(0, low - margin), high + margin];
}
