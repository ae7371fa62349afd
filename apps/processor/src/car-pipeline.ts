import { create, LateFrameSchema, type MlCorrection, type TelemetryFrame } from "@burnline/contract";
import { BurnModel, burnWindowAggregator, fillBurn, SampleColumns, type WindowAccumulator } from "@burnline/fuel";
import {
  insertInOrder,
  type OpenWindow,
  type OperatorOutput,
  observeEventTime,
  observeSequence,
  releaseReady,
  restartSequences,
  settleIdle,
  TumblingWindower,
} from "@burnline/stream";
import { type CarState, type WaitingFrame, waitingFrame } from "./car-state.ts";
import { fuelFactRecord, lateRecord, windowFactRecord } from "./fact-record.ts";
import { modelCorrection } from "./model-correction.ts";
import type { RaceState } from "./race-state.ts";

/**
 * How long a missing frame is waited for: until it is overtaken by more than one other. Disorder beyond it is corrected, not
 * lost, and every ms here delays every number behind a gap (docs/adr/0002, 0016).
 */
export const OUT_OF_ORDERNESS_MS = 150;
export const WINDOW_MS = 1_000;
/** How long after its end a window may still be corrected. */
export const ALLOWED_LATENESS_MS = 5_000;
/** Windows open per car: lateness + disorder + one frame's span, with room. */
export const OPEN_WINDOWS_MAX = 16;
/** Frames per car that wait for the watermark; over it the oldest go on early. 150 ms hold 2 at 10 frames/s. */
export const WAITING_FRAMES_MAX = 64;
/** A car is idle after so many ticks without a frame; what came so far is then shown, nothing is closed. */
const IDLE_TICKS = 2;

/**
 * What happens to the samples of one car: duplicate? → watermark → wait for order → burn → window and ledger → facts.
 * Holds scratch space and models only; the cars' state is passed in.
 */
