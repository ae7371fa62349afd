import {
  type Averages,
  AveragesSchema,
  BurnSplitSchema,
  create,
  type Estimate,
  EstimateSchema,
  FlagState,
  type LapFact,
  LapFactSchema,
  type RunTotals,
  RunTotalsSchema,
  type StrategyFact,
  StrategyFactSchema,
} from "@burnline/contract";
import type { LapAverages } from "./averages.ts";
import {
  type BurnTotals,
  burnUg,
  coverageOf,
  gapUs,
  physicsUg,
  SEEN_CAUTION,
  SEEN_GREEN,
  SEEN_RED,
  SEEN_RESTART,
} from "./burn-totals.ts";
import type { CarProfile } from "./car-profile.ts";
import { type InvalidReason, wholeLapUg } from "./lap-validity.ts";
import type { Lap, Run } from "./ledger-state.ts";
import { type Interval, logNormalInterval } from "./quantiles.ts";
import type { Known } from "./strategy.ts";
import { MICROGRAMS_PER_KG } from "./units.ts";

/** The ledger's own numbers in the words of the contract. Nothing is computed here that another place decides. */

// A stretch with more than this share of samples without an engine speed has no burn that can be told.
const BLIND_SHARE_MAX = 0.01;
// With less than half of its time seen, a total says nothing about the whole.
const COVERAGE_MIN = 0.5;

export function toLapFact(
  lap: Lap,
  reasons: readonly InvalidReason[],
  averages: LapAverages,
  profile: CarProfile,
): LapFact {
  const spanMs = lap.endMs - lap.startMs;
  const totals = lap.totals;
  const first = lap.segments[0];
  return create(LapFactSchema, {
    lapNumber: lap.lapNumber,
    startMs: lap.startMs,
    endMs: lap.endMs,
    samples: totals.samples,
    physicsUg: physicsUg(totals),
    modelDeltaUg: totals.modelDeltaUg,
    burnKg: burnEstimate(totals, spanMs, Math.hypot(profile.lapBurnRelativeSd, profile.carScaleRelativeSd)),
    split: toSplit(totals),
    distanceMm: totals.distanceMm,
    durationMs: spanMs,
    gapMs: gapUs(totals, spanMs) / 1_000,
    flags: flagsOf(totals),
    reasons: [...reasons],
    stintNumber: first?.stintNumber ?? 0,
    stageNumber: first?.stageNumber ?? 0,
    averages: toAveragesFact(lap, reasons, averages),
  });
}

function toAveragesFact(lap: Lap, reasons: readonly InvalidReason[], averages: LapAverages): Averages {
  const saved = reasons.length === 0 && lap.baselineUg > 0 ? 1 - wholeLapUg(lap) / lap.baselineUg : undefined;
  return create(AveragesSchema, {
    validLaps: averages.validLaps,
    lastN: averages.lastN,
    ...(averages.lastNKg === undefined ? {} : { lastNKgPerLap: averages.lastNKg }),
    ...(averages.allGreenKg === undefined ? {} : { allGreenKgPerLap: averages.allGreenKg }),
    ...(averages.minKg === undefined ? {} : { minKgPerLap: averages.minKg }),
    ...(averages.maxKg === undefined ? {} : { maxKgPerLap: averages.maxKg }),
    ...(averages.cautionKg === undefined ? {} : { cautionKgPerLap: averages.cautionKg }),
    ...(saved === undefined ? {} : { savedFraction: saved }),
    meter: lap.meter,
    ...(lap.savingSinceLapNumber > 0 ? { savingSinceLapNumber: lap.savingSinceLapNumber } : {}),
  });
}

/** runningMs: how far a run has got that is not over. */
export function toRunTotals(run: Run, runningMs: number, profile: CarProfile): RunTotals {
  const endMs = run.endMs === -1 ? Math.max(run.startMs, runningMs) : run.endMs;
  const relativeSd = Math.hypot(profile.stintBurnRelativeSd, profile.carScaleRelativeSd);
  return create(RunTotalsSchema, {
    startMs: run.startMs,
    endMs,
    firstLapNumber: run.lapNumberFirst,
    lastLapNumber: run.lapNumberLast,
    samples: run.totals.samples,
    physicsUg: physicsUg(run.totals),
    modelDeltaUg: run.totals.modelDeltaUg,
    burnKg: burnEstimate(run.totals, endMs - run.startMs, relativeSd),
    split: toSplit(run.totals),
    distanceMm: run.totals.distanceMm,
    complete: run.endMs !== -1,
  });
}

export function toStrategyFact(strategy: {
  lapNumber: number;
  level: Known<Interval>;
  lapsLeft: Known<Interval>;
  race: BurnTotals;
  priorShare: number;
  anchor: string;
  anchorMs: number;
}): StrategyFact {
  return create(StrategyFactSchema, {
    lapNumber: strategy.lapNumber,
    levelKg: toEstimate(strategy.level),
    lapsLeft: toEstimate(strategy.lapsLeft),
    racePhysicsUg: physicsUg(strategy.race),
    raceModelDeltaUg: strategy.race.modelDeltaUg,
    priorShare: strategy.priorShare,
    levelAnchor: strategy.anchor,
    levelAnchorMs: strategy.anchorMs,
  });
}

/** Too many samples without an engine speed. */
export function isBlind(totals: BurnTotals): boolean {
  return totals.blindSamples > totals.samples * BLIND_SHARE_MAX;
}

function toEstimate(known: Known<Interval>): Estimate {
  return create(EstimateSchema, "reason" in known ? { reason: known.reason } : { ...known.value });
}

/** p50 is the counted burn; what small gaps may hide lies in the upper end. */
function burnEstimate(totals: BurnTotals, spanMs: number, relativeSd: number): Estimate {
  if (totals.samples === 0) return toEstimate({ reason: "no samples" });
  if (isBlind(totals)) return toEstimate({ reason: "no rpm channel" });
  const coverage = coverageOf(totals, spanMs);
  if (coverage < COVERAGE_MIN) return toEstimate({ reason: "more than half of the samples are missing" });
  const interval = logNormalInterval(Math.max(0, burnUg(totals)) / MICROGRAMS_PER_KG, relativeSd);
  return toEstimate({ value: { ...interval, p90: interval.p90 / coverage } });
}

function toSplit(totals: BurnTotals) {
  return create(BurnSplitSchema, {
    greenUg: totals.greenUg,
    cautionUg: totals.cautionUg,
    restartUg: totals.restartUg,
    pitRoadUg: totals.pitRoadUg,
  });
}

function flagsOf(totals: BurnTotals): FlagState[] {
  const flags: FlagState[] = [];
  if ((totals.seen & (SEEN_GREEN | SEEN_RESTART)) !== 0) flags.push(FlagState.GREEN);
  if ((totals.seen & SEEN_CAUTION) !== 0) flags.push(FlagState.CAUTION);
  if ((totals.seen & SEEN_RED) !== 0) flags.push(FlagState.RED);
  return flags;
}
