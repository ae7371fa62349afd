import {
  CARS_MAX,
  type ControlEvent,
  ControlEventSchema,
  create,
  DataGapFactSchema,
  decodeFrame,
  fromBinary,
  isCarId,
  LateFrameSchema,
  ML_SCHEMA_VERSION,
  MlCorrectionSchema,
  parseRaceSubject,
  partitionOf,
  RaceFactSchema,
  SAMPLES_PER_FRAME_MAX,
  subjects,
  TickSchema,
} from "@burnline/contract";
import { BurnModel, burnWindowAggregator, fillBurn, SampleColumns, type WindowAccumulator } from "@burnline/fuel";
import {
  insertInOrder,
  KeyedState,
  type LogRecord,
  type OpenWindow,
  type Operator,
  type OperatorOutput,
  observeEventTime,
  observeSequence,
  releaseThrough,
  restartSequences,
  settleIdle,
  TumblingWindower,
} from "@burnline/stream";
import {
  type CarCounts,
  type CarState,
  createCarState,
  decodeCar,
  encodeCar,
  type WaitingFrame,
  waitingFrame,
} from "./car-state.ts";
import { controlCar } from "./control-car.ts";
import { fuelFactRecord, lateRecord, raceLevelFactRecord, windowFactRecord } from "./fact-record.ts";
import { encodeLiveValue } from "./live-value.ts";
import { modelCorrection } from "./model-correction.ts";
import { RaceState } from "./race-state.ts";

/** Bump when the encoding of any state entry changes: older states are then dropped and the log is replayed. */
export const OPERATOR_SCHEMA_VERSION = 1;

/** How much disorder the watermark waits for: two frames of 100 ms and the jitter of a radio link. */
export const OUT_OF_ORDERNESS_MS = 250;
export const WINDOW_MS = 1_000;
/** How long after its end a window may still be corrected. */
export const ALLOWED_LATENESS_MS = 5_000;
/** Windows open per car: lateness + disorder + one frame's span, with room. */
const OPEN_WINDOWS_MAX = 16;
/** Frames per car that wait for the watermark; more go on early. 250 ms hold 3 at 10 frames/s, 30 at one sample each. */
const WAITING_FRAMES_MAX = 64;
/** A car is idle after so many ticks without a frame; what came so far is then shown, nothing is closed. */
const IDLE_TICKS = 2;
/** A car that says nothing for so long is forgotten: longer than any race with its red flags. */
const CAR_EXPIRY_MS = 12 * 3_600_000;

const RACE_KEY = "~race";

/**
 * The one place where the streaming words and the fuel words meet: what happens to a record of one partition.
 *
 *   tel  → duplicate? → watermark of the car → wait for order → burn per sample → window, ledger → facts
 *   ctl  → flags and stage by event time; pit, box, fill to the car's ledger
 *   ml   → correction of an open window → ledger
 *   tick → corrections of late samples; idle cars; expiry
 */
