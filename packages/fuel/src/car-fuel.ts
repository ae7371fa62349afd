import type { ControlEvent } from "@burnline/contract";
import { assert } from "@burnline/std";
import { BurnLedger, type Lap, type LedgerState } from "./burn-ledger.ts";
import { addSample, burnUg, emptyTotals, SEEN_GREEN } from "./burn-totals.ts";
import { CarReport, type CarReportState } from "./car-report.ts";
import { isBlind } from "./facts.ts";
import type { CarContext, FuelOutput, LiveFuel } from "./fuel-output.ts";
import {
  CHANNELS_AGREE_MS,
  LAP_MS_MIN,
  LapLine,
  type LapLineState,
  LINE_CANDIDATE,
  LINE_DOUBTFUL,
  LINE_NONE,
  LINE_RESET,
  type LineSign,
} from "./lap-line.ts";
import { LiveMeter, type LiveMeterState } from "./live-meter.ts";
import { PitRoad, type PitRoadState } from "./pit-road.ts";
import type { SampleColumns } from "./sample-columns.ts";
import { type Burned, TankBelief, type TankState } from "./tank-belief.ts";
import { MICROGRAMS_PER_KG } from "./units.ts";

/** Everything that has to survive a restart, as plain JSON with a fixed order of keys. */
export interface CarFuelSnapshot {
  version: typeof SNAPSHOT_VERSION;
  ledger: LedgerState | null;
  line: LapLineState;
  pit: PitRoadState;
  meter: LiveMeterState;
  tank: TankState;
  report: CarReportState;
  pending: PendingCut[];
  /** The running stint has been on the track, not only on pit road. */
  hasDriven: boolean;
  stintFromMs: number;
  /** The last lap line that timing told; -1 = none. */
  timedMs: number;
  timedLapNumber: number;
  stageNumber: number;
  hasRpm: boolean;
}

/** A control event that takes effect when the samples get there. */
export interface PendingCut {
  atMs: number;
  type: "stage" | "line" | "tow";
  number: number;
}

export const SNAPSHOT_VERSION = 1;
/** Control events waiting for their event time; at the cap the earliest takes effect at once. */
export const PENDING_CUTS_MAX = 16;
// A car cannot leave pit road twice within this: the second sign is the same exit seen by another channel.
const STINT_MS_MIN = 20_000;
// Without position and counter for so long, timing's word for the lap line counts.
const SILENCE_MS = 10_000;

/**
 * One car's fuel: who burned how much in which lap, stint and stage, what is left and for how long.
 *
 * Deterministic: the same calls give the same outputs, on whatever clock. Samples come in event-time order through
 * addInOrder, stragglers through addLate. A control event that says something about the past (before samples already
 * added) takes effect at the horizon, right behind them: no sample ever moves from one lap to another.
 * Take the outputs before taking a snapshot.
 */
export class CarFuel {
  #context: CarContext;
  #ledger: BurnLedger | undefined;
  readonly #line: LapLine;
  readonly #pit: PitRoad;
  readonly #meter: LiveMeter;
  readonly #tank: TankBelief;
  readonly #report: CarReport;
  readonly #pending: PendingCut[];
  #hasDriven = false;
  #stintFromMs = -1;
  #timedMs = -1;
  #timedLapNumber = -1;
  #stageNumber: number;
  #hasRpm = true;
  /** Samples since the last cut, not yet in the ledger; empty between calls. */
  #running = emptyTotals();
  #runningMs = -1;

  constructor(context: CarContext, snapshot?: CarFuelSnapshot) {
    this.#context = context;
    this.#ledger = snapshot === undefined || snapshot.ledger === null ? undefined : new BurnLedger(snapshot.ledger);
    this.#line = new LapLine(context.track.lengthM, snapshot?.line);
    this.#pit = new PitRoad(snapshot?.pit);
    this.#meter = new LiveMeter(snapshot?.meter);
    this.#tank = new TankBelief(context.profile, snapshot?.tank);
    this.#report = new CarReport(context, snapshot?.report);
    this.#pending = (snapshot?.pending ?? []).map((cut) => ({ ...cut }));
    this.#stageNumber = snapshot?.stageNumber ?? Math.max(1, context.stageNumber);
    if (snapshot === undefined) return;
    this.#hasDriven = snapshot.hasDriven;
    this.#stintFromMs = snapshot.stintFromMs;
    this.#timedMs = snapshot.timedMs;
    this.#timedLapNumber = snapshot.timedLapNumber;
    this.#hasRpm = snapshot.hasRpm;
  }

  static restore(context: CarContext, snapshot: CarFuelSnapshot): CarFuel {
    assert(snapshot.version === SNAPSHOT_VERSION, `a snapshot of version ${snapshot.version} cannot be restored`);
    return new CarFuel(context, snapshot);
  }

