import type { TelemetryFrame } from "./generated/burnline/v1/telemetry_pb.js";

/** A tag byte of protobuf: field number times eight plus the way in which the value is written. */
const LENGTH_DELIMITED = 2;
const DOUBLE = 1;
const VARINT = 0;
const tag = (field: number, wireType: number) => (field << 3) | wireType;

const SCHEMA_VERSION = tag(1, VARINT);
const CAR = tag(2, LENGTH_DELIMITED);
const SOURCE_SEQUENCE = tag(3, VARINT);
const EVENT_TIME_MS = tag(4, DOUBLE);
const SAMPLE_RATE_HZ = tag(5, DOUBLE);
const FIRST_COLUMN = 6;
const LAST_COLUMN = 15;
/** Field 16 is the first whose tag takes two bytes. */
const SOURCE_RATE_HZ = [0x81, 0x01] as const;

/** A fifth byte of a varint holds the upper four bits of 32; more is a number that does not fit. */
const FIFTH_BYTE_MAX = 0x0f;
/** Doubles are put together here; little-endian, as protobuf writes them. */
const scratch = new DataView(new ArrayBuffer(8));

/**
 * A frame as our own encoder writes it, about twice as fast as the general decoder (docs/adr/0008). Undefined for
 * everything that is unusual, sound or not: unknown fields, columns in pieces or not packed, numbers written longer than
 * needed, letters outside ASCII, bytes that end early. Says nothing about ranges.
 */
export function decodeUsualFrame(bytes: Uint8Array): TelemetryFrame | undefined {
  const reader = new FrameReader(bytes);
  const frame = emptyFrame();
  while (reader.at < bytes.length && !reader.isUnusual) readField(reader, frame);
  return reader.isUnusual ? undefined : frame;
}

function readField(reader: FrameReader, frame: TelemetryFrame): void {
  const first = reader.byte();
  switch (first) {
    case SCHEMA_VERSION:
      frame.schemaVersion = reader.uint32();
      return;
    case CAR:
      frame.car = reader.ascii();
      return;
    case SOURCE_SEQUENCE:
      frame.sourceSequence = reader.uint32();
      return;
    case EVENT_TIME_MS:
      frame.eventTimeMs = reader.double();
      return;
    case SAMPLE_RATE_HZ:
      frame.sampleRateHz = reader.double();
      return;
    case SOURCE_RATE_HZ[0]:
      if (reader.byte() !== SOURCE_RATE_HZ[1]) reader.isUnusual = true;
      else frame.sourceRateHz = reader.double();
      return;
  }
  const field = first >> 3;
  const isColumn = (first & 7) === LENGTH_DELIMITED && field >= FIRST_COLUMN && field <= LAST_COLUMN;
  const column = isColumn ? columnOf(frame, field) : undefined;
  if (column === undefined || column.length > 0) reader.isUnusual = true;
  else if (column === frame.gear) reader.zigzags(column);
  else reader.uint32s(column);
}

function columnOf(frame: TelemetryFrame, field: number): number[] | undefined {
  switch (field) {
    case 6:
      return frame.offsetMs;
    case 7:
      return frame.throttleBasisPoints;
    case 8:
      return frame.rpmTenths;
    case 9:
      return frame.speedMmPerS;
    case 10:
      return frame.lapPositionPpm;
    case 11:
      return frame.lapNumber;
    case 12:
      return frame.brakeBasisPoints;
    case 13:
      return frame.gear;
    case 14:
      return frame.statusBits;
    case 15:
      return frame.gapAheadDm;
    default:
      return undefined;
  }
}

/** As `create(TelemetryFrameSchema)` makes it. */
function emptyFrame(): TelemetryFrame {
  return {
    $typeName: "burnline.v1.TelemetryFrame",
    schemaVersion: 0,
    car: "",
    sourceSequence: 0,
    eventTimeMs: 0,
    sampleRateHz: 0,
    offsetMs: [],
    throttleBasisPoints: [],
    rpmTenths: [],
    speedMmPerS: [],
    lapPositionPpm: [],
    lapNumber: [],
    brakeBasisPoints: [],
    gear: [],
    statusBits: [],
    gapAheadDm: [],
    sourceRateHz: 0,
  };
}

/** Reads on until something is unusual; what it gives after that means nothing. */
class FrameReader {
  at = 0;
  isUnusual = false;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    const value = this.#bytes[this.at++];
    if (value === undefined) this.isUnusual = true;
    return value ?? 0;
  }

  uint32(): number {
    let value = this.byte();
    if (value < 0x80) return value;
    value &= 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const byte = this.byte();
    if (byte > FIFTH_BYTE_MAX) this.isUnusual = true;
    return (value | (byte << 28)) >>> 0;
  }

  double(): number {
    if (this.at + 8 > this.#bytes.length) {
      this.isUnusual = true;
      return 0;
    }
    for (let index = 0; index < 8; index++) scratch.setUint8(index, this.byte());
    return scratch.getFloat64(0, true);
  }

  ascii(): string {
    const end = this.#end();
    let text = "";
    while (this.at < end) {
      const code = this.byte();
      if (code >= 0x80) this.isUnusual = true;
      text += String.fromCharCode(code);
    }
    return text;
  }

  uint32s(column: number[]): void {
    const end = this.#end();
    while (this.at < end) {
      const first = this.#bytes[this.at] ?? 0;
      // Most numbers of most columns are small.
      if (first >= 0x80) column.push(this.uint32());
      else {
        column.push(first);
        this.at++;
      }
    }
    // A number that goes on behind the end of its column.
    if (this.at !== end) this.isUnusual = true;
  }

  zigzags(column: number[]): void {
    const end = this.#end();
    while (this.at < end) {
      const value = this.uint32();
      column.push((value >>> 1) ^ -(value & 1));
    }
    if (this.at !== end) this.isUnusual = true;
  }

  /** Where the bytes end whose length stands here; here itself if there are not so many. */
  #end(): number {
    const length = this.uint32();
    const end = this.at + length;
    if (end <= this.#bytes.length) return end;
    this.isUnusual = true;
    return this.at;
  }
}
