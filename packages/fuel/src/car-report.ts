import { create, StageFactSchema, StintFactSchema } from "@burnline/contract";
import { AlertBook, type AlertState } from "./alerts.ts";
import {
  type AveragesState,
  addLap,
  averagesWith,
  cloneAverages,
  freshAverages,
  type LapSummary,
  toAverages,
} from "./averages.ts";
import type { BurnLedger } from "./burn-ledger.ts";
import { coverageOf } from "./burn-totals.ts";
import { isBlind, toLapFact, toRunTotals, toStrategyFact } from "./facts.ts";
import type { CarContext, FuelOutput } from "./fuel-output.ts";
import { type InvalidReason, isCautionLap, isOutlier, reasonsOf, wholeLapUg } from "./lap-validity.ts";
import type { Lap, Run } from "./ledger-state.ts";
import { addGreenLap, baselineUgOf, cloneSaving, endSaving, freshSaving, type SavingState } from "./saving.ts";
import { lapsLeft, levelInterval, paceOf } from "./strategy.ts";
import type { TankBelief } from "./tank-belief.ts";
import type { Burned } from "./tank-state.ts";

/** What a car's report remembers between outputs. */
export interface CarReportState {
  /** Over laps that can no longer change. */
  averages: AveragesState;
  saving: SavingState;
  alerts: AlertState[];
  strategyKey: string;
  strategyLapNumber: number;
  strategyRevision: number;
  isStrategyDirty: boolean;
  /** How far the samples had come at the last flush. */
  flushedMs: number;
}

/** A running stint or stage is said again after this much event time, so that a late reader is not left with an old one. */
const RUN_SAID_EVERY_MS = 10_000;
// Fuel is low when the pessimistic end says that few laps are left; the alert ends clearly above.
const FUEL_LOW_LAPS = 3;
const FUEL_LOW_OVER_LAPS = 5;
// A gap is worth an alert when it costs this share of a lap; radio loses a few per cent all the time.
const GAP_ALERT_SHARE = 0.1;
// And when so much is missing: of a first lap that lasts seconds, a second is a fifth.
const GAP_ALERT_MS_MIN = 2_000;

/** Turns what the ledger knows into outputs: each lap at once, corrected when it changed, final when it cannot. */
export class CarReport {
  context: CarContext;
  readonly #averages: AveragesState;
  readonly #saving: SavingState;
  readonly #alerts: AlertBook;
  #strategyKey = "start";
  #strategyLapNumber = 0;
  #strategyRevision = -1;
  #isStrategyDirty = true;
  #flushedMs = -1;
  #outputs: FuelOutput[] = [];

  constructor(context: CarContext, state?: CarReportState) {
    this.context = context;
    this.#averages = state === undefined ? freshAverages() : cloneAverages(state.averages);
    this.#saving = state === undefined ? freshSaving() : cloneSaving(state.saving);
    this.#alerts = new AlertBook(context.car, state?.alerts);
    if (state === undefined) return;
    this.#strategyKey = state.strategyKey;
    this.#strategyLapNumber = state.strategyLapNumber;
    this.#strategyRevision = state.strategyRevision;
    this.#isStrategyDirty = state.isStrategyDirty;
    this.#flushedMs = state.flushedMs;
  }

