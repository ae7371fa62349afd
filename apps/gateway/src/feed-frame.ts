import {
  create,
  type Delta,
  DeltaSchema,
  type ServerMessage,
  ServerMessageSchema,
  type Snapshot,
  SnapshotSchema,
  toBinary,
  toJson,
} from "@burnline/contract";
import { assert } from "@burnline/std";

/** How a connection speaks: binary protobuf, or its JSON mapping. */
export type Encoding = "proto" | "json";

/** One WebSocket message, ready to send; for JSON the UTF-8 of its text, so that it is made once for all clients. */
export type FeedFrame = Uint8Array;

const UTF8 = new TextEncoder();

/** JSON for people and scripts: camelCase names, zeros written out, absent optional values absent. */
export const JSON_MAPPING = { alwaysEmitImplicit: true } as const;

/** A snapshot or delta without its subscription id: encoded once, sent to everyone who needs the same one. */
export interface SharedBody {
  readonly op: "snapshot" | "delta";
  readonly encoding: Encoding;
  readonly bytes: Uint8Array;
  readonly text: string;
}

// Field numbers of live.proto: ServerMessage.snapshot = 2, .delta = 3, and id = 1 in both; wire type 2 is
// length-delimited, 0 a varint (https://protobuf.dev/programming-guides/encoding).
const OP_TAG = { snapshot: (2 << 3) | 2, delta: (3 << 3) | 2 } as const;
const ID_TAG = (1 << 3) | 0;

export function encodeMessage(message: ServerMessage, encoding: Encoding): FeedFrame {
  return encoding === "proto"
    ? toBinary(ServerMessageSchema, message)
    : UTF8.encode(JSON.stringify(toJson(ServerMessageSchema, message, JSON_MAPPING)));
}

export function encodeShared(op: "snapshot", message: Snapshot, encoding: Encoding): SharedBody;
export function encodeShared(op: "delta", message: Delta, encoding: Encoding): SharedBody;
export function encodeShared(op: "snapshot" | "delta", message: Snapshot | Delta, encoding: Encoding): SharedBody {
  assert(message.id === 0, "a shared body has no subscription id yet");
  const schema = op === "snapshot" ? SnapshotSchema : DeltaSchema;
  if (encoding === "proto") return { op, encoding, bytes: toBinary(schema, message), text: "" };
  const { id: _, ...rest } = toJson(schema, message, JSON_MAPPING) as Record<string, unknown>;
  return { op, encoding, bytes: new Uint8Array(), text: JSON.stringify(rest) };
}

/** The message of one subscription: the shared body with the id in front. Equal to encoding the whole message anew. */
export function withSubscriptionId(body: SharedBody, id: number): FeedFrame {
  if (body.encoding === "json") {
    assert(body.text.length > 2, "a shared body always says when it was sent");
    return UTF8.encode(`{"${body.op}":{"id":${id},${body.text.slice(1)}}`);
  }
  const idField = id === 0 ? [] : [ID_TAG, ...varint(id)];
  const head = [OP_TAG[body.op], ...varint(idField.length + body.bytes.length), ...idField];
  const frame = new Uint8Array(head.length + body.bytes.length);
  frame.set(head);
  frame.set(body.bytes, head.length);
  return frame;
}

/** Base-128, low bits first, for whole numbers below 2^32. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return bytes;
}

/** A message with nothing but its op; the common case of the small ones. */
export function serverMessage(op: ServerMessage["op"]): ServerMessage {
  return create(ServerMessageSchema, { op });
}