  snapshot(): CarFuelSnapshot {
    assert(this.#report.isTaken, "the outputs have to be taken before the snapshot");
    return {
      version: SNAPSHOT_VERSION,
      ledger: this.#ledger?.snapshot() ?? null,
      line: this.#line.snapshot(),
      pit: this.#pit.snapshot(),
      meter: this.#meter.snapshot(),
      tank: this.#tank.snapshot(),
      report: this.#report.snapshot(),
      pending: this.#pending.map((cut) => ({ ...cut })),
      hasDriven: this.#hasDriven,
      stintFromMs: this.#stintFromMs,
      timedMs: this.#timedMs,
      timedLapNumber: this.#timedLapNumber,
      stageNumber: this.#stageNumber,
      hasRpm: this.#hasRpm,
    };
  }

  /** The race definition changed. */
  updateContext(context: CarContext): void {
    this.#context = context;
    this.#line.lengthM = context.track.lengthM;
    this.#tank.profile = context.profile;
    this.#report.context = context;
    this.#startTank();
  }

  /** Samples [from, to), never before earlier ones; regime and burn filled. */
  addInOrder(samples: SampleColumns, from: number, to: number): void {
    const sampleUs = Math.round(1e6 / samples.sampleRateHz);
    const lengthM = this.#context.track.lengthM;
    for (let index = from; index < to; index++) {
      const eventTimeMs = samples.eventTimeMs[index] ?? 0;
      const positionPpm = samples.lapPositionPpm[index] ?? -1;
      const counter = samples.lapNumber[index] ?? -1;
      const speed = samples.speedMmPerS[index] ?? -1;
      const sign = this.#line.observe(eventTimeMs, positionPpm, counter);
      if (this.#ledger === undefined) this.#begin(eventTimeMs, positionPpm, counter);
      else if (sign !== LINE_NONE || (this.#pending[0]?.atMs ?? Number.POSITIVE_INFINITY) <= eventTimeMs) {
        this.#commit();
        this.#cutUpTo(eventTimeMs, sign);
      }
      const pitSign = this.#pit.observe(eventTimeMs, samples.statusBits[index] ?? 0, speed);
      if (pitSign !== "none") {
        this.#commit();
        if (pitSign === "entered") this.#enterPitRoad(eventTimeMs);
        else this.#leavePitRoad(eventTimeMs);
      }
      const onPitRoad = this.#pit.isOn;
      if (!onPitRoad) this.#hasDriven = true;
      addSample(this.#running, samples, index, sampleUs, onPitRoad);
      this.#runningMs = eventTimeMs;
      this.#meter.observe(
        eventTimeMs,
        samples.burnUg[index] ?? 0,
        sampleUs,
        positionPpm,
        samples.distanceMm[index] ?? 0,
        lengthM,
      );
      this.#hasRpm = (samples.rpmTenths[index] ?? -1) >= 0;
    }
    this.#commit();
  }

  /** Samples [from, to) that came late, back to the closed horizon: each goes to the lap that owns its event time. */
  addLate(samples: SampleColumns, from: number, to: number): void {
    const sampleUs = Math.round(1e6 / samples.sampleRateHz);
    for (let index = from; index < to; index++) {
      const eventTimeMs = samples.eventTimeMs[index] ?? 0;
      if (this.#ledger === undefined) {
        this.#begin(eventTimeMs, samples.lapPositionPpm[index] ?? -1, samples.lapNumber[index] ?? -1);
      }
      const one = emptyTotals();
      addSample(one, samples, index, sampleUs, this.#pit.wasOnAt(eventTimeMs, samples.statusBits[index] ?? 0));
      this.#ledger?.addAt(eventTimeMs, one);
    }
  }

  /** A control event of this car or of all cars; others are ignored. */
  applyControl(event: ControlEvent): void {
    if (!Number.isFinite(event.effectiveFromMs)) return;
    const saidMs = Math.round(event.effectiveFromMs);
    const fromMs = Math.max(saidMs, this.#ledger?.horizonMs ?? saidMs);
    const { case: type, value } = event.event;
    if (type === "stageEnded") {
      this.#schedule({ atMs: fromMs, type: "stage", number: value.stageNumber });
      return;
    }
    if (type === undefined || type === "flagChanged" || type === "raceDefinition" || value.car !== this.#context.car)
      return;
    switch (type) {
      case "pitRoadEntered":
        this.#pit.enterAt(fromMs, saidMs);
        break;
      case "pitRoadLeft":
        this.#pit.leaveAt(fromMs);
        break;
      case "boxStopped":
        this.#tank.boxStopped(saidMs, this.#burned());
        break;
      case "boxLeft":
        this.#tank.boxLeft(saidMs);
        this.#report.strategyChanged();
        break;
      case "fuelFilled":
        this.#tank.fill(saidMs, value.litres, value.full, this.#burned());
        this.#report.strategyChanged();
        break;
      case "incidentReported":
        if (value.towed) this.#tow(saidMs);
        break;
      case "lapLineCrossed":
        this.#schedule({ atMs: fromMs, type: "line", number: value.completedLapNumber });
        break;
    }
  }

  /** A model's correction of a window's burn; weight `share`. Goes to the lap that holds the window's start. */
  addModelDelta(startMs: number, endMs: number, deltaUg: number, share: number, modelVersion: string): void {
    assert(endMs > startMs && Number.isFinite(deltaUg), `a correction of ${deltaUg} µg for [${startMs}, ${endMs})`);
    this.#ledger?.addModelDelta(startMs, Math.round(deltaUg), share, modelVersion);
  }

  /** No sample before this can come any more: what ended before becomes final. */
  advance(closedThroughMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    this.#runPending(closedThroughMs);
    ledger.close(closedThroughMs);
    this.#report.closeLaps(ledger);
  }

  /** Once a second: what late samples and corrections changed is said. */
  flush(): void {
    if (this.#ledger !== undefined) this.#report.flush(this.#ledger, this.#tank, this.#burned());
  }

  takeOutputs(): FuelOutput[] {
    return this.#report.take();
  }

  /** The gauge as of an event time that has been reached. */
  live(eventTimeMs: number): LiveFuel {
    const ledger = this.#ledger;
    const kg = (totals: Parameters<typeof burnUg>[0] | undefined) =>
      totals === undefined || totals.samples === 0 || isBlind(totals) ? undefined : burnUg(totals) / MICROGRAMS_PER_KG;
    const seen = ledger?.lap.totals.seen ?? 0;
    const isGreen = (seen & ~SEEN_GREEN) === 0 && this.#hasRpm;
    return {
      lapNumber: ledger?.lap.lapNumber ?? 0,
      stintNumber: ledger?.stint.number ?? 0,
      stageNumber: this.#stageNumber,
      onPitRoad: this.#pit.isOn,
      burnKgPerS: this.#hasRpm ? this.#meter.burnKgPerS(eventTimeMs) : undefined,
      lapBurnKg: kg(ledger?.lap.totals),
      stintBurnKg: kg(ledger?.stint.totals),
      raceBurnKg: kg(ledger?.race.totals),
      meterRatio: isGreen && ledger?.lap.startsAtLine ? this.#meter.ratio() : undefined,
      meter: this.#meter.word(isGreen && ledger !== undefined),
    };
  }

  /** The first broken sum of the ledger (I3, I4), or undefined. */
  invariantFault(): string | undefined {
    return this.#ledger?.faultOf();
  }

  #begin(eventTimeMs: number, positionPpm: number, counter: number): void {
    // Without a counter the stretch before the first line, from the grid or the pace laps, is lap 0.
    const uncounted = positionPpm >= 500_000 ? 0 : 1;
    const lapNumber = counter >= 0 ? counter : this.#timedMs >= 0 ? this.#timedLapNumber + 1 : uncounted;
    this.#ledger = BurnLedger.begin(eventTimeMs, lapNumber, this.#stageNumber, this.#line.isAtLine);
    this.#stintFromMs = eventTimeMs;
    this.#startTank();
  }

  #startTank(): void {
    const entry = this.#context.entry;
    if (entry === undefined || this.#ledger === undefined) return;
    this.#tank.startWith(entry.startFuelLitres, entry.startsFull, this.#ledger.race.startMs);
    this.#report.strategyChanged();
  }

  #commit(): void {
    if (this.#running.samples === 0) return;
    this.#ledger?.addRunning(this.#running, this.#runningMs);
    this.#running = emptyTotals();
  }

  /** Everything that cuts the chain at or before a sample, in the order of event time. */
  #cutUpTo(eventTimeMs: number, sign: LineSign): void {
    const lineMs = sign === LINE_NONE || sign === LINE_RESET ? eventTimeMs : this.#line.atMs;
    this.#runPending(lineMs);
    if (sign === LINE_CANDIDATE) {
      this.#ledger?.cut(lineMs);
      this.#endFullLap();
    } else if (sign === LINE_RESET) this.#resetAt(eventTimeMs);
    else if (sign !== LINE_NONE) this.#completeLap(lineMs, this.#line.lapNumber, sign !== LINE_DOUBTFUL);
    this.#runPending(eventTimeMs);
  }

  #schedule(cut: PendingCut): void {
    if (cut.type === "stage" && this.#ledger === undefined) {
      this.#stageNumber = Math.max(this.#stageNumber, cut.number + 1);
      return;
    }
    const at = this.#pending.findIndex((other) => other.atMs > cut.atMs);
    this.#pending.splice(at === -1 ? this.#pending.length : at, 0, cut);
    if (this.#pending.length > PENDING_CUTS_MAX)
      this.#runCut(this.#pending.shift(), this.#ledger?.horizonMs ?? cut.atMs);
  }

  #runPending(throughMs: number): void {
    for (let cut = this.#pending[0]; cut !== undefined && cut.atMs <= throughMs; cut = this.#pending[0]) {
      this.#pending.shift();
      this.#runCut(cut, cut.atMs);
    }
  }

  #runCut(cut: PendingCut | undefined, atMs: number): void {
    const ledger = this.#ledger;
    if (cut === undefined || ledger === undefined) return;
    if (cut.type === "tow") ledger.lap.isTowed = true;
    else if (cut.type === "stage") {
      if (cut.number < this.#stageNumber) return;
      this.#stageNumber = cut.number + 1;
      ledger.beginStage(atMs, this.#stageNumber);
      this.#endFullLap();
    } else this.#timedLine(ledger, atMs, cut.number);
  }

  /** Timing's lap line: the crossing itself where nothing else shows it, otherwise only the number. */
  #timedLine(ledger: BurnLedger, atMs: number, completedLapNumber: number): void {
    const isRepeated = this.#timedMs >= 0 && atMs - this.#timedMs < LAP_MS_MIN;
    this.#timedMs = atMs;
    this.#timedLapNumber = completedLapNumber;
    if (this.#line.isSilentSince(atMs - SILENCE_MS)) {
      if (!isRepeated) this.#completeLap(atMs, completedLapNumber + 1, true);
    } else if (!this.#line.hasCounter && ledger.lap.startsAtLine && atMs - ledger.lap.startMs < CHANNELS_AGREE_MS) {
      ledger.renumber(completedLapNumber + 1);
    }
  }

  #completeLap(atMs: number, lapNumber: number, atLine: boolean): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    const isTimed = this.#timedMs >= 0 && Math.abs(atMs - this.#timedMs) < CHANNELS_AGREE_MS;
    const number = lapNumber >= 0 ? lapNumber : isTimed ? this.#timedLapNumber + 1 : ledger.lap.lapNumber + 1;
    this.#say(ledger, ledger.completeLap(atMs, { lapNumber: number, atLine, isReset: false }));
  }

  #resetAt(atMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    const lapNumber = this.#line.lapNumber >= 0 ? this.#line.lapNumber : ledger.lap.lapNumber;
    this.#tank.lose("the car was reset");
    this.#report.strategyChanged();
    if (atMs - ledger.lap.startMs < LAP_MS_MIN) {
      // Too short to be a lap: the channels are still finding themselves.
      ledger.lap.isReset = true;
      ledger.lap.startsAtLine = false;
      ledger.renumber(lapNumber);
      return;
    }
    this.#say(ledger, ledger.completeLap(atMs, { lapNumber, atLine: false, isReset: true }));
  }

  /** At the cap of segments the lap ends where the last of them began. */
  #endFullLap(): void {
    const ledger = this.#ledger;
    if (ledger === undefined || !ledger.isLapFull) return;
    const lapNumber = ledger.lap.lapNumber;
    const atMs = ledger.lap.segments.at(-1)?.startMs ?? ledger.lap.startMs;
    this.#say(ledger, ledger.completeLap(atMs, { lapNumber, atLine: false, isReset: true }));
  }

  #say(ledger: BurnLedger, lap: Lap | undefined): void {
    if (lap === undefined) return;
    const isValid = this.#report.lapCompleted(ledger, lap, this.#tank, this.#burned());
    this.#meter.endLap(isValid);
  }

  #enterPitRoad(atMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined || !this.#hasDriven) return;
    ledger.lap.isIn = true;
    this.#tank.beginStop(atMs, this.#burned());
  }

  #leavePitRoad(atMs: number): void {
    const ledger = this.#ledger;
    if (ledger === undefined) return;
    ledger.lap.isOut = true;
    if (!this.#hasDriven || atMs - this.#stintFromMs < STINT_MS_MIN) return;
    this.#tank.endStop(atMs, this.#pit.standingMs);
    this.#report.stintBegan(ledger);
    ledger.beginStint(atMs);
    this.#endFullLap();
    this.#stintFromMs = atMs;
    this.#hasDriven = false;
  }

  #tow(saidMs: number): void {
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

  #burned(): Burned {
    const ledger = this.#ledger;
    if (ledger === undefined) return { burnedKg: 0, gapKg: 0 };
    const { totals } = ledger.race;
    const seenKg = burnUg(totals) / MICROGRAMS_PER_KG;
    const gapKg = totals.coveredUs > 0 ? (seenKg * ledger.gapMs * 1_000) / totals.coveredUs : 0;
    return { burnedKg: seenKg + gapKg, gapKg };
  }
}
