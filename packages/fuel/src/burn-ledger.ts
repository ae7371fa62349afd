import { assert } from "@burnline/std";
import { addTotals, type BurnTotals, differenceOf, emptyTotals, gapUs } from "./burn-totals.ts";
import type { MeterWord } from "./fuel-output.ts";

/**
 * A car's running as one unbroken chain of segments, cut where something begins or ends:
 *
 *   laps     |------- 12 -------|------- 13 -------|--- 14 ...
 *   stints   |----------- 2 --------|------- 3 ------------ ...
 *   stages   |------------------ 1 ------------|------- 2 - ...
 *   segments |------------------|---|----------|---|------- ...
 *
 * A sample belongs to the one segment [startMs, endMs) that holds its event time, so lap = Σ segments and stint = Σ
 * segments = stage hold to the microgram for laps that a boundary splits. Every total is also counted on its own,
 * sample by sample, and faultOf() compares the two.
 */
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

/** Completed laps that may still change; at the cap the oldest closes early. 5 s of lateness leave room for one. */
export const OPEN_LAPS_MAX = 8;
/** Segments of one lap; at the cap the lap ends there and then, as a reset. A lap with a stop and a stage end has 3. */
export const SEGMENTS_PER_LAP_MAX = 32;

export class BurnLedger {
  readonly #state: LedgerState;

  constructor(state: LedgerState) {
    this.#state = cloneLedger(state);
  }

  static begin(startMs: number, lapNumber: number, stageNumber: number, startsAtLine: boolean): BurnLedger {
    const lap = { ...freshLap(0, `${lapNumber}`, lapNumber, startMs), startsAtLine };
    lap.segments.push(freshSegment(startMs, 1, stageNumber));
    return new BurnLedger({
      laps: [lap],
      stints: [freshRun(1, startMs, lapNumber)],
      stages: [freshRun(stageNumber, startMs, lapNumber)],
      race: freshRun(1, startMs, lapNumber),
      pastStints: emptyTotals(),
      pastStages: emptyTotals(),
      resets: 0,
      releasedMs: startMs,
      closedMs: -1,
      strayModelDeltas: 0,
    });
  }

