import { BurnLedger } from "./burn-ledger.ts";
import { addSample, type BurnTotals, emptyTotals } from "./burn-totals.ts";
import type { CarCourseState, CourseListener, PendingCut } from "./course-state.ts";
import {
  CHANNELS_AGREE_MS,
  LAP_MS_MIN,
  LapLine,
  LINE_CANDIDATE,
  LINE_DOUBTFUL,
  LINE_NONE,
  LINE_RESET,
  type LineSign,
} from "./lap-line.ts";
import type { Lap } from "./ledger-state.ts";
import { PitRoad } from "./pit-road.ts";
import type { SampleColumns } from "./sample-columns.ts";

/** Control events waiting for their event time; at the cap the earliest takes effect at once. */
const PENDING_CUTS_MAX = 16;
// A car cannot leave pit road twice within this: the second sign is the same exit seen by another channel.
const STINT_MS_MIN = 20_000;
// Without position and counter for so long, timing's word for the lap line counts.
const SILENCE_MS = 10_000;
// A car that appears in the second half of a lap without a counter has not begun to count laps.
const FIRST_LAP_PPM_MAX = 500_000;

/**
 * Follows one car round the track and decides where its chain is cut: at lap lines, when it leaves pit road, at the ends
 * of stages and where it was reset. Cuts are made in the order of event time and never behind samples already added.
 */
export class CarCourse {
  readonly #listener: CourseListener;
  readonly #line: LapLine;
  readonly #pit: PitRoad;
  readonly #pending: PendingCut[];
  #ledger: BurnLedger | undefined;
  #hasDriven: boolean;
  #stintFromMs: number;
  #timedMs: number;
  #timedLapNumber: number;
  #stageNumber: number;
  /** Samples since the last cut, not yet in the ledger; empty after commit(). */
  #running: BurnTotals = emptyTotals();
  #runningMs = -1;

  constructor(start: { lengthM: number; stageNumber: number }, listener: CourseListener, state?: CarCourseState) {
    this.#listener = listener;
    this.#line = new LapLine(start.lengthM, state?.line);
    this.#pit = new PitRoad(state?.pit);
    this.#pending = (state?.pending ?? []).map((cut) => ({ ...cut }));
    this.#ledger = state === undefined || state.ledger === null ? undefined : new BurnLedger(state.ledger);
    this.#hasDriven = state?.hasDriven ?? false;
    this.#stintFromMs = state?.stintFromMs ?? -1;
    this.#timedMs = state?.timedMs ?? -1;
    this.#timedLapNumber = state?.timedLapNumber ?? -1;
    this.#stageNumber = state?.stageNumber ?? Math.max(1, start.stageNumber);
  }

  snapshot(): CarCourseState {
    return {
      ledger: this.#ledger?.snapshot() ?? null,
      line: this.#line.snapshot(),
      pit: this.#pit.snapshot(),
      pending: this.#pending.map((cut) => ({ ...cut })),
      hasDriven: this.#hasDriven,
      stintFromMs: this.#stintFromMs,
      timedMs: this.#timedMs,
      timedLapNumber: this.#timedLapNumber,
      stageNumber: this.#stageNumber,
    };
  }

  /** Undefined before the first sample. */
  get ledger(): BurnLedger | undefined {
    return this.#ledger;
  }
  get stageNumber(): number {
    return this.#stageNumber;
  }
  get isOnPitRoad(): boolean {
    return this.#pit.isOn;
  }
  set lengthM(lengthM: number) {
    this.#line.lengthM = lengthM;
  }

