import { type BurnWindow, BurnWindowSchema, create, FlagState, STATUS_ON_PIT_ROAD } from "@burnline/contract";
import { assert } from "@burnline/std";
import { FEATURE_SCHEMA_VERSION, toFeatures } from "./features/feature-vector.ts";
import { REGIME_CAUTION, REGIME_RED, REGIME_RESTART } from "./regime.ts";

/**
 * What one car did in one tumbling window: whole-number sums and maxima only, so that any order and any split of the
 * same samples gives the same object, and JSON carries it without loss. Every object has the same keys in the same order.
 * Bounds: 60 s at 1 kHz, RPM_MAX and SPEED_MPS_MAX keep every sum below 2^53 (the largest, offset times speed: 5.4e14;
 * squared rpm: 3.8e15), so no addition rounds.
 */
export interface WindowAccumulator {
  startMs: number;
  endMs: number;
  samples: number;
  /** Span that the samples stand for: each 1 / sampleRateHz. */
  coveredUs: number;
  burnUg: number;
  distanceMm: number;
  /** Largest number of the source's lap counter; 0 = none. */
  lapNumberMax: number;

  throttleSum: number;
  throttleSquareSum: number;
  throttleMax: number;
  closedThrottleSamples: number;
  fullThrottleSamples: number;
  overrunSamples: number;

  rpmSamples: number;
  rpmSum: number;
  rpmSquareSum: number;
  throttleRpmSum: number;
  halfThrottleRpmSum: number;

  speedSamples: number;
  speedSum: number;
  offsetSum: number;
  offsetSquareSum: number;
  offsetSpeedSum: number;

  brakeSamples: number;
  lapPhaseSinSum: number;
  lapPhaseCosSum: number;
  draftSum: number;

  cautionSamples: number;
  restartSamples: number;
  redSamples: number;
  pitRoadSamples: number;
}

/** The columns that a window reads; SampleColumns has them. A negative rpm, speed, position or lap number: no such channel. */
export interface WindowSamples {
  readonly sampleRateHz: number;
  readonly eventTimeMs: ArrayLike<number>;
  readonly throttleBasisPoints: ArrayLike<number>;
  readonly rpmTenths: ArrayLike<number>;
  readonly speedMmPerS: ArrayLike<number>;
  readonly distanceMm: ArrayLike<number>;
  readonly lapPositionPpm: ArrayLike<number>;
  readonly lapNumber: ArrayLike<number>;
  readonly brakeBasisPoints: ArrayLike<number>;
  readonly statusBits: ArrayLike<number>;
  readonly gapAheadDm: ArrayLike<number>;
  readonly regime: ArrayLike<number>;
  readonly burnUg: ArrayLike<number>;
}

/** Longest window for which the sums provably stay exact; a longer one is a programmer's error. */
export const WINDOW_SPAN_MS_MAX = 60_000;

// Pedal positions in basis points. The dead band is the one of the burn model (design note on fuel, 2.1).
const CLOSED_THROTTLE_BELOW = 300;
const FULL_THROTTLE_ABOVE = 9_500;
const BRAKE_ABOVE = 500;
// Injectors are cut on the overrun only well above idle (same note, 2.1).
const OVERRUN_RPM_TENTHS_ABOVE = 35_000;
// Length over which the tow behind another car fades, in decimetres (same note, 2.2: 20 to 25 m, a prior).
const DRAFT_LENGTH_DM = 220;

/** The create-add-result rule of the 1 s burn window. */
export const burnWindowAggregator = { create: createAccumulator, add: addSamples, toBurnWindow };

function createAccumulator(startMs: number, endMs: number): WindowAccumulator {
  assert(
    endMs > startMs && endMs - startMs <= WINDOW_SPAN_MS_MAX,
    `window [${startMs}, ${endMs}) is empty or too long`,
  );
  return {
    startMs,
    endMs,
    samples: 0,
    coveredUs: 0,
    burnUg: 0,
    distanceMm: 0,
    lapNumberMax: 0,
    throttleSum: 0,
    throttleSquareSum: 0,
    throttleMax: 0,
    closedThrottleSamples: 0,
    fullThrottleSamples: 0,
    overrunSamples: 0,
    rpmSamples: 0,
    rpmSum: 0,
    rpmSquareSum: 0,
    throttleRpmSum: 0,
    halfThrottleRpmSum: 0,
    speedSamples: 0,
    speedSum: 0,
    offsetSum: 0,
    offsetSquareSum: 0,
    offsetSpeedSum: 0,
    brakeSamples: 0,
    lapPhaseSinSum: 0,
    lapPhaseCosSum: 0,
    draftSum: 0,
    cautionSamples: 0,
    restartSamples: 0,
    redSamples: 0,
    pitRoadSamples: 0,
  };
}