  snapshot(): LedgerState {
    return cloneLedger(this.#state);
  }

  get lap(): Lap {
    return lastOf(this.#state.laps);
  }
  get completedLaps(): readonly Lap[] {
    return this.#state.laps.slice(0, -1);
  }
  get stint(): Run {
    return lastOf(this.#state.stints);
  }
  get stage(): Run {
    return lastOf(this.#state.stages);
  }
  get stints(): readonly Run[] {
    return this.#state.stints;
  }
  get stages(): readonly Run[] {
    return this.#state.stages;
  }
  get race(): Run {
    return this.#state.race;
  }
  /** Highest event time that came in order. */
  get releasedMs(): number {
    return this.#state.releasedMs;
  }
  get closedMs(): number {
    return this.#state.closedMs;
  }
  /** Corrections for time that was already closed: counted, not applied. */
  get strayModelDeltas(): number {
    return this.#state.strayModelDeltas;
  }
  /** From here on a control event can still take effect without moving a sample from one side of a cut to the other. */
  get horizonMs(): number {
    return Math.max(this.#state.releasedMs + 1, this.#state.closedMs);
  }

  /** Time without samples so far, in ms, by segment. */
  get gapMs(): number {
    let us = this.#state.race.closedGapUs;
    for (const lap of this.#state.laps) {
      for (const segment of lap.segments) us += segmentGapUs(segment, this.#state.releasedMs);
    }
    return us / 1_000;
  }

  /** Adds what ran in order since the last call to everything that runs. */
  addRunning(totals: BurnTotals, releasedMs: number): void {
    const state = this.#state;
    assert(releasedMs >= state.releasedMs, `in-order samples went back from ${state.releasedMs} to ${releasedMs}`);
    state.releasedMs = releasedMs;
    const lap = this.lap;
    addTotals(lastOf(lap.segments).totals, totals);
    addTotals(lap.totals, totals);
    addTotals(this.stint.totals, totals);
    addTotals(this.stage.totals, totals);
    addTotals(state.race.totals, totals);
  }

  /**
   * Adds one late sample, or a model's correction, to the segment that owns its time. Before the first open segment the
   * first one takes it, so that nothing is lost.
   */
  addAt(eventTimeMs: number, totals: BurnTotals): void {
    const { lap, segment } = this.ownerOf(eventTimeMs);
    if (totals.samples > 0 && eventTimeMs < segment.startMs && lap.index === 0) this.#stretch(eventTimeMs);
    addTotals(segment.totals, totals);
    addTotals(lap.totals, totals);
    if (lap.endMs !== -1) lap.isDirty = true;
    for (const run of [
      runOf(this.#state.stints, segment.stintNumber),
      runOf(this.#state.stages, segment.stageNumber),
    ]) {
      addTotals(run.totals, totals);
      run.isDirty = true;
    }
    addTotals(this.#state.race.totals, totals);
  }

  addModelDelta(startMs: number, deltaUg: number, share: number, modelVersion: string): void {
    const { lap, segment } = this.ownerOf(startMs);
    // The window that holds the car's first sample may begin before it.
    const isForgotten = startMs < segment.startMs && lap.index > 0;
    if (isForgotten || (segment.endMs !== -1 && segment.endMs <= this.#state.closedMs)) {
      this.#state.strayModelDeltas++;
      return;
    }
    this.addAt(startMs, { ...emptyTotals(), modelDeltaUg: deltaUg, modelShare: share, modelVersion });
  }

  ownerOf(eventTimeMs: number): { lap: Lap; segment: Segment } {
    const laps = this.#state.laps;
    for (let index = laps.length - 1; index >= 0; index--) {
      const lap = laps[index];
      if (lap === undefined || (eventTimeMs < lap.startMs && index > 0)) continue;
      for (let at = lap.segments.length - 1; at >= 0; at--) {
        const segment = lap.segments[at];
        if (segment !== undefined && (eventTimeMs >= segment.startMs || at === 0)) return { lap, segment };
      }
    }
    throw new Error("invariant broken: a ledger without a segment");
  }

  get isLapFull(): boolean {
    return this.lap.segments.length > SEGMENTS_PER_LAP_MAX;
  }

  /** Cuts the running segment in two. */
  cut(atMs: number): void {
    const lap = this.lap;
    const running = lastOf(lap.segments);
    assert(running.endMs === -1, "the last segment of the chain has ended");
    if (atMs <= running.startMs) return;
    running.endMs = atMs;
    lap.segments.push(freshSegment(atMs, running.stintNumber, running.stageNumber));
  }

  /** Ends the running lap at a border of its segments (cutting one there if need be); the lap that ended, or undefined. */
  completeLap(atMs: number, next: { lapNumber: number; atLine: boolean; isReset: boolean }): Lap | undefined {
    const lap = this.lap;
    if (atMs <= lap.startMs) return undefined;
    if (atMs > lastOf(lap.segments).startMs) this.cut(atMs);
    // A control event may have cut between the two samples around the line: then the lap ends at that cut.
    const border = lap.segments.findIndex((segment) => segment.startMs >= atMs);
    const endMs = lap.segments[border]?.startMs;
    assert(border > 0 && endMs !== undefined, `no border at ${atMs} to end the lap at`);
    const state = this.#state;
    if (next.isReset || next.lapNumber <= lap.lapNumber) state.resets++;
    const key = state.resets === 0 ? `${next.lapNumber}` : `${next.lapNumber}-${state.resets}`;
    const running = freshLap(lap.index + 1, key, next.lapNumber, endMs);
    running.segments = lap.segments.splice(border);
    running.startsAtLine = next.atLine;
    running.isReset = next.isReset;
    lap.endMs = endMs;
    lap.endsAtLine = next.atLine;
    if (next.isReset) lap.isReset = true;
    for (const segment of running.segments) addTotals(running.totals, segment.totals);
    // Taken again from what stayed: shares and seen bits cannot be subtracted. faultOf() still compares with the runs.
    lap.totals = emptyTotals();
    for (const segment of lap.segments) addTotals(lap.totals, segment.totals);
    state.laps.push(running);
    this.stint.lapNumberLast = next.lapNumber;
    this.stage.lapNumberLast = next.lapNumber;
    state.race.lapNumberLast = next.lapNumber;
    return lap;
  }

  /** The running lap turns out to have another number. */
  renumber(lapNumber: number): void {
    const lap = this.lap;
    if (lap.lapNumber === lapNumber) return;
    if (this.#state.laps.length > 1 && lapNumber <= (this.#state.laps.at(-2)?.lapNumber ?? -1)) this.#state.resets++;
    lap.lapNumber = lapNumber;
    lap.key = this.#state.resets === 0 ? `${lapNumber}` : `${lapNumber}-${this.#state.resets}`;
    for (const run of [this.stint, this.stage, this.#state.race]) {
      run.lapNumberLast = lapNumber;
      if (run.startMs >= lap.startMs) run.lapNumberFirst = lapNumber;
    }
  }

  beginStint(atMs: number): Run {
    this.cut(atMs);
    return this.#beginRun(this.#state.stints, this.stint.number + 1, atMs);
  }

  beginStage(atMs: number, stageNumber: number): Run {
    this.cut(atMs);
    return this.#beginRun(this.#state.stages, stageNumber, atMs);
  }

  /** Nothing before this can come any more. */
  close(closedMs: number): void {
    if (closedMs > this.#state.closedMs) this.#state.closedMs = closedMs;
  }

  /** The oldest completed lap, if nothing can change it any more or too many wait behind it. */
  closableLap(): Lap | undefined {
    const laps = this.#state.laps;
    const oldest = laps[0];
    if (oldest === undefined || laps.length < 2) return undefined;
    return oldest.endMs <= this.#state.closedMs || laps.length - 1 > OPEN_LAPS_MAX ? oldest : undefined;
  }

  /** Folds the oldest completed lap into its runs. */
  foldLap(): void {
    const state = this.#state;
    const lap = state.laps.shift();
    assert(lap !== undefined && lap.endMs !== -1, "only a completed lap can be folded");
    state.closedMs = Math.max(state.closedMs, lap.endMs);
    for (const segment of lap.segments) {
      const stint = runOf(state.stints, segment.stintNumber);
      const stage = runOf(state.stages, segment.stageNumber);
      for (const run of [stint, stage, state.race]) {
        addTotals(run.closed, segment.totals);
        run.closedGapUs += segmentGapUs(segment, segment.endMs);
      }
    }
  }

  /** Stints, then stages, that are over and whose every segment is folded; forgotten once returned. */
  takeClosedRuns(kind: "stints" | "stages"): Run[] {
    const state = this.#state;
    const firstStartMs = state.laps[0]?.startMs ?? 0;
    const taken: Run[] = [];
    for (
      let run = state[kind][0];
      run !== undefined && run.endMs !== -1 && run.endMs <= firstStartMs;
      run = state[kind][0]
    ) {
      state[kind].shift();
      addTotals(kind === "stints" ? state.pastStints : state.pastStages, run.totals);
      taken.push(run);
    }
    return taken;
  }

  /** The first broken sum, or undefined: lap = Σ segments; stint, stage, race = Σ segments; race = Σ stints = Σ stages. */
  faultOf(): string | undefined {
    const state = this.#state;
    return chainFault(state) ?? lapFault(state) ?? runFault(state);
  }

  #beginRun(runs: Run[], number: number, atMs: number): Run {
    const ended = lastOf(runs);
    ended.endMs = atMs;
    ended.isDirty = true;
    runs.push(freshRun(number, atMs, this.lap.lapNumber));
    const segment = lastOf(this.lap.segments);
    if (runs === this.#state.stints) segment.stintNumber = number;
    else segment.stageNumber = number;
    return ended;
  }

  #stretch(startMs: number): void {
    const state = this.#state;
    const lap = state.laps[0];
    const segment = lap?.segments[0];
    const first = [lap, segment, state.stints[0], state.stages[0], state.race];
    for (const item of first) if (item !== undefined) item.startMs = startMs;
  }
}

function chainFault(state: LedgerState): string | undefined {
  let endMs = state.laps[0]?.startMs ?? -1;
  for (const lap of state.laps) {
    if (lap.startMs !== endMs) return `lap ${lap.key} starts at ${lap.startMs}, not at ${endMs}`;
    for (const segment of lap.segments) {
      if (segment.startMs !== endMs) return `a segment of lap ${lap.key} starts at ${segment.startMs}, not at ${endMs}`;
      endMs = segment.endMs;
    }
    if (lap.endMs !== endMs) return `lap ${lap.key} ends at ${lap.endMs}, its segments at ${endMs}`;
  }
  return endMs === -1 ? undefined : "the chain has an end";
}

function lapFault(state: LedgerState): string | undefined {
  for (const lap of state.laps) {
    const sum = emptyTotals();
    for (const segment of lap.segments) addTotals(sum, segment.totals);
    const difference = differenceOf(lap.totals, sum);
    if (difference !== undefined) return `lap ${lap.key} is not the sum of its segments: ${difference}`;
  }
  return undefined;
}

function runFault(state: LedgerState): string | undefined {
  const sums = new Map<Run, BurnTotals>();
  for (const run of [...state.stints, ...state.stages, state.race]) {
    const sum = emptyTotals();
    addTotals(sum, run.closed);
    sums.set(run, sum);
  }
  for (const lap of state.laps) {
    for (const segment of lap.segments) {
      const stint = runOf(state.stints, segment.stintNumber);
      const stage = runOf(state.stages, segment.stageNumber);
      for (const run of [stint, stage, state.race]) addTotals(sums.get(run) ?? emptyTotals(), segment.totals);
    }
  }
  for (const [run, sum] of sums) {
    const difference = differenceOf(run.totals, sum);
    if (difference !== undefined)
      return `run ${run.number} from ${run.startMs} is not the sum of its segments: ${difference}`;
  }
  return (
    partsFault("stints", state.pastStints, state.stints, state.race) ??
    partsFault("stages", state.pastStages, state.stages, state.race)
  );
}

function partsFault(name: string, past: BurnTotals, runs: readonly Run[], race: Run): string | undefined {
  const sum = emptyTotals();
  addTotals(sum, past);
  for (const run of runs) addTotals(sum, run.totals);
  const difference = differenceOf(race.totals, sum);
  return difference === undefined ? undefined : `the race is not the sum of its ${name}: ${difference}`;
}

function segmentGapUs(segment: Segment, runningMs: number): number {
  const endMs = segment.endMs === -1 ? runningMs : segment.endMs;
  return gapUs(segment.totals, endMs - segment.startMs);
}

function runOf(runs: readonly Run[], number: number): Run {
  for (let index = runs.length - 1; index >= 0; index--) {
    const run = runs[index];
    if (run !== undefined && run.number === number) return run;
  }
  throw new Error(`invariant broken: a segment belongs to run ${number}, which is forgotten`);
}

function lastOf<T>(items: readonly T[]): T {
  const last = items.at(-1);
  assert(last !== undefined, "an empty chain");
  return last;
}

function freshSegment(startMs: number, stintNumber: number, stageNumber: number): Segment {
  return { startMs, endMs: -1, stintNumber, stageNumber, totals: emptyTotals() };
}

function freshLap(index: number, key: string, lapNumber: number, startMs: number): Lap {
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

function freshRun(number: number, startMs: number, lapNumber: number): Run {
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

function cloneLedger(state: LedgerState): LedgerState {
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
