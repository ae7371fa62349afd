import {
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  controlCar,
  create,
  MESSAGE_BYTES_MAX,
  PARTITION_COUNT,
  partitionOf,
  type RaceDefinition,
  RaceDefinitionSchema,
  subjects,
  type TelemetryFrame,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { assert, err, ok, type Result } from "@burnline/std";
import type { LogAppend } from "@burnline/stream";
import { Admission, type AdmissionFault, isTimeFault, type Refusal } from "./admission.ts";
import { CLOCK_STEP_MS_MAX, type ClockReading, type JudgedBy, judgeByClocks, nextArrivalMs } from "./arrival-clock.ts";
import { ControlAdmission, type ControlFault } from "./control-admission.ts";
import { IngestCounts } from "./ingest-counts.ts";
import { thinFrame } from "./sampling.ts";
import type { SourceItem } from "./source.ts";

const TICK_MS = 1_000;

/**
 * Ticks written after the last item of a recording: longer than the allowed lateness (5 s) and the idle time together,
 * so that every window and lap becomes final.
 */
export const TRAILING_TICKS = 15;

/** A hole in the arrival times longer than this is not filled with ticks; the clock jumps to its end. */
export const TICK_GAP_MS_MAX = 600_000;

/** The same for a live source: ticks written after the fact would make cars look silent whose frames wait in the queue. */
const LIVE_TICK_GAP_MS_MAX = 5_000;

export interface IngestSessionOptions {
  readonly race: RaceDefinition;
  /** Event time of the race's start; the first tick is the first whole second from here. */
  readonly startMs: number;
  /**
   * True gives telemetry no message ids: a live item comes once. False gives each item its place in the source as id,
   * so that appending it again after a crash stores nothing twice.
   */
  readonly live: boolean;
}

const NOTHING = { appends: [], samples: 0, thinned: 0, frame: undefined } as const;

/** What became of one item. */
export interface ItemOutcome extends JudgedBy {
  readonly appends: readonly LogAppend[];
  /** Why the item was refused; undefined: admitted (or nothing to admit). */
  readonly fault: AdmissionFault | ControlFault | undefined;
  /** Samples admitted, those that were thinned out not among them. */
  readonly samples: number;
  /** Samples left out so that the log can follow; those that stayed stand for them. */
  readonly thinned: number;
  /** The frame as it went to the log; undefined: the item was none, or was refused. */
  readonly frame: TelemetryFrame | undefined;
}

/**
 * Turns the items of a source into the records of the race log: race definition first, a tick in every partition each
 * second of arrival time, control events into their car's partition or, where they concern all cars, into every one,
 * admitted frames into their car's partition.
 * Pure and deterministic: the records depend on the items and on nothing else, which is what resuming relies on.
 *
 *   records = start(), then for each item: tick() while tickDue(item.arrivalMs), then accept(item); trailing ticks
 */
export class IngestSession {
  readonly counts = new IngestCounts();
  readonly race: string;
  readonly #live: boolean;
  readonly #admission: Admission;
  readonly #controls: ControlAdmission;
  readonly #definition: RaceDefinition;
  readonly #startMs: number;
  #nextTickMs: number;
  #newestTickMs = Number.NEGATIVE_INFINITY;
  #setBacks = 0;
  #arrivalMs: number;
  #itemIndex = 0;

  constructor(options: IngestSessionOptions) {
    assert(Number.isSafeInteger(options.startMs), `the race must start at a whole ms, not ${options.startMs}`);
    this.race = options.race.race;
    this.#definition = options.race;
    this.#live = options.live;
    this.#startMs = options.startMs;
    this.#arrivalMs = options.startMs;
    this.#nextTickMs = Math.ceil(options.startMs / TICK_MS) * TICK_MS;
    this.#admission = new Admission(options.race);
    this.#controls = new ControlAdmission(this.race, (car) => this.#admission.carFault(car));
  }

  /** The race definition, which opens the log. */
  start(): readonly LogAppend[] {
    const outcome = this.#acceptControl(definitionEvent(this.#definition, this.#startMs), this.#startMs);
    assert(outcome.ok, `the race definition of ${this.race} is sound`);
    return outcome.value;
  }

  get nextTickMs(): number {
    return this.#nextTickMs;
  }

  /** True while a tick has to be written before something that arrives at this time. */
  tickDue(arrivalMs: number): boolean {
    const behindMs = arrivalMs - this.#nextTickMs;
    if (behindMs > (this.#live ? LIVE_TICK_GAP_MS_MAX : TICK_GAP_MS_MAX)) {
      this.#nextTickMs = Math.ceil((arrivalMs - TICK_MS) / TICK_MS) * TICK_MS;
    } else if (this.#live && behindMs < -TICK_MS - CLOCK_STEP_MS_MAX) {
      // The clock was set back. The ticks of a recording do not go back: by them its place is found again.
      this.#nextTickMs = Math.ceil(arrivalMs / TICK_MS) * TICK_MS;
      this.#setBacks++;
    }
    return this.#nextTickMs < arrivalMs;
  }

  /** The next tick, in every partition. */
  tick(): readonly LogAppend[] {
    const eventTimeMs = this.#nextTickMs;
    // A second that comes again has another id, or the log would take its tick for the one that it has.
    const again = eventTimeMs > this.#newestTickMs ? "" : `:${this.#setBacks}`;
    this.#nextTickMs += TICK_MS;
    this.#newestTickMs = Math.max(this.#newestTickMs, eventTimeMs);
    this.#arrivalMs = nextArrivalMs(this.#arrivalMs, eventTimeMs);
    const payload = toBinary(TickSchema, create(TickSchema, { eventTimeMs }));
    return everyPartition((partition) => ({
      partition,
      subject: subjects.tick(this.race, partition),
      payload,
      messageId: `tick:${eventTimeMs}:${partition}${again}`,
    }));
  }

  /**
   * What this item becomes. Items must come in order of arrival; one from the past is taken as arriving now, unless it is so
   * far in the past that the clock was set back.
   * @param rateHzMax a faster frame is thinned to so many samples per second, see `thinFrame`
   * @param others what clocks say that differ from the race clock
   */
  accept(
    item: SourceItem,
    rateHzMax: number = Number.POSITIVE_INFINITY,
    others: readonly ClockReading[] = [],
  ): ItemOutcome {
    const index = this.#itemIndex++;
    this.#arrivalMs = nextArrivalMs(this.#arrivalMs, item.arrivalMs);
    if (item.type === "skipped") {
      this.counts.skipped(item.reason, item.count);
      return { ...NOTHING, fault: undefined, arrivalMs: this.#arrivalMs, clock: undefined };
    }
    if (item.type === "control") {
      const admit = (arrivalMs: number) => this.#acceptControl(item.event, arrivalMs);
      const { result, by } = judgeByClocks(admit, isTimeFault, this.#arrivalMs, others);
      if (!result.ok) this.counts.controlRejected(result.error);
      else this.counts.controlAdmitted();
      return result.ok
        ? { ...NOTHING, appends: result.value, fault: undefined, ...by }
        : { ...NOTHING, fault: result.error, ...by };
    }
    const bytes = item.type === "bytes" ? item.bytes : undefined;
    const admit = (arrivalMs: number) =>
      item.type === "bytes"
        ? this.#admission.admitBytes(item.bytes, arrivalMs)
        : this.#admission.admitFrame(item.frame, arrivalMs);
    const { result, by } = judgeByClocks(admit, ({ reason }) => isTimeFault(reason), this.#arrivalMs, others);
    return { ...this.#acceptFrame(result, index, bytes, rateHzMax), ...by };
  }

  #acceptFrame(
    admitted: Result<TelemetryFrame, Refusal>,
    index: number,
    bytes: Uint8Array | undefined,
    rateHzMax: number,
  ): Omit<ItemOutcome, keyof JudgedBy> {
    if (!admitted.ok) return this.#refuseFrame(admitted.error);
    const whole = admitted.value;
    const frame = thinFrame(whole, rateHzMax);
    const payload = bytes === undefined || frame !== whole ? encodeFrame(frame) : ok(bytes);
    if (!payload.ok) return this.#refuseFrame({ reason: payload.error, car: frame.car });
    this.counts.frameAdmitted(frame.car, frame.offsetMs.length, payload.value.length);
    const partition = partitionOf(frame.car);
    const record = { partition, subject: subjects.telemetry(this.race, partition, frame.car), payload: payload.value };
    const append = this.#live ? record : { ...record, messageId: `item:${index}` };
    const samples = frame.offsetMs.length;
    return { appends: [append], fault: undefined, samples, thinned: whole.offsetMs.length - samples, frame };
  }

  #refuseFrame(refusal: Refusal): Omit<ItemOutcome, keyof JudgedBy> {
    const mayBeOurClock = this.#live && isTimeFault(refusal.reason);
    const isInDoubt = mayBeOurClock && this.#admission.isClockInDoubt(refusal, this.#arrivalMs);
    const reason = isInDoubt ? "clock-in-doubt" : refusal.reason;
    this.counts.frameRejected(reason, refusal.car);
    return { ...NOTHING, fault: reason };
  }

  #acceptControl(event: ControlEvent, arrivalMs: number): Result<readonly LogAppend[], ControlFault> {
    const admitted = this.#controls.admit(event, arrivalMs);
    if (!admitted.ok) return admitted;
    const { payload, kind } = admitted.value;
    if (event.event.case === "raceDefinition") this.#admission.updateRace(event.event.value);
    const car = controlCar(event);
    const intoPartition = (partition: number): LogAppend => ({
      partition,
      subject: subjects.control(this.race, partition, kind),
      payload,
      messageId: `ctl:${event.id}:${partition}`,
    });
    return ok(car === undefined ? everyPartition(intoPartition) : [intoPartition(partitionOf(car))]);
  }
}

/**
 * The control event that carries a race definition. Its id comes from its content, so that the same definition after a
 * restart is the same event and a changed one is a new event.
 */
export function definitionEvent(race: RaceDefinition, effectiveFromMs: number): ControlEvent {
  return create(ControlEventSchema, {
    schemaVersion: CONTROL_SCHEMA_VERSION,
    id: `race-definition-${contentHash(toBinary(RaceDefinitionSchema, race))}`,
    effectiveFromMs,
    event: { case: "raceDefinition", value: race },
  });
}

/** An error: too large, or a number that fits no field. */
function encodeFrame(frame: TelemetryFrame): Result<Uint8Array, AdmissionFault> {
  try {
    const payload = toBinary(TelemetryFrameSchema, frame);
    return payload.length <= MESSAGE_BYTES_MAX ? ok(payload) : err("too-large");
  } catch {
    return err("out-of-range");
  }
}

function everyPartition(append: (partition: number) => LogAppend): readonly LogAppend[] {
  return Array.from({ length: PARTITION_COUNT }, (_, partition) => append(partition));
}

/** FNV-1a 32 bit in hexadecimal; an identity among the few definitions of one race, not a protection. */
function contentHash(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