  /** One sample in order. It is in the ledger after commit(). */
  add(samples: SampleColumns, index: number, sampleUs: number): void {
    const eventTimeMs = samples.eventTimeMs[index] ?? 0;
    const positionPpm = samples.lapPositionPpm[index] ?? -1;
    const counter = samples.lapNumber[index] ?? -1;
    const sign = this.#line.observe(eventTimeMs, positionPpm, counter);
    if (this.#ledger === undefined) this.#begin(eventTimeMs, positionPpm, counter);
    else if (sign !== LINE_NONE || this.#isDue(eventTimeMs)) {
      this.commit();
      this.#cutUpTo(this.#ledger, eventTimeMs, sign);
    }
    const pitSign = this.#pit.observe(eventTimeMs, samples.statusBits[index] ?? 0, samples.speedMmPerS[index] ?? -1);
    if (pitSign !== "none") {
      this.commit();
      if (pitSign === "entered") this.#enterPitRoad(eventTimeMs);
      else this.#leavePitRoad(eventTimeMs);
    }
    const onPitRoad = this.#pit.isOn;
    if (!onPitRoad) this.#hasDriven = true;
    addSample(this.#running, samples, index, sampleUs, onPitRoad);
    this.#runningMs = eventTimeMs;
  }

  commit(): void {
    if (this.#running.samples === 0) return;
    this.#ledger?.addRunning(this.#running, this.#runningMs);
    this.#running = emptyTotals();
  }

  /** One sample out of order: to the segment that owns its event time. */
  addLate(samples: SampleColumns, index: number, sampleUs: number): void {
    const eventTimeMs = samples.eventTimeMs[index] ?? 0;
    if (this.#ledger === undefined) {
      this.#begin(eventTimeMs, samples.lapPositionPpm[index] ?? -1, samples.lapNumber[index] ?? -1);
    }
    const one = emptyTotals();
    addSample(one, samples, index, sampleUs, this.#pit.wasOnAt(eventTimeMs, samples.statusBits[index] ?? 0));
    this.#ledger?.addAt(eventTimeMs, one);
  }

  /** When an event that is said to have happened at a time can still take effect. */
  effectiveMs(saidMs: number): number {
    return Math.max(saidMs, this.#ledger?.horizonMs ?? saidMs);
  }

  pitRoadEntered(saidMs: number): void {
    this.#pit.enterAt(this.effectiveMs(saidMs), saidMs);
  }

  pitRoadLeft(saidMs: number): void {
    this.#pit.leaveAt(this.effectiveMs(saidMs));
  }

  stageEnded(saidMs: number, stageNumber: number): void {
    this.#schedule({ atMs: this.effectiveMs(saidMs), type: "stage", number: stageNumber });
  }

  lapLineCrossed(saidMs: number, completedLapNumber: number): void {
    this.#schedule({ atMs: this.effectiveMs(saidMs), type: "line", number: completedLapNumber });
  }

  towed(saidMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    if (saidMs > ledger.releasedMs) {
      this.#schedule({ atMs: saidMs, type: "tow", number: 0 });
      return;
    }
    const { lap } = ledger.ownerOf(saidMs);
    lap.isTowed = true;
    lap.isDirty = lap.endMs !== -1;
  }

  /** Control events up to a time that no sample can come before any more. */
  advance(closedThroughMs: number): void {
    this.#runPending(closedThroughMs);
    this.#ledger?.close(closedThroughMs);
  }

  #begin(eventTimeMs: number, positionPpm: number, counter: number): void {
    this.#runPending(eventTimeMs);
    // Without a counter the stretch before the first line, from the grid or the pace laps, is lap 0.
    const uncounted = positionPpm >= FIRST_LAP_PPM_MAX ? 0 : 1;
    const timed = this.#timedMs >= 0 ? this.#timedLapNumber + 1 : uncounted;
    const lapNumber = counter >= 0 ? counter : timed;
    this.#ledger = BurnLedger.begin(eventTimeMs, lapNumber, this.#stageNumber, this.#line.isAtLine);
    this.#stintFromMs = eventTimeMs;
    this.#listener.began(this.#ledger);
  }

  #isDue(eventTimeMs: number): boolean {
    const next = this.#pending[0];
    return next !== undefined && next.atMs <= eventTimeMs;
  }

  /** Everything that cuts the chain at or before a sample, in the order of event time. */
  #cutUpTo(ledger: BurnLedger, eventTimeMs: number, sign: LineSign): void {
    const lineMs = sign === LINE_NONE || sign === LINE_RESET ? eventTimeMs : this.#line.atMs;
    this.#runPending(lineMs);
    if (sign === LINE_CANDIDATE) {
      ledger.cut(lineMs);
      this.#endFullLap(ledger);
    } else if (sign === LINE_RESET) this.#resetAt(ledger, eventTimeMs);
    else if (sign !== LINE_NONE) this.#completeLap(ledger, lineMs, this.#line.lapNumber, sign !== LINE_DOUBTFUL);
    this.#runPending(eventTimeMs);
  }

  #schedule(cut: PendingCut): void {
    const at = this.#pending.findIndex((other) => other.atMs > cut.atMs);
    this.#pending.splice(at === -1 ? this.#pending.length : at, 0, cut);
    if (this.#pending.length <= PENDING_CUTS_MAX) return;
    const earliest = this.#pending.shift();
    if (earliest !== undefined) this.#runCut({ ...earliest, atMs: this.effectiveMs(cut.atMs) });
  }

  #runPending(throughMs: number): void {
    for (let cut = this.#pending[0]; cut !== undefined && cut.atMs <= throughMs; cut = this.#pending[0]) {
      this.#pending.shift();
      this.#runCut(cut);
    }
  }

  #runCut(cut: PendingCut): void {
    const ledger = this.#ledger;
    if (cut.type === "line") this.#timedLine(cut.atMs, cut.number);
    else if (cut.type === "stage") this.#endStage(cut.atMs, cut.number);
    else if (ledger !== undefined) ledger.lap.isTowed = true;
  }