export class CarPipeline {
  readonly #race: RaceState;
  readonly #models = new Map<string, BurnModel>();
  readonly #columns = new SampleColumns();
  readonly #windower = new TumblingWindower<WindowAccumulator, SampleColumns>(
    { sizeMs: WINDOW_MS, allowedLatenessMs: ALLOWED_LATENESS_MS, openWindowsMax: OPEN_WINDOWS_MAX },
    burnWindowAggregator,
  );

  constructor(race: RaceState) {
    this.#race = race;
  }

  /** The race definition changed: car profiles may have. */
  forgetModels(): void {
    this.#models.clear();
  }

  /** Takes in a frame; true when it holds the newest sample of its car. */
  onFrame(car: CarState, frame: TelemetryFrame, output: OperatorOutput): boolean {
    const item = waitingFrame(frame);
    const novelty = observeSequence(car.seen, frame.sourceSequence);
    // Far behind in number but ahead in time: the source was rebooted and counts anew.
    const restarted = novelty === "expired" && item.firstEventTimeMs > car.mark.maxEventTimeMs;
    if (restarted) {
      restartSequences(car.seen, frame.sourceSequence);
      car.releasedSequence = -1;
    } else if (novelty !== "new") {
      car.counts.duplicateFrames++;
      return false;
    }
    car.counts.frames++;
    car.counts.samples += frame.offsetMs.length;
    car.ticksSilent = 0;
    // Late or not is judged by what was known before this frame: a frame cannot make itself late.
    const judgedAtMs = car.mark.watermarkMs;
    insertInOrder(car.waiting, item);
    observeEventTime(car.mark, item.lastEventTimeMs, OUT_OF_ORDERNESS_MS);
    this.#advance(frame.car, car, judgedAtMs, output);
    return item.lastEventTimeMs === car.mark.maxEventTimeMs;
  }

  /** Once a second of the log's time: corrections of late samples; what an idle car has so far. */
  onTick(carId: string, car: CarState, output: OperatorOutput): void {
    car.ticksSilent++;
    if (car.ticksSilent === IDLE_TICKS) {
      const judgedAtMs = car.mark.watermarkMs;
      settleIdle(car.mark);
      this.#advance(carId, car, judgedAtMs, output);
    }
    const idle = car.ticksSilent >= IDLE_TICKS;
    this.#windower.correct(car.windows, idle, (window) => this.#emitWindow(carId, window, output));
    car.fuel.flush();
    this.emitFuel(carId, car, output);
  }

  /**
   * The model's answer to one window. A newer answer takes the place of an older one; an older one comes behind it when two
   * inferences share the windows, or when a window was given to a second one.
   */
  onCorrection(car: CarState, correction: MlCorrection, output: OperatorOutput): void {
    const window = car.windows.find(({ startMs }) => startMs === correction.windowStartMs);
    if (window === undefined) {
      car.counts.modelCorrectionsLate++;
      return;
    }
    const former = car.modelDeltas.get(window.startMs);
    if (former !== undefined && correction.windowRevision < window.revision) {
      car.counts.modelCorrectionsLate++;
      return;
    }
    car.counts.modelCorrections++;
    const { deltaUg, share } = modelCorrection(window.accumulator.burnUg, correction);
    const formerUg = former ?? 0;
    car.modelDeltas.set(window.startMs, deltaUg);
    const endMs = window.startMs + WINDOW_MS;
    car.fuel.addModelDelta(window.startMs, endMs, deltaUg - formerUg, share, correction.modelVersion);
    this.emitFuel(correction.car, car, output);
  }

  emitFuel(carId: string, car: CarState, output: OperatorOutput): void {
    for (const fact of car.fuel.takeOutputs()) {
      output.emit(fuelFactRecord(this.#race.race, carId, fact, this.#race.degraded));
    }
  }

  /**
   * Everything that can go on: frames that nothing is missing in front of, or that the watermark has passed, in order; then
   * fire, close, and say what came of it. Late or not, and what is closed, depends on the watermark alone.
   */
  #advance(carId: string, car: CarState, judgedAtMs: number, output: OperatorOutput): void {
    const { watermarkMs } = car.mark;
    car.releasedSequence = releaseReady(
      car.waiting,
      { releasedSequence: car.releasedSequence, watermarkMs, waitingMax: WAITING_FRAMES_MAX },
      (item) => this.#release(carId, car, item, judgedAtMs, output),
    );
    const emitWindow = (window: OpenWindow<WindowAccumulator>) => this.#emitWindow(carId, window, output);
    this.#windower.fire(car.windows, completeThroughMs(car), emitWindow);
    this.#windower.close(car.windows, watermarkMs, emitWindow);
    const closedThroughMs = this.#windower.closedThroughMs(watermarkMs);
    for (const startMs of car.modelDeltas.keys()) if (startMs < closedThroughMs) car.modelDeltas.delete(startMs);
    car.fuel.advance(closedThroughMs);
    this.emitFuel(carId, car, output);
  }

  #release(carId: string, car: CarState, item: WaitingFrame, judgedAtMs: number, output: OperatorOutput): void {
    const columns = this.#columns;
    columns.load(item.frame);
    this.#fillRegime(columns);
    fillBurn(this.#burnModel(carId), columns);
    const { count, eventTimeMs } = columns;
    let split = 0;
    while (split < count && (eventTimeMs[split] ?? 0) <= car.releasedMs) split++;
    const tooLateBehind = this.#windower.add(car.windows, columns, eventTimeMs, 0, split, judgedAtMs);
    const tooLateAhead = this.#windower.add(car.windows, columns, eventTimeMs, split, count, judgedAtMs);
    if (tooLateBehind < split) {
      car.counts.correctedSamples += split - tooLateBehind;
      car.fuel.addLate(columns, tooLateBehind, split);
    }
    const inOrderFrom = split + tooLateAhead;
    if (inOrderFrom < count) {
      car.fuel.addInOrder(columns, inOrderFrom, count);
      car.releasedMs = eventTimeMs[count - 1] ?? car.releasedMs;
    }
    const lateSamples = tooLateBehind + tooLateAhead;
    if (lateSamples > 0) {
      car.counts.lateSamples += lateSamples;
      const late = create(LateFrameSchema, { frame: item.frame, lateSamples, watermarkMs: judgedAtMs });
      output.emit(lateRecord(this.#race.race, late));
    }
  }

  #fillRegime(columns: SampleColumns): void {
    const { count, eventTimeMs, regime } = columns;
    let from = 0;
    while (from < count) {
      const fromMs = eventTimeMs[from] ?? 0;
      const untilMs = this.#race.regimes.nextChangeMs(fromMs);
      let to = from + 1;
      if ((eventTimeMs[count - 1] ?? 0) < untilMs) to = count;
      else while (to < count && (eventTimeMs[to] ?? 0) < untilMs) to++;
      regime.fill(this.#race.regimes.at(fromMs), from, to);
      from = to;
    }
  }

  #emitWindow(carId: string, open: OpenWindow<WindowAccumulator>, output: OperatorOutput): void {
    const window = burnWindowAggregator.toBurnWindow(open.accumulator);
    window.flag = this.#race.flags.at(open.startMs);
    const coverage = Math.min(1, open.accumulator.coveredUs / (WINDOW_MS * 1000));
    output.emit(windowFactRecord(this.#race.race, carId, window, open.revision, coverage, this.#race.degraded));
  }

  #burnModel(carId: string): BurnModel {
    let model = this.#models.get(carId);
    if (model === undefined) {
      model = new BurnModel(this.#race.carContext(carId).profile);
      this.#models.set(carId, model);
    }
    return model;
  }
}

/** A window that ends by now holds all that has come for it: nothing of it waits behind a gap. */
function completeThroughMs({ mark, releasedMs, waiting }: CarState): number {
  const reachedMs = Math.max(mark.watermarkMs, releasedMs);
  return Math.min(reachedMs, waiting[0]?.firstEventTimeMs ?? reachedMs);
}
