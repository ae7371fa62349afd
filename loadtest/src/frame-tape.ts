import { ByteSink } from "./byte-sink.ts";
import { FRAME_MS } from "./profile.ts";
import { asciiBytes, DELIMITED, delimited, FIXED64, tagOf, VARINT } from "./wire.ts";

/** Field numbers of TelemetryFrame (telemetry.proto). */
const FIELD = {
  ...{ schemaVersion: 1, car: 2, sourceSequence: 3, eventTimeMs: 4, sampleRateHz: 5, offsetMs: 6, throttle: 7, rpm: 8 },
  ...{ speed: 9, lapPosition: 10, lapNumber: 11, brake: 12, gear: 13, gapAhead: 15 },
} as const;

const SCHEMA_VERSION = 1;
const PPM = 1_000_000;
const SEQUENCES = 2 ** 32;
const BODY_BYTES = 512;
/** Four corners of an oval: off the throttle into each, back on it out of each. */
const CORNERS = 4;
const TOP_SPEED_MPS = 85;
const CORNER_LOSS_MPS = 22;
/** Zigzag: 4th gear is written as 8. */
const FOURTH_GEAR = 8;
const GAP_AHEAD_DM = 400;

export interface TapeShape {
  readonly rateHz: number;
  readonly lapSeconds: number;
}

interface Body {
  /** Everything between the event time and the lap number. */
  readonly before: Uint8Array;
  /** Everything after the lap number. */
  readonly after: Uint8Array;
}

/** What is the same in every frame of a car, from the front. */
export type CarHead = Uint8Array;

/**
 * A lap as ready-made frame bodies, each made when it is first wanted, so that a frame costs a copy and not an encoding.
 * What differs from car to car and lap to lap (car, sequence, event time, lap number) is put between.
 */
export class FrameTape {
  readonly #bodies: (Body | undefined)[];
  readonly #samples: number;
  readonly #rateHz: number;
  readonly #frame = new ByteSink(BODY_BYTES);
  readonly #part = new ByteSink(BODY_BYTES);
  readonly #laps = new Map<number, Uint8Array>();

  constructor({ rateHz, lapSeconds }: TapeShape) {
    this.#samples = Math.round((rateHz * FRAME_MS) / 1_000);
    this.#rateHz = rateHz;
    this.#bodies = new Array<undefined>(Math.round((lapSeconds * 1_000) / FRAME_MS)).fill(undefined);
  }

  headOf(car: string): CarHead {
    const version = [...tagOf(FIELD.schemaVersion, VARINT), SCHEMA_VERSION];
    return Uint8Array.from([
      ...version,
      ...delimited(FIELD.car, asciiBytes(car)),
      ...tagOf(FIELD.sourceSequence, VARINT),
    ]);
  }

  /** Appends one frame behind its length. The car is `lapsAhead` laps (a fraction too) further than the clock says. */
  append(to: ByteSink, head: CarHead, eventTimeMs: number, startMs: number, lapsAhead: number): void {
    const lapFrames = this.#bodies.length;
    const index = Math.floor((eventTimeMs - startMs) / FRAME_MS) + Math.floor(lapsAhead * lapFrames);
    const body = this.#bodyAt(index % lapFrames);
    const frame = this.#frame;
    frame.bytes(head);
    frame.varint(sequenceOf(eventTimeMs));
    frame.varint(FIELD.eventTimeMs * 8 + FIXED64);
    frame.double(eventTimeMs);
    frame.bytes(body.before);
    frame.bytes(this.#lapColumn(Math.floor(index / lapFrames) + 1));
    frame.bytes(body.after);
    to.varint(frame.length);
    to.bytes(frame.take());
  }

  #bodyAt(index: number): Body {
    let body = this.#bodies[index];
    if (body === undefined) {
      body = this.#makeBody(index);
      this.#bodies[index] = body;
    }
    return body;
  }

  #lapColumn(lapNumber: number): Uint8Array {
    let column = this.#laps.get(lapNumber);
    if (column === undefined) {
      column = this.#packed(FIELD.lapNumber, () => lapNumber);
      this.#laps.set(lapNumber, column);
    }
    return column;
  }

  #makeBody(index: number): Body {
    const lapShare = (sample: number) => (index + sample / this.#samples) / this.#bodies.length;
    const before = new ByteSink(BODY_BYTES);
    before.varint(FIELD.sampleRateHz * 8 + FIXED64);
    before.double(this.#rateHz);
    before.bytes(this.#packed(FIELD.offsetMs, (sample) => Math.floor((sample * FRAME_MS) / this.#samples)));
    before.bytes(this.#packed(FIELD.throttle, (sample) => Math.round(10_000 * throttleAt(lapShare(sample)))));
    before.bytes(this.#packed(FIELD.rpm, (sample) => Math.round(1_050 * speedAt(lapShare(sample)))));
    before.bytes(this.#packed(FIELD.speed, (sample) => Math.round(1_000 * speedAt(lapShare(sample)))));
    before.bytes(this.#packed(FIELD.lapPosition, (sample) => Math.floor(PPM * lapShare(sample))));
    const after = new ByteSink(BODY_BYTES);
    after.bytes(this.#packed(FIELD.brake, (sample) => (throttleAt(lapShare(sample)) < 0.1 ? 1_500 : 0)));
    after.bytes(this.#packed(FIELD.gear, () => FOURTH_GEAR));
    after.bytes(this.#packed(FIELD.gapAhead, () => GAP_AHEAD_DM));
    return { before: before.take(), after: after.take() };
  }

  /** A packed column with a value for each sample. */
  #packed(field: number, value: (sample: number) => number): Uint8Array {
    const part = this.#part;
    for (let sample = 0; sample < this.#samples; sample++) part.varint(value(sample));
    const body = part.take();
    part.varint(field * 8 + DELIMITED);
    part.varint(body.length);
    part.bytes(body);
    return part.take();
  }
}

/**
 * One number per car and 100 ms of event time. It rises from run to run too, so that a second run on the same race is
 * not taken for a repetition of the first.
 */
export function sequenceOf(eventTimeMs: number): number {
  return Math.floor(eventTimeMs / FRAME_MS) % SEQUENCES;
}

/** 1 on the straight, 0 into the corner, and back. */
function throttleAt(lapShare: number): number {
  const inCorner = (lapShare * CORNERS) % 1;
  return Math.min(1, Math.max(0, 1.6 * Math.cos(2 * Math.PI * inCorner) + 0.8));
}

function speedAt(lapShare: number): number {
  const inCorner = (lapShare * CORNERS) % 1;
  return TOP_SPEED_MPS - CORNER_LOSS_MPS * (0.5 - 0.5 * Math.cos(2 * Math.PI * (inCorner - 0.1)));
}