export class RaceTopology implements Operator {
  readonly schemaVersion = OPERATOR_SCHEMA_VERSION;
  readonly #partition: number;
  readonly #race: RaceState;
  readonly #cars = new KeyedState<CarState>({ keysMax: CARS_MAX, idleExpiryMs: CAR_EXPIRY_MS });
  readonly #models = new Map<string, BurnModel>();
  readonly #columns = new SampleColumns();
  readonly #windower = new TumblingWindower<WindowAccumulator, SampleColumns>(
    { sizeMs: WINDOW_MS, allowedLatenessMs: ALLOWED_LATENESS_MS, openWindowsMax: OPEN_WINDOWS_MAX },
    burnWindowAggregator,
  );
  #unreadable = 0;

  constructor(race: string, partition: number) {
    this.#partition = partition;
    this.#race = new RaceState(race);
  }

  process(record: LogRecord, output: OperatorOutput): void {
    const subject = parseRaceSubject(record.subject);
    switch (subject?.kind) {
      case "tel":
        return this.#onTelemetry(record.payload, output);
      case "ctl":
        return this.#onControl(record.payload, output);
      case "tick":
        return this.#onTick(record.payload, output);
      case "ml":
        return this.#onCorrection(record.payload, output);
      case undefined:
        // Ingest admits nothing else; a foreign record harms nobody.
        this.#unreadable++;
    }
  }

  onDataGap(firstMissing: number, firstPresent: number, output: OperatorOutput): void {
    this.#race.degraded = true;
    this.#race.changed = true;
    const body = create(DataGapFactSchema, {
      partition: this.#partition,
      firstMissingPosition: firstMissing,
      firstPresentPosition: firstPresent,
    });
    const key = `${this.#partition}-${firstMissing}`;
    output.emit(raceLevelFactRecord(this.#race.race, "gap", key, 0, 0, { case: "dataGap", value: body }, true));
  }

  takeChanges(): Map<string, Uint8Array | null> {
    const changes = this.#cars.takeChanges((_, state, heardMs) => encodeCar(state, heardMs));
    if (this.#race.changed) {
      this.#race.changed = false;
      changes.set(RACE_KEY, this.#race.encode());
    }
    return changes;
  }

  restore(entries: ReadonlyMap<string, Uint8Array>): void {
    const race = entries.get(RACE_KEY);
    if (race !== undefined) this.#race.restore(race);
    // In the order of names, so that a restored state behaves like the one that was stored.
    for (const key of [...entries.keys()].sort()) {
      const bytes = entries.get(key);
      if (key === RACE_KEY || bytes === undefined) continue;
      const { state, heardMs } = decodeCar(bytes, this.#race.carContext(key));
      this.#cars.restore(key, state, heardMs);
    }
  }

  /** Counted so far, by car. */
  carCounts(): ReadonlyMap<string, Readonly<CarCounts>> {
    return new Map([...this.#cars.entries()].map(([car, state]) => [car, state.counts]));
  }

  /** Records of the log that could not be read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** The first of I1, I3, I4 that does not hold, for the simulation and for tests. */
  invariantFault(): string | undefined {
    for (const [car, state] of this.#cars.entries()) {
      const fault = state.fuel.invariantFault();
      if (fault !== undefined) return `car ${car}: ${fault}`;
      if (state.mark.watermarkMs > state.mark.maxEventTimeMs) return `car ${car}: watermark ahead of its events`;
    }
    return undefined;
  }

  /** Every car's state, for reports and invariants. */
  cars(): Iterable<[string, CarState]> {
    return this.#cars.entries();
  }

  #onTelemetry(payload: Uint8Array, output: OperatorOutput): void {
    const decoded = decodeFrame(payload);
    if (!decoded.ok) {
      this.#unreadable++;
      return;
    }
    const frame = decoded.value;
    const car = this.#carState(frame.car);
    if (car === undefined) {
      this.#unreadable++;
      return;
    }
    this.#cars.markHeard(frame.car);
    const item = waitingFrame(frame);
    const novelty = observeSequence(car.seen, frame.sourceSequence);
    const restarted = novelty === "expired" && item.firstEventTimeMs > car.mark.maxEventTimeMs;
    if (restarted) restartSequences(car.seen, frame.sourceSequence);
    else if (novelty !== "new") {
      car.counts.duplicateFrames++;
      return;
    }
    car.counts.frames++;
    car.counts.samples += frame.offsetMs.length;
    car.ticksSilent = 0;
    // Late or not is judged by what was known before this frame: a frame cannot make itself late.
    const judgedAtMs = car.mark.watermarkMs;
    insertInOrder(car.waiting, item);
    observeEventTime(car.mark, item.lastEventTimeMs, OUT_OF_ORDERNESS_MS);
    this.#advance(frame.car, car, judgedAtMs, output);
    if (item.lastEventTimeMs === car.mark.maxEventTimeMs) {
      const flag = this.#race.flags.at(item.lastEventTimeMs);
      output.live(subjects.live(this.#race.race, frame.car), () =>
        encodeLiveValue(this.#race.race, frame, flag, car.fuel),
      );
    }
  }

  /** Everything that the car's watermark allows: release in order, fire, close, and say what came of it. */
  #advance(carId: string, car: CarState, judgedAtMs: number, output: OperatorOutput): void {
    const { watermarkMs } = car.mark;
    releaseThrough(car.waiting, watermarkMs, WAITING_FRAMES_MAX, (item) =>
      this.#release(carId, car, item, judgedAtMs, output),
    );
    const emitWindow = (window: OpenWindow<WindowAccumulator>) => this.#emitWindow(carId, window, output);
    this.#windower.fire(car.windows, watermarkMs, emitWindow);
    this.#windower.close(car.windows, watermarkMs, emitWindow);
    const closedThroughMs = this.#windower.closedThroughMs(watermarkMs);
    for (const startMs of car.modelDeltas.keys()) if (startMs < closedThroughMs) car.modelDeltas.delete(startMs);
    car.fuel.advance(closedThroughMs);
    this.#emitFuel(carId, car, output);
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

  #emitFuel(carId: string, car: CarState, output: OperatorOutput): void {
    for (const fact of car.fuel.takeOutputs()) {
      output.emit(fuelFactRecord(this.#race.race, carId, fact, this.#race.degraded));
    }
  }

  #onControl(payload: Uint8Array, output: OperatorOutput): void {
    let event: ControlEvent;
    try {
      event = fromBinary(ControlEventSchema, payload);
    } catch {
      this.#unreadable++;
      return;
    }
    if (!this.#race.accept(event)) return;
    if (this.#applyToRace(event)) this.#emitRace(event.effectiveFromMs, output);
    const only = controlCar(event);
    if (only === undefined) {
      for (const [carId, car] of this.#cars.entries()) this.#applyToCar(carId, car, event, output);
    } else if (partitionOf(only) === this.#partition) {
      const car = this.#carState(only);
      if (car !== undefined) this.#applyToCar(only, car, event, output);
    }
  }

  /** True when something changed that holds for the whole race. */
  #applyToRace({ event, effectiveFromMs }: ControlEvent): boolean {
    switch (event.case) {
      case "raceDefinition": {
        this.#race.definition = event.value;
        this.#models.clear();
        for (const [carId, car] of this.#cars.entries()) {
          car.fuel.updateContext(this.#race.carContext(carId));
          this.#cars.markChanged(carId);
        }
        return true;
      }
      case "flagChanged":
        this.#race.setFlag(event.value.flag, effectiveFromMs);
        return true;
      case "stageEnded":
        this.#race.stageNumber = Math.max(this.#race.stageNumber, event.value.stageNumber + 1);
        return true;
      default:
        return false;
    }
  }

  #applyToCar(carId: string, car: CarState, event: ControlEvent, output: OperatorOutput): void {
    car.fuel.applyControl(event);
    this.#cars.markChanged(carId);
    this.#emitFuel(carId, car, output);
  }

  /** Said once: by whoever owns partition 0. */
  #emitRace(eventTimeMs: number, output: OperatorOutput): void {
    if (this.#partition !== 0) return;
    this.#race.revision++;
    const body = create(RaceFactSchema, {
      definition: this.#race.definition,
      flagSpans: this.#race.flags.entries.map(({ fromMs, value }) => ({ fromMs, flag: value })),
      stageNumber: this.#race.stageNumber,
    });
    const { race, revision, degraded } = this.#race;
    const value = { case: "raceState", value: body } as const;
    output.emit(raceLevelFactRecord(race, "race", "race", revision, eventTimeMs, value, degraded));
  }

  #onTick(payload: Uint8Array, output: OperatorOutput): void {
    let tickMs: number;
    try {
      tickMs = fromBinary(TickSchema, payload).eventTimeMs;
    } catch {
      this.#unreadable++;
      return;
    }
    for (const [carId, car] of this.#cars.entries()) this.#tickCar(carId, car, output);
    this.#cars.tick(tickMs);
  }

  #tickCar(carId: string, car: CarState, output: OperatorOutput): void {
    const emitWindow = (window: OpenWindow<WindowAccumulator>) => this.#emitWindow(carId, window, output);
    car.ticksSilent++;
    if (car.ticksSilent === IDLE_TICKS) {
      const judgedAtMs = car.mark.watermarkMs;
      settleIdle(car.mark);
      this.#advance(carId, car, judgedAtMs, output);
    }
    const idle = car.ticksSilent >= IDLE_TICKS;
    this.#windower.correct(car.windows, idle, emitWindow);
    if (!idle || car.ticksSilent === IDLE_TICKS) {
      car.fuel.flush();
      this.#emitFuel(carId, car, output);
      this.#cars.markChanged(carId);
    }
  }

  #onCorrection(payload: Uint8Array, output: OperatorOutput): void {
    let message: ReturnType<typeof decodeCorrection>;
    try {
      message = decodeCorrection(payload);
    } catch {
      this.#unreadable++;
      return;
    }
    const car = message.schemaVersion === ML_SCHEMA_VERSION ? this.#cars.get(message.car) : undefined;
    if (car === undefined) {
      this.#unreadable++;
      return;
    }
    this.#cars.markChanged(message.car);
    const window = car.windows.find(({ startMs }) => startMs === message.windowStartMs);
    if (window === undefined) {
      car.counts.modelCorrectionsLate++;
      return;
    }
    car.counts.modelCorrections++;
    const { deltaUg, share } = modelCorrection(window.accumulator.burnUg, message);
    const formerUg = car.modelDeltas.get(window.startMs) ?? 0;
    car.modelDeltas.set(window.startMs, deltaUg);
    const endMs = window.startMs + WINDOW_MS;
    car.fuel.addModelDelta(window.startMs, endMs, deltaUg - formerUg, share, message.modelVersion);
    this.#emitFuel(message.car, car, output);
  }

  #carState(carId: string): CarState | undefined {
    if (!isCarId(carId)) return undefined;
    return this.#cars.getOrCreate(carId, () => createCarState(this.#race.carContext(carId)));
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

function decodeCorrection(payload: Uint8Array) {
  return fromBinary(MlCorrectionSchema, payload);
}

// A full frame has to fit the scratch columns; checked once, at load.
if (new SampleColumns().eventTimeMs.length < SAMPLES_PER_FRAME_MAX)
  throw new Error("SampleColumns cannot hold a full frame");
