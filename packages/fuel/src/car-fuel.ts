import type { ControlEvent } from "@burnline/contract";
import { assert } from "@burnline/std";
import { type BurnTotals, burnUg, SEEN_GREEN } from "./burn-totals.ts";
import { CarCourse } from "./car-course.ts";
import { CarReport, type CarReportState } from "./car-report.ts";
import type { CarCourseState, CourseListener } from "./course-state.ts";
import { isBlind } from "./facts.ts";
import type { CarContext, FuelOutput, LiveFuel } from "./fuel-output.ts";
import { LiveMeter, type LiveMeterState } from "./live-meter.ts";
import type { SampleColumns } from "./sample-columns.ts";
import { TankBelief } from "./tank-belief.ts";
import type { Burned, TankState } from "./tank-state.ts";
import { MICROGRAMS_PER_KG } from "./units.ts";

/** Everything that has to survive a restart, as plain JSON with a fixed order of keys. */
export interface CarFuelSnapshot {
  version: typeof SNAPSHOT_VERSION;
  course: CarCourseState;
  meter: LiveMeterState;
  tank: TankState;
  report: CarReportState;
  /** The last sample had an engine speed. */
  hasRpm: boolean;
}

const SNAPSHOT_VERSION = 1;

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
  readonly #course: CarCourse;
  readonly #meter: LiveMeter;
  readonly #tank: TankBelief;
  readonly #report: CarReport;
  #hasRpm: boolean;

  constructor(context: CarContext, snapshot?: CarFuelSnapshot) {
    this.#context = context;
    this.#meter = new LiveMeter(snapshot?.meter);
    this.#tank = new TankBelief(context.profile, snapshot?.tank);
    this.#report = new CarReport(context, snapshot?.report);
    this.#hasRpm = snapshot?.hasRpm ?? true;
    const start = { lengthM: context.track.lengthM, stageNumber: context.stageNumber };
    this.#course = new CarCourse(start, this.#listener(), snapshot?.course);
  }

  static restore(context: CarContext, snapshot: CarFuelSnapshot): CarFuel {
    assert(snapshot.version === SNAPSHOT_VERSION, `a snapshot of version ${snapshot.version} cannot be restored`);
    return new CarFuel(context, snapshot);
  }

  snapshot(): CarFuelSnapshot {
    assert(this.#report.isTaken, "the outputs have to be taken before the snapshot");
    return {
      version: SNAPSHOT_VERSION,
      course: this.#course.snapshot(),
      meter: this.#meter.snapshot(),
      tank: this.#tank.snapshot(),
      report: this.#report.snapshot(),
      hasRpm: this.#hasRpm,
    };
  }

  /** The race definition changed. */
  updateContext(context: CarContext): void {
    this.#context = context;
    this.#course.lengthM = context.track.lengthM;
    this.#tank.profile = context.profile;
    this.#report.context = context;
    this.#startTank();
  }

  /** Samples [from, to), never before earlier ones; regime and burn filled. */
  addInOrder(samples: SampleColumns, from: number, to: number): void {
    const sampleUs = sampleUsOf(samples);
    const lengthM = this.#context.track.lengthM;
    for (let index = from; index < to; index++) {
      this.#course.add(samples, index, sampleUs);
      this.#meter.observe(samples, index, sampleUs, lengthM);
    }
    this.#course.commit();
    if (to > from) this.#hasRpm = (samples.rpmTenths[to - 1] ?? -1) >= 0;
  }

  /** Samples [from, to) that came late, back to the closed horizon: each goes to the lap that owns its event time. */
  addLate(samples: SampleColumns, from: number, to: number): void {
    const sampleUs = sampleUsOf(samples);
    for (let index = from; index < to; index++) this.#course.addLate(samples, index, sampleUs);
  }

  /** A control event of this car or of all cars; others are ignored. */
  applyControl(event: ControlEvent): void {
    if (!Number.isFinite(event.effectiveFromMs)) return;
    const saidMs = Math.round(event.effectiveFromMs);
    const { case: type, value } = event.event;
    if (type === "stageEnded") this.#course.stageEnded(saidMs, value.stageNumber);
    if (type === undefined || type === "flagChanged" || type === "raceDefinition" || type === "stageEnded") return;
    if (value.car !== this.#context.car) return;
    switch (type) {
      case "pitRoadEntered":
        this.#course.pitRoadEntered(saidMs);
        break;
      case "pitRoadLeft":
        this.#course.pitRoadLeft(saidMs);
        break;
      case "lapLineCrossed":
        this.#course.lapLineCrossed(saidMs, value.completedLapNumber);
        break;
      case "incidentReported":
        if (value.towed) this.#course.towed(saidMs);
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
    }
  }

  /** A model's correction of a window's burn; weight `share`. Goes to the lap that holds the window's start. */
  addModelDelta(startMs: number, endMs: number, deltaUg: number, share: number, modelVersion: string): void {
    assert(endMs > startMs && Number.isFinite(deltaUg), `a correction of ${deltaUg} µg for [${startMs}, ${endMs})`);
    this.#course.ledger?.addModelDelta(startMs, Math.round(deltaUg), share, modelVersion);
  }

  /** No sample before this can come any more: what ended before becomes final. */
  advance(closedThroughMs: number): void {
    this.#course.advance(closedThroughMs);
    if (this.#course.ledger !== undefined) this.#report.closeLaps(this.#course.ledger);
  }

  /** Once a second: what late samples and corrections changed is said. */
  flush(): void {
    if (this.#course.ledger !== undefined) this.#report.flush(this.#course.ledger, this.#tank, this.#burned());
  }

  /** What has to be published since the last call. */
  takeOutputs(): FuelOutput[] {
    return this.#report.take();
  }

  /** The gauge as of an event time that has been reached. */
  live(eventTimeMs: number): LiveFuel {
    const ledger = this.#course.ledger;
    const isGreen = ledger !== undefined && this.#hasRpm && (ledger.lap.totals.seen & ~SEEN_GREEN) === 0;
    return {
      lapNumber: ledger?.lap.lapNumber ?? 0,
      stintNumber: ledger?.stint.number ?? 0,
      stageNumber: this.#course.stageNumber,
      onPitRoad: this.#course.isOnPitRoad,
      burnKgPerS: this.#hasRpm ? this.#meter.burnKgPerS(eventTimeMs) : undefined,
      lapBurnKg: burnKgOf(ledger?.lap.totals),
      stintBurnKg: burnKgOf(ledger?.stint.totals),
      raceBurnKg: burnKgOf(ledger?.race.totals),
      meterRatio: isGreen && ledger.lap.startsAtLine ? this.#meter.ratio() : undefined,
      meter: this.#meter.word(isGreen),
    };
  }

  /** The first broken sum of the ledger (I3, I4), or undefined. */
  invariantFault(): string | undefined {
    return this.#course.ledger?.faultOf();
  }

  /** Corrections that came for time already closed: counted, not applied. */
  get strayModelDeltas(): number {
    return this.#course.ledger?.strayModelDeltas ?? 0;
  }

  #listener(): CourseListener {
    return {
      began: () => this.#startTank(),
      lapCompleted: (ledger, lap) => {
        this.#meter.endLap(this.#report.lapCompleted(ledger, lap, this.#tank, this.#burned()));
      },
      wasReset: () => {
        this.#tank.lose("the car was reset");
        this.#report.strategyChanged();
        this.#meter.endLap(false);
      },
      enteredPitRoad: (atMs) => this.#tank.beginStop(atMs, this.#burned()),
      leftPitRoad: (ledger, atMs, standingMs) => {
        this.#tank.endStop(atMs, standingMs);
        this.#report.stintBegan(ledger);
      },
    };
  }

  /** The start counts from the first sample on; the entry list may come before or after it. */
  #startTank(): void {
    const { entry } = this.#context;
    const ledger = this.#course.ledger;
    if (entry === undefined || ledger === undefined) return;
    this.#tank.startWith(entry.startFuelLitres, entry.startsFull, ledger.race.startMs);
    this.#report.strategyChanged();
  }

  #burned(): Burned {
    const ledger = this.#course.ledger;
    if (ledger === undefined) return { burnedKg: 0, gapKg: 0 };
    const { totals } = ledger.race;
    const seenKg = burnUg(totals) / MICROGRAMS_PER_KG;
    const gapKg = totals.coveredUs > 0 ? (seenKg * ledger.gapMs * 1_000) / totals.coveredUs : 0;
    return { burnedKg: seenKg + gapKg, gapKg };
  }
}

function sampleUsOf(samples: SampleColumns): number {
  return Math.round(1e6 / samples.sampleRateHz);
}

/** Undefined when there is nothing to add up or the engine speed is missing. */
function burnKgOf(totals: BurnTotals | undefined): number | undefined {
  return totals === undefined || totals.samples === 0 || isBlind(totals)
    ? undefined
    : burnUg(totals) / MICROGRAMS_PER_KG;
}
