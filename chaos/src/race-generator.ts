import {
  type ControlEvent,
  ControlEventSchema,
  create,
  PARTITION_COUNT,
  partitionOf,
  subjects,
  type TelemetryFrame,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { BurnModel, fillBurn, SampleColumns } from "@burnline/fuel";
import { RaceState, WINDOW_MS } from "@burnline/processor";
import { LossyLink, PERFECT_LINK } from "@burnline/racesim";
import { Prng } from "@burnline/std";
import type { LogAppend } from "@burnline/stream";
import { CarTape, FRAME_MS } from "./car-tape.ts";
import { RaceControl } from "./race-control.ts";
import { type FramePart, RaceTruth } from "./race-truth.ts";

const TICK_MS = 1_000;

/** On its way a frame is doubled, overtaken by others, or late: within the allowed lateness and beyond it. */
const USUAL_DISORDER = {
  ...PERFECT_LINK,
  latencyMs: 0,
  duplicateProbability: 0.05,
  duplicateDelayMsMax: 400,
  reorderProbability: 0.03,
  reorderDelayMsMax: 300,
  lateProbability: 0.005,
  lateDelayMsMin: 1_000,
  lateDelayMsMax: 8_000,
} as const;

const STORM = {
  ...USUAL_DISORDER,
  duplicateProbability: 0.5,
  duplicateDelayMsMax: 3_000,
  reorderProbability: 0.5,
  reorderDelayMsMax: 600,
  lateProbability: 0.1,
} as const;

/** Of all records so many are sent twice with the same message id, which is the log's to notice. */
const SAME_ID_PROBABILITY = 0.01;

export interface GeneratorOptions {
  readonly race: string;
  readonly cars: number;
  /** Number of the first car; absent: 1. */
  readonly firstCar?: number;
  readonly seed: number;
  readonly startMs: number;
  /** Race control plans up to here. */
  readonly endMs: number;
}

/** Records for the log, and apart from them what their totals have to be. Time comes in; the seed says the rest. */
export class RaceGenerator {
  readonly truth = new RaceTruth();
  readonly cars: readonly string[];
  /** Copies of frames under other message ids, and records sent again under their own. */
  duplicates = 0;
  sameIds = 0;
  readonly #race: string;
  readonly #prng: Prng;
  readonly #tapes: readonly CarTape[];
  readonly #control: RaceControl;
  readonly #usual: LossyLink<TelemetryFrame>;
  readonly #storm: LossyLink<TelemetryFrame>;
  readonly #state: RaceState;
  readonly #models = new Map<string, BurnModel>();
  readonly #columns = new SampleColumns();
  readonly #sent = new WeakSet<TelemetryFrame>();
  #slotMs: number;
  #tickMs: number;
  #isStormy = false;

  constructor({ race, cars, firstCar = 1, seed, startMs, endMs }: GeneratorOptions) {
    this.#race = race;
    this.#prng = new Prng(seed);
    this.cars = Array.from({ length: cars }, (_, index) => String(firstCar + index));
    this.#tapes = this.cars.map((car, index) => new CarTape(car, this.#prng.fork(index)));
    this.#control = new RaceControl(race, this.cars, startMs, endMs, this.#prng.fork(1_000));
    this.#usual = new LossyLink({ ...USUAL_DISORDER, seed: this.#prng.uint32() });
    this.#storm = new LossyLink({ ...STORM, seed: this.#prng.uint32() });
    this.#state = new RaceState(race);
    this.#slotMs = startMs;
    this.#tickMs = startMs;
  }

  /** Frames from now on are sent over a much worse link, or over the usual one again. */
  setStorm(isStormy: boolean): void {
    this.#isStormy = isStormy;
  }

  /** Race time up to which everything has been made. */
  get sentUntilMs(): number {
    return this.#slotMs;
  }

  opening(): LogAppend[] {
    return this.#control.opening(this.#slotMs).flatMap((event) => this.#controlRecords(event));
  }

  /** What is sent in the next tenth of a second, in order; undefined when that is not over yet. */
  next(nowMs: number): LogAppend[] | undefined {
    const untilMs = this.#slotMs + FRAME_MS;
    if (untilMs > nowMs) return undefined;
    const records = this.#control.upTo(untilMs).flatMap((event) => this.#controlRecords(event));
    while (this.#tickMs + TICK_MS <= untilMs) records.push(...this.tick());
    const link = this.#isStormy ? this.#storm : this.#usual;
    for (const tape of this.#tapes) link.send(untilMs, this.#note(tape.next(this.#slotMs)));
    this.#slotMs = untilMs;
    records.push(...this.#arrived(untilMs));
    return this.#someTwice(records);
  }

  /** What was still on its way. */
  drain(): LogAppend[] {
    return this.#arrived(Number.POSITIVE_INFINITY);
  }

  /** The next second, for every partition. */
  tick(): LogAppend[] {
    this.#tickMs += TICK_MS;
    const payload = toBinary(TickSchema, create(TickSchema, { eventTimeMs: this.#tickMs }));
    return Array.from({ length: PARTITION_COUNT }, (_, partition) => ({
      ...{ partition, subject: subjects.tick(this.#race, partition), payload },
      messageId: `tick:${this.#tickMs}:${partition}`,
    }));
  }

  #arrived(nowMs: number): LogAppend[] {
    const frames = [...this.#usual.drain(nowMs), ...this.#storm.drain(nowMs)];
    return frames.map(({ item }) => this.#frameRecord(item));
  }

  #frameRecord(frame: TelemetryFrame): LogAppend {
    const { car, sourceSequence } = frame;
    const partition = partitionOf(car);
    const isCopy = this.#sent.has(frame);
    if (isCopy) this.duplicates++;
    else this.#sent.add(frame);
    return {
      ...{ partition, subject: subjects.telemetry(this.#race, partition, car) },
      payload: toBinary(TelemetryFrameSchema, frame),
      messageId: `tel:${car}:${sourceSequence}:${isCopy ? 1 : 0}`,
    };
  }

  #someTwice(records: readonly LogAppend[]): LogAppend[] {
    return records.flatMap((record) => {
      if (!this.#prng.chance(SAME_ID_PROBABILITY)) return [record];
      this.sameIds++;
      return [record, record];
    });
  }

  /** What holds for all cars goes to every partition, what holds for one to its own. */
  #controlRecords(event: ControlEvent): LogAppend[] {
    this.#state.accept(event);
    if (event.event.case === "raceDefinition") this.#state.definition = event.event.value;
    if (event.event.case === "flagChanged") this.#state.setFlag(event.event.value.flag, event.effectiveFromMs);
    const payload = toBinary(ControlEventSchema, event);
    const { value } = event.event;
    const all = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);
    const partitions = value !== undefined && "car" in value ? [partitionOf(value.car)] : all;
    return partitions.map((partition) => ({
      ...{ partition, subject: subjects.control(this.#race, partition, event.event.case ?? "none"), payload },
      messageId: `ctl:${event.id}:${partition}`,
    }));
  }

  /** The truth of a frame, taken down sample by sample before it is sent. */
  #note(frame: TelemetryFrame): TelemetryFrame {
    const columns = this.#columns;
    columns.load(frame);
    for (let index = 0; index < columns.count; index++) {
      columns.regime[index] = this.#state.regimes.at(columns.eventTimeMs[index] ?? 0);
    }
    fillBurn(this.#model(frame.car), columns);
    const parts: FramePart[] = [];
    for (let index = 0; index < columns.count; index++) {
      const eventTimeMs = columns.eventTimeMs[index] ?? 0;
      const windowStartMs = eventTimeMs - (eventTimeMs % WINDOW_MS);
      const lapNumber = columns.lapNumber[index] ?? -1;
      const burnUg = columns.burnUg[index] ?? 0;
      const last = parts.at(-1);
      if (last?.windowStartMs === windowStartMs && last.lapNumber === lapNumber) {
        parts.pop();
        parts.push({ windowStartMs, lapNumber, samples: last.samples + 1, burnUg: last.burnUg + burnUg });
      } else parts.push({ windowStartMs, lapNumber, samples: 1, burnUg });
    }
    this.truth.add(frame.car, { lastEventTimeMs: columns.eventTimeMs[columns.count - 1] ?? 0, parts });
    return frame;
  }

  #model(car: string): BurnModel {
    const model = this.#models.get(car) ?? new BurnModel(this.#state.carContext(car).profile);
    this.#models.set(car, model);
    return model;
  }
}
