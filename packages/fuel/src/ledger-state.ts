import { assert } from "@burnline/std";
import { type BurnTotals, emptyTotals, gapUs } from "./burn-totals.ts";
import type { MeterWord } from "./fuel-output.ts";

export interface Segment {
  startMs: number;
  /** -1: it runs. */
  endMs: number;
  stintNumber: number;
  stageNumber: number;
  totals: BurnTotals;
}

export interface Lap {
  /** 0 for the first lap of the car, +1 each. */
  index: number;
  /** Unique in the car's race: the lap number, with the count of resets before it where there were any. */
  key: string;
  lapNumber: number;
  startMs: number;
  endMs: number;
  startsAtLine: boolean;
  endsAtLine: boolean;
  /** Begun or ended by a reset. */
  isReset: boolean;
  isTowed: boolean;
  isIn: boolean;
  isOut: boolean;
  /** Something about a completed lap changed since it was last said. */
  isDirty: boolean;
  /** Last one said; -1 = none. */
  revision: number;
  /** At its completion: the car's own green lap (0 = none), the meter's word, and the saving that ran (0 = none). */
  baselineUg: number;
  meter: MeterWord;
  savingSinceLapNumber: number;
  segments: Segment[];
  totals: BurnTotals;
}

/** A stint or a stage. */
export interface Run {
  number: number;
  startMs: number;
  endMs: number;
  lapNumberFirst: number;
  lapNumberLast: number;
  isDirty: boolean;
  /** Last one said, and when; -1 = none. */
  revision: number;
  saidMs: number;
  /** Counted sample by sample. */
  totals: BurnTotals;
  /** Added up from the segments of laps that are closed. */
  closed: BurnTotals;
  closedGapUs: number;
}

export interface LedgerState {
  laps: Lap[];
  stints: Run[];
  stages: Run[];
  race: Run;
  /** Sums of stints and stages that are over and forgotten. */
  pastStints: BurnTotals;
  pastStages: BurnTotals;
  resets: number;
  releasedMs: number;
  closedMs: number;
  strayModelDeltas: number;
}

export function segmentGapUs(segment: Segment, runningMs: number): number {
  const endMs = segment.endMs === -1 ? runningMs : segment.endMs;
  return gapUs(segment.totals, endMs - segment.startMs);
}

export function runOf(runs: readonly Run[], number: number): Run {
  for (let index = runs.length - 1; index >= 0; index--) {
    const run = runs[index];
    if (run !== undefined && run.number === number) return run;
  }
  throw new Error(`invariant broken: a segment belongs to run ${number}, which is forgotten`);
}

export function lastOf<T>(items: readonly T[]): T {
  const last = items.at(-1);
  assert(last !== undefined, "an empty chain");
  return last;
}

export function freshSegment(startMs: number, stintNumber: number, stageNumber: number): Segment {
  return { startMs, endMs: -1, stintNumber, stageNumber, totals: emptyTotals() };
}

export function freshLap(index: number, key: string, lapNumber: number, startMs: number): Lap {
  return {
    index,
    key,
    lapNumber,
    startMs,
    endMs: -1,
    startsAtLine: false,
    endsAtLine: false,
    isReset: false,
    isTowed: false,
    isIn: false,
    isOut: false,
    isDirty: false,
    revision: -1,
    baselineUg: 0,
    meter: "",
    savingSinceLapNumber: 0,
    segments: [],
    totals: emptyTotals(),
  };
}

export function freshRun(number: number, startMs: number, lapNumber: number): Run {
  return {
    number,
    startMs,
    endMs: -1,
    lapNumberFirst: lapNumber,
    lapNumberLast: lapNumber,
    isDirty: false,
    revision: -1,
    saidMs: -1,
    totals: emptyTotals(),
    closed: emptyTotals(),
    closedGapUs: 0,
  };
}

function cloneRun(run: Run): Run {
  return { ...run, totals: { ...run.totals }, closed: { ...run.closed } };
}

export function cloneLedger(state: LedgerState): LedgerState {
  return {
    ...state,
    laps: state.laps.map((lap) => ({
      ...lap,
      totals: { ...lap.totals },
      segments: lap.segments.map((segment) => ({ ...segment, totals: { ...segment.totals } })),
    })),
    stints: state.stints.map(cloneRun),
    stages: state.stages.map(cloneRun),
    race: cloneRun(state.race),
    pastStints: { ...state.pastStints },
    pastStages: { ...state.pastStages },
  };
}
