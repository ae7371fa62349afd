import {
  CONTROL_BYTES_MAX,
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  fromBinary,
  fromJson,
  MESSAGE_BYTES_MAX,
  type TelemetryFrame,
  TelemetryFrameSchema,
} from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";

/** Bytes of one pushed message; more is refused with 413 or WebSocket close code 1009. A second of 40 cars has 0.6 MiB. */
export const PUSH_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Frames and events in one pushed message; more is refused as a whole ("too-many-items"). */
export const PUSH_ITEMS_MAX = 2_000;

/** One thing in a pushed message. A faulty one costs itself and not its neighbours. */
export type PushEntry =
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  | { readonly type: "frame"; readonly frame: TelemetryFrame }
  | { readonly type: "control"; readonly event: ControlEvent }
  | { readonly type: "fault"; readonly reason: "undecodable" | "too-large" };

/** Why a message is refused as a whole. */
export type PushFault = "empty-message" | "not-json" | "truncated-message" | "too-many-items" | "unknown-content-type";

/**
 * Frames in protobuf: one message, or several each behind its length as a varint. A message starts with the tag of
 * schema_version (0x08), which as a length would announce 8 bytes, and no sound frame is that short.
 */
export function decodeBinaryFrames(bytes: Uint8Array): Result<readonly PushEntry[], PushFault> {
  return splitMessages(bytes, (message) =>
    message.length > MESSAGE_BYTES_MAX ? { type: "fault", reason: "too-large" } : { type: "bytes", bytes: message },
  );
}

/** Control events in protobuf, one or several as with frames (the tag of schema_version is the same). */
export function decodeBinaryEvents(bytes: Uint8Array, race: string): Result<readonly PushEntry[], PushFault> {
  return splitMessages(bytes, (message) => {
    if (message.length > CONTROL_BYTES_MAX) return { type: "fault", reason: "too-large" };
    try {
      return { type: "control", event: completed(fromBinary(ControlEventSchema, message), race) };
    } catch {
      return { type: "fault", reason: "undecodable" };
    }
  });
}

/** Frames in protobuf's JSON mapping: one object, or an array of them. */
export function decodeJsonFrames(text: string): Result<readonly PushEntry[], PushFault> {
  const json = parseJson(text);
  return json.ok ? entriesOf(listOf(json.value).map((value) => () => jsonFrame(value))) : json;
}

/** Control events in protobuf's JSON mapping: one object, or an array of them. */
export function decodeJsonEvents(text: string, race: string): Result<readonly PushEntry[], PushFault> {
  const json = parseJson(text);
  return json.ok ? entriesOf(listOf(json.value).map((value) => () => jsonEvent(value, race))) : json;
}

/** A WebSocket text message: a frame, an array of frames, or {"frames": [...], "events": [...]}. */
export function decodeJsonMessage(text: string, race: string): Result<readonly PushEntry[], PushFault> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const { value } = json;
  const isEnvelope = typeof value === "object" && value !== null && ("frames" in value || "events" in value);
  if (!isEnvelope) return entriesOf(listOf(value).map((entry) => () => jsonFrame(entry)));
  const events = "events" in value ? listOf(value.events) : [];
  const frames = "frames" in value ? listOf(value.frames) : [];
  return entriesOf([
    ...events.map((entry) => () => jsonEvent(entry, race)),
    ...frames.map((entry) => () => jsonFrame(entry)),
  ]);
}

type Message = string | number | boolean | null | object;

function parseJson(text: string): Result<Message, PushFault> {
  try {
    return ok(JSON.parse(text) as Message);
  } catch {
    return err("not-json");
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

/** Counts before it decodes, so that a message with too many items costs nothing. */
function entriesOf(decoders: readonly (() => PushEntry)[]): Result<readonly PushEntry[], PushFault> {
  if (decoders.length === 0) return err("empty-message");
  if (decoders.length > PUSH_ITEMS_MAX) return err("too-many-items");
  return ok(decoders.map((decode) => decode()));
}

function jsonFrame(value: unknown): PushEntry {
  try {
    return { type: "frame", frame: fromJson(TelemetryFrameSchema, value as Parameters<typeof fromJson>[1]) };
  } catch {
    return { type: "fault", reason: "undecodable" };
  }
}

function jsonEvent(value: unknown, race: string): PushEntry {
  try {
    const event = fromJson(ControlEventSchema, value as Parameters<typeof fromJson>[1]);
    return { type: "control", event: completed(event, race) };
  } catch {
    return { type: "fault", reason: "undecodable" };
  }
}

/** What a person writing an event by hand may leave out: the version, and the race that they post to. */
function completed(event: ControlEvent, race: string): ControlEvent {
  if (event.schemaVersion === 0) event.schemaVersion = CONTROL_SCHEMA_VERSION;
  if (event.event.case === "raceDefinition" && event.event.value.race === "") event.event.value.race = race;
  return event;
}

const SCHEMA_VERSION_TAG = 0x08;

function splitMessages(
  bytes: Uint8Array,
  decode: (message: Uint8Array) => PushEntry,
): Result<readonly PushEntry[], PushFault> {
  if (bytes.length === 0) return err("empty-message");
  if (bytes[0] === SCHEMA_VERSION_TAG) return ok([decode(bytes)]);
  const messages: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const length = readLength(bytes, offset);
    if (length === undefined || length.next + length.value > bytes.length) return err("truncated-message");
    if (messages.length === PUSH_ITEMS_MAX) return err("too-many-items");
    messages.push(bytes.subarray(length.next, length.next + length.value));
    offset = length.next + length.value;
  }
  return ok(messages.map(decode));
}

/** A varint of at most four bytes, more than any message may have; undefined when it is none. */
function readLength(bytes: Uint8Array, offset: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = 0; index < 4; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: offset + index + 1 };
  }
  return undefined;
}