/** Adds the samples [from, to), whose event times must lie in the window and whose burn must have been filled. */
function addSamples(acc: WindowAccumulator, samples: WindowSamples, from: number, to: number): void {
  const sampleUs = Math.round(1e6 / samples.sampleRateHz);
  for (let index = from; index < to; index++) {
    const offsetMs = (samples.eventTimeMs[index] ?? -1) - acc.startMs;
    assert(offsetMs >= 0 && offsetMs < acc.endMs - acc.startMs, "a sample was added to a window that does not own it");
    acc.samples++;
    acc.coveredUs += sampleUs;
    acc.burnUg += samples.burnUg[index] ?? 0;
    acc.distanceMm += samples.distanceMm[index] ?? 0;
    const lapNumber = samples.lapNumber[index] ?? -1;
    if (lapNumber > acc.lapNumberMax) acc.lapNumberMax = lapNumber;
    addEngine(acc, samples, index);
    addMotion(acc, samples, index, offsetMs);
    addSituation(acc, samples, index);
  }
}

function addEngine(acc: WindowAccumulator, samples: WindowSamples, index: number): void {
  const throttle = samples.throttleBasisPoints[index] ?? 0;
  acc.throttleSum += throttle;
  acc.throttleSquareSum += throttle * throttle;
  if (throttle > acc.throttleMax) acc.throttleMax = throttle;
  if (throttle < CLOSED_THROTTLE_BELOW) acc.closedThrottleSamples++;
  if (throttle > FULL_THROTTLE_ABOVE) acc.fullThrottleSamples++;
  const rpm = samples.rpmTenths[index] ?? -1;
  if (rpm < 0) return;
  acc.rpmSamples++;
  acc.rpmSum += rpm;
  acc.rpmSquareSum += rpm * rpm;
  acc.throttleRpmSum += throttle * rpm;
  acc.halfThrottleRpmSum += Math.min(2 * throttle, 10_000) * rpm;
  if (throttle < CLOSED_THROTTLE_BELOW && rpm > OVERRUN_RPM_TENTHS_ABOVE) acc.overrunSamples++;
}

function addMotion(acc: WindowAccumulator, samples: WindowSamples, index: number, offsetMs: number): void {
  if ((samples.brakeBasisPoints[index] ?? -1) > BRAKE_ABOVE) acc.brakeSamples++;
  const position = samples.lapPositionPpm[index] ?? -1;
  if (position >= 0) {
    // Rounded per sample: a sum of fractions would depend on the order.
    const angle = position * ((2 * Math.PI) / 1e6);
    acc.lapPhaseSinSum += Math.round(Math.sin(angle) * 1e6);
    acc.lapPhaseCosSum += Math.round(Math.cos(angle) * 1e6);
  }
  const gapDm = samples.gapAheadDm[index] ?? 0;
  if (gapDm > 0) acc.draftSum += Math.round(Math.exp(-gapDm / DRAFT_LENGTH_DM) * 1e6);
  const speed = samples.speedMmPerS[index] ?? -1;
  if (speed < 0) return;
  acc.speedSamples++;
  acc.speedSum += speed;
  acc.offsetSum += offsetMs;
  acc.offsetSquareSum += offsetMs * offsetMs;
  acc.offsetSpeedSum += offsetMs * speed;
}

function addSituation(acc: WindowAccumulator, samples: WindowSamples, index: number): void {
  const regime = samples.regime[index] ?? 0;
  if (regime === REGIME_CAUTION) acc.cautionSamples++;
  else if (regime === REGIME_RESTART) acc.restartSamples++;
  else if (regime === REGIME_RED) acc.redSamples++;
  if (((samples.statusBits[index] ?? 0) & STATUS_ON_PIT_ROAD) !== 0) acc.pitRoadSamples++;
}

/** The window as a fact. Features are empty when rpm or speed was missing: a model must then not be asked. */
function toBurnWindow(acc: WindowAccumulator): BurnWindow {
  return create(BurnWindowSchema, {
    startMs: acc.startMs,
    endMs: acc.endMs,
    samples: acc.samples,
    burnUg: acc.burnUg,
    distanceMm: acc.distanceMm,
    flag: toFlag(acc),
    lapNumber: acc.lapNumberMax,
    onPitRoad: acc.samples > 0 && acc.pitRoadSamples * 2 >= acc.samples,
    features: toFeatures(acc),
    featureSchemaVersion: FEATURE_SCHEMA_VERSION,
  });
}

/** The flag of most of its samples; on a tie the more restrictive one. A restart is run under green. */
function toFlag(acc: WindowAccumulator): FlagState {
  if (acc.samples === 0) return FlagState.UNSPECIFIED;
  const green = acc.samples - acc.cautionSamples - acc.redSamples;
  if (acc.redSamples >= acc.cautionSamples && acc.redSamples >= green) return FlagState.RED;
  return acc.cautionSamples >= green ? FlagState.CAUTION : FlagState.GREEN;
}
