import {
  burnUg,
  coverageOf,
  SEEN_CAUTION,
  SEEN_GREEN,
  SEEN_PIT_ROAD,
  SEEN_RED,
  SEEN_RESTART,
  SEEN_TOW,
} from "./burn-totals.ts";
import type { Lap } from "./ledger-state.ts";
import { quantileOf } from "./quantiles.ts";

/** Why a lap may not enter a baseline. It is recorded all the same. */
export type InvalidReason =
  | "out"
  | "in"
  | "pit"
  | "caution"
  | "restart"
  | "partial"
  | "gap"
  | "tow"
  | "reset"
  | "outlier";

/** Below this share of samples a lap's burn is not comparable; above it is scaled up to the whole lap. */
const LAP_COVERAGE_MIN = 0.97;
/** Laps needed before one of them can be called an outlier. */
const OUTLIER_BASIS_LAPS_MIN = 5;
// A lap further from the median than twice the middle half's spread is odd (field notes, rule of a sim overlay).
const OUTLIER_IQR_GAIN = 2;
// Drivers command up to 18 % of a lap's burn (design note on fuel, 1.3, Texas): what is within 25 % may be driving.
const OUTLIER_SHARE_MIN = 0.25;

/** All reasons but "outlier", in the order of the contract. A completed lap only. */
export function reasonsOf(lap: Lap): InvalidReason[] {
  const seen = lap.totals.seen;
  const reasons: InvalidReason[] = [];
  if (lap.isOut) reasons.push("out");
  if (lap.isIn) reasons.push("in");
  if ((seen & SEEN_PIT_ROAD) !== 0) reasons.push("pit");
  if ((seen & (SEEN_CAUTION | SEEN_RED)) !== 0) reasons.push("caution");
  if ((seen & SEEN_RESTART) !== 0) reasons.push("restart");
  if (!lap.startsAtLine || !lap.endsAtLine) reasons.push("partial");
  if (coverageOf(lap.totals, lap.endMs - lap.startMs) < LAP_COVERAGE_MIN) reasons.push("gap");
  if (lap.isTowed || (seen & SEEN_TOW) !== 0) reasons.push("tow");
  if (lap.isReset) reasons.push("reset");
  return reasons;
}

/**
 * Whether a burn stands out from the laps that nothing else is wrong with. Those include earlier outliers: a car whose
 * burn really changed is then believed as soon as half of its recent laps say so, instead of never again.
 */
export function isOutlier(burn: number, basis: readonly number[]): boolean {
  if (basis.length < OUTLIER_BASIS_LAPS_MIN) return false;
  const median = quantileOf(basis, 0.5) ?? burn;
  const spread = (quantileOf(basis, 0.75) ?? burn) - (quantileOf(basis, 0.25) ?? burn);
  return Math.abs(burn - median) > Math.max(OUTLIER_IQR_GAIN * spread, OUTLIER_SHARE_MIN * median);
}

/** Run at pace-car speed from line to line, so that it tells the burn of a caution lap. */
export function isCautionLap(lap: Lap, reasons: readonly InvalidReason[]): boolean {
  const onlyCaution = (lap.totals.seen & (SEEN_GREEN | SEEN_RESTART)) === 0;
  return onlyCaution && reasons.length === 1 && reasons[0] === "caution";
}

/** The burn that a lap would have had without its small gaps, in whole µg. */
export function wholeLapUg(lap: Lap): number {
  const coverage = coverageOf(lap.totals, lap.endMs - lap.startMs);
  return coverage >= LAP_COVERAGE_MIN ? Math.round(burnUg(lap.totals) / coverage) : burnUg(lap.totals);
}
