import { type AveragesState, meanKg } from "./averages.ts";
import type { CarProfile } from "./car-profile.ts";
import { type Interval, truncatedInterval } from "./quantiles.ts";
import type { Level } from "./tank-state.ts";

/** An interval, or why there is none. */
export type Known<T> = { readonly value: T } | { readonly reason: string };

/** Green burn per lap as far as it is known. */
export interface Pace {
  readonly kgPerLap: number;
  readonly relativeSd: number;
  /** Share of it that came from the track's prior instead of the car's own laps. */
  readonly priorShare: number;
}

/** The track's prior counts as much as this many of the car's own laps. */
const PRIOR_WEIGHT_LAPS = 3;
/** Of the track's prior for one car: the fuel windows that were published span about ± 10 % (design note on fuel, 1.4). */
const PRIOR_RELATIVE_SD = 0.1;
// Latest valid laps that stand for how the car is driven now.
const PACE_LAPS = 5;
// Laps of one driver differ by at least this (lap error of the burn model, design note on fuel, 2.7).
const LAP_RELATIVE_SD_MIN = 0.015;
// With so few laps their own spread says nothing.
const SPREAD_LAPS_MIN = 4;
const THIN_LAP_RELATIVE_SD = 0.05;

/** priorKgPerLap 0 = the track has none. */
export function paceOf(averages: AveragesState, priorKgPerLap: number): Known<Pace> {
  const laps = averages.recentValidUg.slice(-PACE_LAPS);
  const ownKg = meanKg(laps);
  const hasPrior = priorKgPerLap > 0 && Number.isFinite(priorKgPerLap);
  if (ownKg === undefined || !(ownKg > 0)) {
    if (!hasPrior) return { reason: "no valid lap yet, and no prior for this track" };
    return { value: { kgPerLap: priorKgPerLap, relativeSd: PRIOR_RELATIVE_SD, priorShare: 1 } };
  }
  const ownSd = ownRelativeSd(laps) / Math.sqrt(laps.length);
  if (!hasPrior) return { value: { kgPerLap: ownKg, relativeSd: ownSd, priorShare: 0 } };
  const priorShare = PRIOR_WEIGHT_LAPS / (PRIOR_WEIGHT_LAPS + averages.validCount);
  const kgPerLap = priorShare * priorKgPerLap + (1 - priorShare) * ownKg;
  const sdKg = Math.hypot(priorShare * priorKgPerLap * PRIOR_RELATIVE_SD, (1 - priorShare) * ownKg * ownSd);
  return { value: { kgPerLap, relativeSd: sdKg / kgPerLap, priorShare } };
}

function ownRelativeSd(laps: readonly number[]): number {
  if (laps.length < SPREAD_LAPS_MIN) return THIN_LAP_RELATIVE_SD;
  const mean = laps.reduce((sum, lap) => sum + lap, 0) / laps.length;
  const variance = laps.reduce((sum, lap) => sum + (lap - mean) ** 2, 0) / (laps.length - 1);
  return Math.max(LAP_RELATIVE_SD_MIN, mean > 0 ? Math.sqrt(variance) / mean : THIN_LAP_RELATIVE_SD);
}

export function levelInterval(level: Level | undefined, reason: string, levelMaxKg: number): Known<Interval> {
  if (level === undefined) return { reason };
  const interval = truncatedInterval(level.meanKg, level.sdKg, 0, levelMaxKg);
  return interval === undefined ? { reason: BELIEF_REFUTED } : { value: interval };
}

const BELIEF_REFUTED = "the car has run longer than its tank was believed to last";

/**
 * Laps at green pace until the tank is empty. With fuel F at the anchor, B burned since and g per lap, both by a model of
 * scale s: F/(s·g) − B/g, so the scale's part, (F/g)·σ_s, does not shrink as the tank empties (design note on fuel, 0.3).
 */
export function lapsLeft(
  level: Level | undefined,
  reason: string,
  pace: Known<Pace>,
  profile: CarProfile,
): Known<Interval> {
  if (level === undefined) return { reason };
  if ("reason" in pace) return pace;
  const { kgPerLap, relativeSd } = pace.value;
  const laps = level.meanKg / kgPerLap;
  const tankLaps = (level.meanKg + level.burnedKg) / kgPerLap;
  const sd = Math.hypot(
    level.anchorSdKg / kgPerLap,
    tankLaps * Math.hypot(profile.carScaleRelativeSd, profile.stintBurnRelativeSd),
    laps * relativeSd,
  );
  const interval = truncatedInterval(laps, sd, 0, Number.POSITIVE_INFINITY);
  return interval === undefined ? { reason: BELIEF_REFUTED } : { value: interval };
}