  snapshot(): CarReportState {
    return {
      averages: cloneAverages(this.#averages),
      saving: cloneSaving(this.#saving),
      alerts: this.#alerts.snapshot(),
      strategyKey: this.#strategyKey,
      strategyLapNumber: this.#strategyLapNumber,
      strategyRevision: this.#strategyRevision,
      isStrategyDirty: this.#isStrategyDirty,
      flushedMs: this.#flushedMs,
    };
  }

  get isTaken(): boolean {
    return this.#outputs.length === 0;
  }

  take(): FuelOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Says a lap for the first time, and everything that follows from it; true when it may enter baselines. */
  lapCompleted(ledger: BurnLedger, lap: Lap, tank: TankBelief, burned: Burned): boolean {
    const reasons = this.#assess(ledger, lap).reasons;
    const isValid = reasons.length === 0;
    lap.baselineUg = baselineUgOf(this.#saving) ?? 0;
    if (isValid) addGreenLap(this.#saving, lap.lapNumber, wholeLapUg(lap));
    else if (isCautionLap(lap, reasons) || reasons.includes("reset")) endSaving(this.#saving);
    lap.meter = isValid ? this.#saving.meter : "";
    lap.savingSinceLapNumber = this.#saving.sinceLapNumber;
    this.#sayLap(ledger, lap, false);
    this.#sayRun("stint", ledger.stint, ledger, false);
    this.#sayRun("stage", ledger.stage, ledger, false);
    this.#strategyKey = lap.key;
    this.#strategyLapNumber = lap.lapNumber;
    this.#strategyRevision = -1;
    this.#sayStrategy(ledger, tank, burned);
    this.#alertGap(lap);
    this.#alertSaving(ledger.releasedMs, lap);
    this.closeLaps(ledger);
    return isValid;
  }

  /** The car is back on the track with other fuel aboard: nothing that it saved before matters now. */
  stintBegan(ledger: BurnLedger): void {
    endSaving(this.#saving);
    this.#alertSaving(ledger.releasedMs, ledger.lap);
    this.#isStrategyDirty = true;
  }

  strategyChanged(): void {
    this.#isStrategyDirty = true;
  }

  closeLaps(ledger: BurnLedger): void {
    for (let lap = ledger.closableLap(); lap !== undefined; lap = ledger.closableLap()) {
      this.#sayLap(ledger, lap, true);
      addLap(this.#averages, this.#assess(ledger, lap).summary);
      ledger.foldLap();
    }
    for (const run of ledger.takeClosedRuns("stints")) this.#sayRun("stint", run, ledger, true);
    for (const run of ledger.takeClosedRuns("stages")) this.#sayRun("stage", run, ledger, true);
  }

  flush(ledger: BurnLedger, tank: TankBelief, burned: Burned): void {
    for (const lap of ledger.completedLaps) {
      if (lap.isDirty) this.#sayLap(ledger, lap, false);
    }
    const isSilent = ledger.releasedMs === this.#flushedMs;
    this.#flushedMs = ledger.releasedMs;
    for (const run of ledger.stints) if (isDue(run, ledger, isSilent)) this.#sayRun("stint", run, ledger, false);
    for (const run of ledger.stages) if (isDue(run, ledger, isSilent)) this.#sayRun("stage", run, ledger, false);
    if (this.#isStrategyDirty) this.#sayStrategy(ledger, tank, burned);
  }

  /** Reasons and summary of a completed open lap, given all laps before it. */
  #assess(ledger: BurnLedger, lap: Lap): { reasons: InvalidReason[]; summary: LapSummary; before: AveragesState } {
    const earlier: LapSummary[] = [];
    for (const open of ledger.completedLaps) {
      const before = averagesWith(this.#averages, earlier);
      const reasons = reasonsOf(open);
      const burnUg = wholeLapUg(open);
      const isClean = reasons.length === 0;
      if (isClean && isOutlier(burnUg, before.recentCleanUg)) reasons.push("outlier");
      const summary = { burnUg, isClean, isValid: reasons.length === 0, isCautionLap: isCautionLap(open, reasons) };
      if (open.index === lap.index) return { reasons, summary, before };
      earlier.push(summary);
    }
    throw new Error(`invariant broken: lap ${lap.key} is not among the open ones`);
  }

  #sayLap(ledger: BurnLedger, lap: Lap, isFinal: boolean): void {
    const { reasons, summary, before } = this.#assess(ledger, lap);
    const averages = toAverages(averagesWith(before, [summary]));
    lap.revision++;
    lap.isDirty = false;
    this.#outputs.push({
      kind: "lap",
      key: lap.key,
      revision: lap.revision,
      final: isFinal,
      eventTimeMs: lap.endMs,
      coverage: coverageOf(lap.totals, lap.endMs - lap.startMs),
      modelShare: lap.totals.modelShare,
      modelVersion: lap.totals.modelVersion,
      body: toLapFact(lap, reasons, averages, this.context.profile),
    });
  }

  #sayRun(kind: "stint" | "stage", run: Run, ledger: BurnLedger, isFinal: boolean): void {
    run.revision++;
    run.isDirty = false;
    run.saidMs = ledger.releasedMs;
    const totals = toRunTotals(run, ledger.releasedMs, this.context.profile);
    const head = {
      key: `${run.number}`,
      revision: run.revision,
      final: isFinal,
      eventTimeMs: totals.endMs,
      coverage: coverageOf(run.totals, totals.endMs - totals.startMs),
      modelShare: run.totals.modelShare,
      modelVersion: run.totals.modelVersion,
    };
    this.#outputs.push(
      kind === "stint"
        ? { ...head, kind, body: create(StintFactSchema, { stintNumber: run.number, totals }) }
        : { ...head, kind, body: create(StageFactSchema, { stageNumber: run.number, totals }) },
    );
  }

  #sayStrategy(ledger: BurnLedger, tank: TankBelief, burned: Burned): void {
    const { race } = ledger;
    const summaries = ledger.completedLaps.map((lap) => this.#assess(ledger, lap).summary);
    const isKnown = !isBlind(race.totals);
    const level = isKnown ? tank.level(burned) : undefined;
    const reason = isKnown ? tank.reason : "no rpm channel";
    const pace = paceOf(averagesWith(this.#averages, summaries), this.context.track.greenBurnKgPerLap);
    const left = lapsLeft(level, reason, pace, this.context.profile);
    this.#strategyRevision++;
    this.#isStrategyDirty = false;
    this.#outputs.push({
      kind: "strategy",
      key: this.#strategyKey,
      revision: this.#strategyRevision,
      final: false,
      eventTimeMs: ledger.releasedMs,
      coverage: coverageOf(race.totals, ledger.releasedMs - race.startMs),
      modelShare: race.totals.modelShare,
      modelVersion: race.totals.modelVersion,
      body: toStrategyFact({
        lapNumber: this.#strategyLapNumber,
        level: levelInterval(level, reason, tank.levelMaxKg),
        lapsLeft: left,
        race: race.totals,
        priorShare: "value" in pace ? pace.value.priorShare : 0,
        anchor: tank.anchor,
        anchorMs: tank.anchorMs,
      }),
    });
    this.#alertFuelLow(ledger.releasedMs, "value" in left ? left.value : undefined);
  }

  #alertFuelLow(eventTimeMs: number, left: { p10: number; p90: number } | undefined): void {
    const { scheduledLaps } = this.context;
    const toGo = scheduledLaps > 0 ? scheduledLaps - this.#strategyLapNumber : Number.POSITIVE_INFINITY;
    const limit = this.#alerts.isActive("fuel-low") ? FUEL_LOW_OVER_LAPS : FUEL_LOW_LAPS;
    // No warning about fuel that the rest of the race does not need.
    const isLow = left !== undefined && left.p10 < limit && left.p10 < toGo;
    const text = isLow
      ? `${this.#name} may be out of fuel in ${Math.floor(left.p10)} to ${Math.ceil(left.p90)} green-flag laps.`
      : `${this.#name} has enough fuel for now.`;
    this.#alert("fuel-low", isLow, this.#strategyLapNumber, eventTimeMs, text);
  }

  #alertSaving(eventTimeMs: number, lap: Lap): void {
    const since = this.#saving.sinceLapNumber;
    // Not "saving": the tow of a pack looks the same as a lift of the driver, and only the burn is known.
    const text =
      since > 0
        ? `${this.#name} has been using less fuel than usual since lap ${since}.`
        : `${this.#name} uses as much fuel as usual again.`;
    this.#alert("saving", since > 0, since > 0 ? since : lap.lapNumber, eventTimeMs, text);
  }

  #alertGap(lap: Lap): void {
    const spanMs = lap.endMs - lap.startMs;
    const missing = 1 - coverageOf(lap.totals, spanMs);
    const hasGap = missing >= GAP_ALERT_SHARE && missing * spanMs >= GAP_ALERT_MS_MIN;
    const text = hasGap
      ? `${Math.round(100 * missing)} % of lap ${lap.lapNumber} of ${this.#name} came without telemetry.`
      : `The telemetry of ${this.#name} is complete again.`;
    this.#alert("data-gap", hasGap, lap.lapNumber, lap.endMs, text);
  }

  #alert(
    kind: "saving" | "fuel-low" | "data-gap",
    isActive: boolean,
    lapNumber: number,
    eventTimeMs: number,
    text: string,
  ): void {
    const change = this.#alerts.set(kind, isActive, lapNumber, text);
    if (change === undefined) return;
    const head = { final: false, eventTimeMs, coverage: 1, modelShare: 0, modelVersion: "" };
    this.#outputs.push({ kind: "alert", key: change.key, revision: change.revision, body: change.body, ...head });
  }

  get #name(): string {
    const driver = this.context.entry?.driver ?? "";
    return driver === "" ? `car ${this.context.car}` : driver;
  }
}

/** A run that is over is said when it changed; one that runs, every so often and when its car has fallen silent. */
function isDue(run: Run, ledger: BurnLedger, isSilent: boolean): boolean {
  if (run.endMs !== -1) return run.isDirty;
  const unsaidMs = ledger.releasedMs - run.saidMs;
  return unsaidMs >= RUN_SAID_EVERY_MS || (isSilent && (unsaidMs > 0 || run.isDirty));
}
