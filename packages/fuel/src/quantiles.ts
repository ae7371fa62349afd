/** Quantiles of normal beliefs, without ever leaving the range that is physically possible. */

/** 90 % quantile of the standard normal; p10 lies as far below. */
export const Z_90 = 1.2815515655446004;

export interface Interval {
  p10: number;
  p50: number;
  p90: number;
}

// Beyond this many deviations a belief is refuted rather than squeezed into its bounds.
const REFUTED_SD = 3;

/** Quantiles of a lognormal with that median; never negative. */
export function logNormalInterval(median: number, relativeSd: number): Interval {
  const spread = Math.exp(Z_90 * relativeSd);
  return { p10: median / spread, p50: median, p90: median * spread };
}

/**
 * Quantiles of a normal cut off below `min` and above `max`; undefined when the normal lies so far outside that the
 * belief must be wrong.
 */
export function truncatedInterval(mean: number, sd: number, min: number, max: number): Interval | undefined {
  if (!Number.isFinite(mean) || !(sd >= 0) || !(max >= min)) return undefined;
  if (mean < min - REFUTED_SD * sd || mean > max + REFUTED_SD * sd) return undefined;
  if (sd === 0) return { p10: mean, p50: mean, p90: mean };
  const below = normalCdf((min - mean) / sd);
  const within = (max === Number.POSITIVE_INFINITY ? 1 : normalCdf((max - mean) / sd)) - below;
  const at = (share: number) => clamp(mean + sd * normalQuantile(below + share * within), min, max);
  return { p10: at(0.1), p50: at(0.5), p90: at(0.9) };
}

/** Mean and deviation of min(X, max) for a normal X: filling a tank that is full at some point. */
export function cappedMoments(mean: number, sd: number, max: number): { meanKg: number; sdKg: number } {
  if (sd === 0) return { meanKg: Math.min(mean, max), sdKg: 0 };
  const z = (max - mean) / sd;
  const below = normalCdf(z);
  const density = normalDensity(z);
  const first = mean * below - sd * density + max * (1 - below);
  const second = (mean * mean + sd * sd) * below - sd * (mean + max) * density + max * max * (1 - below);
  return { meanKg: Math.min(first, max), sdKg: Math.sqrt(Math.max(0, second - first * first)) };
}

export function clamp(value: number, min: number, max: number): number {
  return value < min ? min : value > max ? max : value;
}

function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
export function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - normalDensity(z) * series;
}

/** Abramowitz and Stegun 26.2.23, absolute error below 4.5e-4: far finer than any belief here. */
export function normalQuantile(share: number): number {
  if (share > 0.5) return -normalQuantile(1 - share);
  const t = Math.sqrt(-2 * Math.log(Math.max(share, 1e-12)));
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return Math.min(0, above / below - t);
}

/** Quantile of a sample by linear interpolation; the values need not be sorted. Undefined for none. */
export function quantileOf(values: readonly number[], share: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? low;
  return low + (high - low) * (at - Math.floor(at));
}
