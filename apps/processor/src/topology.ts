import {
  CARS_MAX,
  type ControlEvent,
  ControlEventSchema,
  controlCar,
  create,
  DataGapFactSchema,
  decodeFrame,
  fromBinary,
  isCarId,
  ML_SCHEMA_VERSION,
  type MlCorrection,
  MlCorrectionSchema,
  parseRaceSubject,
  partitionOf,
  RaceFactSchema,
  subjects,
  TickSchema,
} from "@burnline/contract";
import { KeyedState, type LogRecord, type Operator, type OperatorOutput } from "@burnline/stream";
import { CarPipeline } from "./car-pipeline.ts";
import { type CarCounts, type CarState, createCarState, decodeCar, encodeCar } from "./car-state.ts";
import { raceLevelFactRecord } from "./fact-record.ts";
import { encodeLiveValue } from "./live-value.ts";
import { RaceState } from "./race-state.ts";

/** Bump when the encoding of any state entry changes: older states are then dropped and the log is replayed. */
export const OPERATOR_SCHEMA_VERSION = 3;

/**
 * A car silent for so many ticks, in which others of its partition were heard, is forgotten: two days of a tick a second,
 * longer than any race. An ingest whose clock differs from that of the others doubles the ticks, and it is still one day.
 */
const CAR_SILENT_TICKS_MAX = 48 * 3_600;

/** A car silent for so many ticks has nothing more to say, not even by the model's last answers. */
const QUIET_TICKS = 15;

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
  readonly #cars = new KeyedState<CarState>({ keysMax: CARS_MAX, silentTicksMax: CAR_SILENT_TICKS_MAX });
  readonly #pipeline: CarPipeline;
  #unreadable = 0;

  constructor(race: string, partition: number) {
    this.#partition = partition;
    this.#race = new RaceState(race);
    this.#pipeline = new CarPipeline(this.#race);
  }

  process(record: LogRecord, output: OperatorOutput): void {
    const subject = parseRaceSubject(record.subject);
    switch (subject?.kind) {
      case "tel":
        this.#onTelemetry(record.payload, output);
        break;
      case "ctl":
        this.#onControl(record.payload, output);
        break;
      case "tick":
        this.#onTick(record.payload, output);
        break;
      case "ml":
        this.#onCorrection(record.payload, output);
        break;
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
    const changes = this.#cars.takeChanges((_, state, ticks) => encodeCar(state, ticks));
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
      const { state, ticks } = decodeCar(bytes, this.#race.carContext(key));
      this.#cars.restore(key, state, ticks);
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
    if (!this.#pipeline.onFrame(car, frame, output)) return;
    const flag = this.#race.flags.at(car.mark.maxEventTimeMs);
    output.live(subjects.live(this.#race.race, frame.car), () =>
      encodeLiveValue(this.#race.race, frame, flag, car.fuel),
    );
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
        this.#pipeline.forgetModels();
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
    this.#pipeline.emitFuel(carId, car, output);
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

  /**
   * A tick says that a second has passed, and no more: ingests whose clocks differ each write their own, and a wrong one
   * must change nobody's totals. Event time comes with the frames.
   */
  #onTick(payload: Uint8Array, output: OperatorOutput): void {
    try {
      fromBinary(TickSchema, payload);
    } catch {
      this.#unreadable++;
      return;
    }
    const heard = [...this.#cars.entries()].filter(([, { ticksSilent }]) => ticksSilent < QUIET_TICKS);
    if (heard.length === 0) return;
    this.#cars.tick();
    for (const [carId, car] of heard) {
      this.#pipeline.onTick(carId, car, output);
      this.#cars.markChanged(carId);
    }
  }

  #onCorrection(payload: Uint8Array, output: OperatorOutput): void {
    let correction: MlCorrection;
    try {
      correction = fromBinary(MlCorrectionSchema, payload);
    } catch {
      this.#unreadable++;
      return;
    }
    const car = correction.schemaVersion === ML_SCHEMA_VERSION ? this.#cars.get(correction.car) : undefined;
    if (car === undefined) {
      this.#unreadable++;
      return;
    }
    this.#cars.markChanged(correction.car);
    this.#pipeline.onCorrection(car, correction, output);
  }

  #carState(carId: string): CarState | undefined {
    if (!isCarId(carId)) return undefined;
    return this.#cars.getOrCreate(carId, () => createCarState(this.#race.carContext(carId)));
  }
}
