import { STATUS_ON_PIT_ROAD, STATUS_RESET } from "@burnline/contract";
import { REGIME_CAUTION, REGIME_RED, REGIME_RESTART } from "./regime.ts";

/**
 * What a stretch of running adds up to: whole numbers only, so that the order of adding does not matter. Red counts as
 * caution; running on pit road is pit road whatever the flag. Plain JSON.
 */
export interface BurnTotals {
  samples: number;
  /** Samples without an engine speed: their burn is unknown. */
  blindSamples: number;
  /** Time that the samples stand for. */
  coveredUs: number;
  /** The longest time that one sample stands for. */
  sampleUsMax: number;
  distanceMm: number;
  greenUg: number;
  cautionUg: number;
  restartUg: number;
  pitRoadUg: number;
  /** Added by the model, may be negative. */
  modelDeltaUg: number;
  /** Largest weight of the model's answers. */
  modelShare: number;
  modelVersion: string;
  /** SEEN_ bits of everything that its samples ran under. */
  seen: number;
}

export const SEEN_GREEN = 1;
export const SEEN_CAUTION = 2;
export const SEEN_RESTART = 4;
export const SEEN_RED = 8;
export const SEEN_PIT_ROAD = 16;
export const SEEN_TOW = 32;

/** The columns that totals read; SampleColumns has them. */
interface BurnSamples {
  readonly sampleRateHz: number;
  readonly eventTimeMs: ArrayLike<number>;
  readonly rpmTenths: ArrayLike<number>;
  readonly distanceMm: ArrayLike<number>;
  readonly statusBits: ArrayLike<number>;
  readonly regime: ArrayLike<number>;
  readonly burnUg: ArrayLike<number>;
}

export function emptyTotals(): BurnTotals {
  return {
    samples: 0,
    blindSamples: 0,
    coveredUs: 0,
    sampleUsMax: 0,
    distanceMm: 0,
    greenUg: 0,
    cautionUg: 0,
    restartUg: 0,
    pitRoadUg: 0,
    modelDeltaUg: 0,
    modelShare: 0,
    modelVersion: "",
    seen: 0,
  };
}

export function physicsUg(totals: BurnTotals): number {
  return totals.greenUg + totals.cautionUg + totals.restartUg + totals.pitRoadUg;
}

export function burnUg(totals: BurnTotals): number {
  return physicsUg(totals) + totals.modelDeltaUg;
}

export function addSample(
  into: BurnTotals,
  samples: BurnSamples,
  index: number,
  sampleUs: number,
  onPitRoad: boolean,
): void {
  const ug = samples.burnUg[index] ?? 0;
  const status = samples.statusBits[index] ?? 0;
  into.samples++;
  if ((samples.rpmTenths[index] ?? -1) < 0) into.blindSamples++;
  into.coveredUs += sampleUs;
  if (sampleUs > into.sampleUsMax) into.sampleUsMax = sampleUs;
  into.distanceMm += samples.distanceMm[index] ?? 0;
  const regime = samples.regime[index] ?? 0;
  let seen = SEEN_GREEN;
  if (regime === REGIME_CAUTION) seen = SEEN_CAUTION;
  else if (regime === REGIME_RED) seen = SEEN_RED;
  else if (regime === REGIME_RESTART) seen = SEEN_RESTART;
  if (onPitRoad || (status & STATUS_ON_PIT_ROAD) !== 0) {
    seen |= SEEN_PIT_ROAD;
    into.pitRoadUg += ug;
  } else if (seen === SEEN_GREEN) into.greenUg += ug;
  else if (seen === SEEN_RESTART) into.restartUg += ug;
  else into.cautionUg += ug;
  if ((status & STATUS_RESET) !== 0) seen |= SEEN_TOW;
  into.seen |= seen;
}

export function addTotals(into: BurnTotals, from: BurnTotals): void {
  into.samples += from.samples;
  into.blindSamples += from.blindSamples;
  into.coveredUs += from.coveredUs;
  if (from.sampleUsMax > into.sampleUsMax) into.sampleUsMax = from.sampleUsMax;
  into.distanceMm += from.distanceMm;
  into.greenUg += from.greenUg;
  into.cautionUg += from.cautionUg;
  into.restartUg += from.restartUg;
  into.pitRoadUg += from.pitRoadUg;
  into.modelDeltaUg += from.modelDeltaUg;
  if (from.modelShare > into.modelShare) into.modelShare = from.modelShare;
  if (from.modelVersion !== "") into.modelVersion = from.modelVersion;
  into.seen |= from.seen;
}

/** Takes counts and sums out again; what was seen and the model's share stay. */
export function subtractTotals(from: BurnTotals, part: BurnTotals): void {
  from.samples -= part.samples;
  from.blindSamples -= part.blindSamples;
  from.coveredUs -= part.coveredUs;
  from.distanceMm -= part.distanceMm;
  from.greenUg -= part.greenUg;
  from.cautionUg -= part.cautionUg;
  from.restartUg -= part.restartUg;
  from.pitRoadUg -= part.pitRoadUg;
  from.modelDeltaUg -= part.modelDeltaUg;
}

/** The first count or sum in which two totals differ, or undefined. */
export function differenceOf(a: BurnTotals, b: BurnTotals): string | undefined {
  if (a.samples !== b.samples) return `samples ${a.samples} and ${b.samples}`;
  if (a.blindSamples !== b.blindSamples) return `blind samples ${a.blindSamples} and ${b.blindSamples}`;
  if (a.coveredUs !== b.coveredUs) return `covered µs ${a.coveredUs} and ${b.coveredUs}`;
  if (a.distanceMm !== b.distanceMm) return `distance mm ${a.distanceMm} and ${b.distanceMm}`;
  if (a.greenUg !== b.greenUg) return `green µg ${a.greenUg} and ${b.greenUg}`;
  if (a.cautionUg !== b.cautionUg) return `caution µg ${a.cautionUg} and ${b.cautionUg}`;
  if (a.restartUg !== b.restartUg) return `restart µg ${a.restartUg} and ${b.restartUg}`;
  if (a.pitRoadUg !== b.pitRoadUg) return `pit road µg ${a.pitRoadUg} and ${b.pitRoadUg}`;
  if (a.modelDeltaUg !== b.modelDeltaUg) return `model µg ${a.modelDeltaUg} and ${b.modelDeltaUg}`;
  return undefined;
}

// A segment cannot be covered better than to the sample at either end, so less than two missing samples are no gap.
const GAP_SAMPLES_MIN = 2;

/** Time without samples in a span, in µs; 0 when less than two samples are missing. */
export function gapUs(totals: BurnTotals, spanMs: number): number {
  const missing = spanMs * 1_000 - totals.coveredUs;
  return missing >= GAP_SAMPLES_MIN * totals.sampleUsMax ? Math.max(0, missing) : 0;
}

/** Share of a span for which there were samples, 0 .. 1. */
export function coverageOf(totals: BurnTotals, spanMs: number): number {
  if (totals.samples === 0) return 0;
  if (!(spanMs > 0)) return 1;
  return 1 - Math.min(1, gapUs(totals, spanMs) / (spanMs * 1_000));
}