  #endStage(atMs: number, stageNumber: number): void {
    if (stageNumber < this.#stageNumber) return;
    this.#stageNumber = stageNumber + 1;
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    ledger.beginStage(atMs, this.#stageNumber);
    this.#endFullLap(ledger);
  }

  /** Timing's lap line: the crossing itself where nothing else shows it, otherwise only the number. */
  #timedLine(atMs: number, completedLapNumber: number): void {
    const isRepeated = this.#timedMs >= 0 && atMs - this.#timedMs < LAP_MS_MIN;
    this.#timedMs = atMs;
    this.#timedLapNumber = completedLapNumber;
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    if (this.#line.isSilentSince(atMs - SILENCE_MS)) {
      if (!isRepeated) this.#completeLap(ledger, atMs, completedLapNumber + 1, true);
      return;
    }
    const isJustCrossed = ledger.lap.startsAtLine && atMs - ledger.lap.startMs < CHANNELS_AGREE_MS;
    if (!this.#line.hasCounter && isJustCrossed) ledger.renumber(completedLapNumber + 1);
  }

  /** counter -1: the source does not number its laps. */
  #completeLap(ledger: BurnLedger, atMs: number, counter: number, atLine: boolean): void {
    const isTimed = this.#timedMs >= 0 && Math.abs(atMs - this.#timedMs) < CHANNELS_AGREE_MS;
    const counted = isTimed ? this.#timedLapNumber + 1 : ledger.lap.lapNumber + 1;
    const lapNumber = counter >= 0 ? counter : counted;
    this.#say(ledger, ledger.completeLap(atMs, { lapNumber, atLine, isReset: false }));
  }

  #resetAt(ledger: BurnLedger, atMs: number): void {
    const lapNumber = this.#line.lapNumber >= 0 ? this.#line.lapNumber : ledger.lap.lapNumber;
    if (atMs - ledger.lap.startMs < LAP_MS_MIN) {
      // Too short to be a lap: the channels are still finding themselves.
      ledger.lap.isReset = true;
      ledger.lap.startsAtLine = false;
      ledger.renumber(lapNumber);
    } else {
      this.#say(ledger, ledger.completeLap(atMs, { lapNumber, atLine: false, isReset: true }));
    }
    this.#listener.wasReset();
  }

  /** At the cap of segments the lap ends where the last of them began. */
  #endFullLap(ledger: BurnLedger): void {
    if (!ledger.isLapFull) return;
    const { lap } = ledger;
    const atMs = lap.segments.at(-1)?.startMs ?? lap.startMs;
    this.#say(ledger, ledger.completeLap(atMs, { lapNumber: lap.lapNumber, atLine: false, isReset: true }));
  }

  #say(ledger: BurnLedger, lap: Lap | undefined): void {
    if (lap !== undefined) this.#listener.lapCompleted(ledger, lap);
  }

  #enterPitRoad(atMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined || !this.#hasDriven) return;
    ledger.lap.isIn = true;
    this.#listener.enteredPitRoad(atMs);
  }

  #leavePitRoad(atMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    ledger.lap.isOut = true;
    if (!this.#hasDriven || atMs - this.#stintFromMs < STINT_MS_MIN) return;
    this.#listener.leftPitRoad(ledger, atMs, this.#pit.standingMs);
    ledger.beginStint(atMs);
    this.#endFullLap(ledger);
    this.#stintFromMs = atMs;
    this.#hasDriven = false;
  }
}
