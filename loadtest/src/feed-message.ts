import { asciiBytes, delimited, FIXED64, tagOf, VARINT, varintBytes, WireReader } from "./wire.ts";

/** What a client of this load reads of a ServerMessage (live.proto); the rest is jumped over. */
export type FeedMessage =
  | { readonly op: "hello"; readonly serverInstance: string; readonly serverTimeMs: number }
  | { readonly op: "pong"; readonly clientTimeMs: number; readonly serverTimeMs: number }
  | { readonly op: "error"; readonly code: string }
  | ({ readonly op: "snapshot" | "delta" } & FeedUpdate)
  | { readonly op: "other" };

export interface FeedUpdate {
  readonly id: number;
  /** Of the race's header; 0 = not in this message. */
  readonly raceTimeMs: number;
  readonly cars: readonly CarPart[];
  readonly sentAtMs: number;
}

/** Of one car; 0 = not in this message. */
export interface CarPart {
  car: string;
  eventTimeMs: number;
  liveMs: number;
  windowStartMs: number;
  windowEndMs: number;
  windowRevision: number;
  lapStartMs: number;
  lapEndMs: number;
  lapSamples: number;
  lapRevision: number;
}

const SERVER_OPS = ["", "hello", "snapshot", "delta", "pong", "error", "status"] as const;
/** The field that holds the time of sending. */
const SENT_AT = { snapshot: 9, delta: 8 } as const;
const CARS = { snapshot: 4, delta: 3 } as const;
const RACE = { snapshot: 3, delta: 2 } as const;

/** @param readsCars false leaves the cars unread: a client that stands for many need not understand every message. */
export function readFeedMessage(buffer: ArrayBuffer, readsCars: (id: number) => boolean): FeedMessage {
  const reader = new WireReader(buffer);
  const op = SERVER_OPS[reader.varint() >> 3];
  reader.end = enter(reader);
  switch (op) {
    case "snapshot":
    case "delta":
      return { op, ...readUpdate(reader, op, readsCars) };
    case "hello":
      return readHello(reader);
    case "pong":
      return readPong(reader);
    case "error":
      return { op, code: readText(reader, 1) };
    default:
      return { op: "other" };
  }
}

/** Position after the value with a length that comes next. */
function enter(reader: WireReader): number {
  const length = reader.varint();
  return reader.at + length;
}

function readUpdate(reader: WireReader, op: "snapshot" | "delta", readsCars: (id: number) => boolean): FeedUpdate {
  let id = 0;
  let raceTimeMs = 0;
  let sentAtMs = 0;
  const cars: CarPart[] = [];
  while (reader.at < reader.end) {
    const tag = reader.varint();
    const field = tag >> 3;
    if (field === 1) id = reader.varint();
    else if (field === SENT_AT[op] && (tag & 7) === FIXED64) sentAtMs = reader.double();
    else if (field === RACE[op]) raceTimeMs = readRaceTime(reader);
    else if (field === CARS[op] && readsCars(id)) cars.push(readCar(reader));
    else reader.skip(tag);
  }
  return { id, raceTimeMs, cars, sentAtMs };
}

function readRaceTime(reader: WireReader): number {
  const end = enter(reader);
  let eventTimeMs = 0;
  while (reader.at < end) {
    const tag = reader.varint();
    if (tag >> 3 === 3) eventTimeMs = reader.double();
    else reader.skip(tag);
  }
  return eventTimeMs;
}

/** Fields of CarView. */
function readCar(reader: WireReader): CarPart {
  const end = enter(reader);
  const part: CarPart = {
    ...{ car: "", eventTimeMs: 0, liveMs: 0, windowStartMs: 0, windowEndMs: 0, windowRevision: 0 },
    ...{ lapStartMs: 0, lapEndMs: 0, lapSamples: 0, lapRevision: 0 },
  };
  while (reader.at < end) {
    const tag = reader.varint();
    switch (tag >> 3) {
      case 1:
        part.car = reader.ascii();
        break;
      case 4:
        part.liveMs = readLiveTime(reader);
        break;
      case 5:
        readLap(reader, part);
        break;
      case 6:
        part.lapRevision = reader.varint();
        break;
      case 11:
        readWindow(reader, part);
        break;
      case 12:
        part.windowRevision = reader.varint();
        break;
      case 13:
        part.eventTimeMs = reader.double();
        break;
      default:
        reader.skip(tag);
    }
  }
  return part;
}

/** Fields come in the order of their numbers, so the rest of a part can be left once what is wanted has been read. */
function readLiveTime(reader: WireReader): number {
  const end = enter(reader);
  let eventTimeMs = 0;
  while (reader.at < end && eventTimeMs === 0) {
    const tag = reader.varint();
    if (tag >> 3 === 3) eventTimeMs = reader.double();
    else reader.skip(tag);
  }
  reader.at = end;
  return eventTimeMs;
}

function readLap(reader: WireReader, part: CarPart): void {
  const end = enter(reader);
  while (reader.at < end && part.lapSamples === 0) {
    const tag = reader.varint();
    if (tag >> 3 === 2) part.lapStartMs = reader.double();
    else if (tag >> 3 === 3) part.lapEndMs = reader.double();
    else if (tag >> 3 === 4) part.lapSamples = reader.varint();
    else reader.skip(tag);
  }
  reader.at = end;
}

function readWindow(reader: WireReader, part: CarPart): void {
  const end = enter(reader);
  while (reader.at < end && part.windowEndMs === 0) {
    const tag = reader.varint();
    if (tag >> 3 === 1) part.windowStartMs = reader.double();
    else if (tag >> 3 === 2) part.windowEndMs = reader.double();
    else reader.skip(tag);
  }
  reader.at = end;
}

function readHello(reader: WireReader): FeedMessage {
  let serverInstance = "";
  let serverTimeMs = 0;
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag >> 3 === 3) serverInstance = reader.ascii();
    else if (tag >> 3 === 4) serverTimeMs = reader.double();
    else reader.skip(tag);
  }
  return { op: "hello", serverInstance, serverTimeMs };
}

function readPong(reader: WireReader): FeedMessage {
  let clientTimeMs = 0;
  let serverTimeMs = 0;
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag >> 3 === 1) clientTimeMs = reader.double();
    else if (tag >> 3 === 2) serverTimeMs = reader.double();
    else reader.skip(tag);
  }
  return { op: "pong", clientTimeMs, serverTimeMs };
}

function readText(reader: WireReader, field: number): string {
  let text = "";
  while (reader.at < reader.end) {
    const tag = reader.varint();
    if (tag >> 3 === field) text = reader.ascii();
    else reader.skip(tag);
  }
  return text;
}

/** ClientMessage.subscribe */
export function subscribeMessage(id: number, topic: string): ArrayBuffer {
  const subscribe = [...tagOf(1, VARINT), ...varintBytes(id), ...delimited(2, asciiBytes(topic))];
  return Uint8Array.from(delimited(1, subscribe)).buffer;
}

/** ClientMessage.ping */
export function pingMessage(clientTimeMs: number): ArrayBuffer {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setFloat64(0, clientTimeMs, true);
  return Uint8Array.from(delimited(3, [...tagOf(1, FIXED64), ...time])).buffer;
}
