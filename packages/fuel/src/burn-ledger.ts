import { assert } from "@burnline/std";
import { addTotals, type BurnTotals, emptyTotals, subtractTotals } from "./burn-totals.ts";
import { ledgerFault } from "./ledger-fault.ts";
import {
  cloneLedger,
  freshLap,
  freshRun,
  freshSegment,
  type Lap,
  type LedgerState,
  lastOf,
  type Run,
  runOf,
  type Segment,
  segmentGapUs,
} from "./ledger-state.ts";

/** Completed laps that may still change; at the cap the oldest closes early. 5 s of lateness leave room for one. */
const OPEN_LAPS_MAX = 8;
/** Segments of one lap; at the cap the lap ends there and then, as a reset. A lap with a stop and a stage end has 3. */
const SEGMENTS_PER_LAP_MAX = 32;

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
    const owners = [lastOf(this.lap.segments), this.lap, this.stint, this.stage, state.race];
    for (const owner of owners) addTotals(owner.totals, totals);
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
    this.#state.closedMs = Math.max(this.#state.closedMs, closedMs);
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

  /** The first broken sum (I3, I4), or undefined. */
  faultOf(): string | undefined {
    return ledgerFault(this.#state);
  }

  #beginRun(runs: Run[], number: number, atMs: number): Run {
    const ended = lastOf(runs);
    ended.endMs = atMs;
    ended.isDirty = true;
    const begun = freshRun(number, atMs, this.lap.lapNumber);
    runs.push(begun);
    const segment = lastOf(this.lap.segments);
    // The segment that begins right here may already hold samples of this very millisecond: they go with it.
    addTotals(begun.totals, segment.totals);
    subtractTotals(ended.totals, segment.totals);
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
