import type { WindowAccumulator } from "../window-accumulator.ts";

/**
 * Raised whenever a feature's name, place, unit or definition changes. A model serves only the version that it was
 * trained on; everything else is declined and physics stands.
 */
export const FEATURE_SCHEMA_VERSION = 1;

/**
 * What a model sees of one car in one window, in this order. Nothing in it names a car, a driver, a track or an absolute
 * time: such a feature would be learned by heart and say nothing about a car not seen before.
 */
export const FEATURE_NAMES = [
  "throttleMean", // 0 .. 1
  "throttleMeanSquare", // 0 .. 1
  "throttleMax", // 0 .. 1
  "closedThrottleShare", // share of samples below 3 % pedal
  "fullThrottleShare", // share of samples above 95 % pedal
  "overrunShare", // below 3 % pedal and above 3,500 rpm: where injectors may be off
  "rpmMeanKrpm", // 1,000 rpm
  "rpmMeanSquareKrpm2", // (1,000 rpm)^2
  "throttleRpmMeanKrpm", // mean of pedal times rpm
  "halfThrottleRpmMeanKrpm", // mean of min(pedal / 0.5, 1) times rpm: air flow saturates long before full pedal
  "speedMeanMps",
  "accelerationMps2", // least squares slope of speed over event time
  "rpmPerMps", // mean rpm by mean speed: the gear without a gear channel; capped below
  "brakeShare", // share of samples above 5 % brake; 0 without the channel
  "lapPhaseSin", // mean sine of the way around the lap; 0 without the channel
  "lapPhaseCos", // mean cosine; 0 without the channel
  "draft", // mean of exp(-gap / 22 m); 0 with nobody ahead or without the channel
  "cautionShare",
  "restartShare",
  "pitRoadShare",
  "sampleShare", // share of the window for which samples exist
] as const;

/** Standing cars would have an infinite ratio; above this it says only "standing or clutch open". */
export const RPM_PER_MPS_MAX = 400;

/**
 * The feature vector of a window, or [] when a channel that it needs (rpm, speed) was missing in any of its samples.
 * A function of the accumulator's whole-number sums only, so it cannot depend on the order of the samples.
 */
export function toFeatures(acc: WindowAccumulator): number[] {
  const count = acc.samples;
  if (count === 0 || acc.rpmSamples !== count || acc.speedSamples !== count) return [];
  return [
    acc.throttleSum / (count * 1e4),
    acc.throttleSquareSum / (count * 1e8),
    acc.throttleMax / 1e4,
    acc.closedThrottleSamples / count,
    acc.fullThrottleSamples / count,
    acc.overrunSamples / count,
    acc.rpmSum / (count * 1e4),
    acc.rpmSquareSum / (count * 1e8),
    acc.throttleRpmSum / (count * 1e8),
    acc.halfThrottleRpmSum / (count * 1e8),
    acc.speedSum / (count * 1e3),
    toAccelerationMps2(acc),
    acc.speedSum > 0 ? Math.min(RPM_PER_MPS_MAX, (acc.rpmSum * 100) / acc.speedSum) : RPM_PER_MPS_MAX,
    acc.brakeSamples / count,
    acc.lapPhaseSinSum / (count * 1e6),
    acc.lapPhaseCosSum / (count * 1e6),
    acc.draftSum / (count * 1e6),
    acc.cautionSamples / count,
    acc.restartSamples / count,
    acc.pitRoadSamples / count,
    toSampleShare(acc),
  ];
}

/** Share of the window's span that its samples stand for, 0 .. 1. */
function toSampleShare(acc: WindowAccumulator): number {
  return Math.min(1, acc.coveredUs / ((acc.endMs - acc.startMs) * 1e3));
}

function toAccelerationMps2(acc: WindowAccumulator): number {
  const count = acc.samples;
  // The sums are exact (bounds in window-accumulator.ts); a product beyond 2^53 rounds, but always to the same number.
  const spread = count * acc.offsetSquareSum - acc.offsetSum * acc.offsetSum;
  if (spread <= 0) return 0;
  // mm/s per ms is m/s².
  return (count * acc.offsetSpeedSum - acc.offsetSum * acc.speedSum) / spread;
}
