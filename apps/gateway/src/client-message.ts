import {
  type ClientMessage,
  ClientMessageSchema,
  fromBinary,
  fromJsonString,
  SUBPROTOCOL_JSON,
} from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import type { Encoding } from "./feed-frame.ts";

export type ClientOperation = Exclude<ClientMessage["op"], { case: undefined }>;

/** What a client asks for, or one sentence that says why it cannot be read. */
export function decodeClientMessage(
  data: Uint8Array,
  isText: boolean,
  encoding: Encoding,
): Result<ClientOperation, string> {
  if (encoding === "proto" && isText) {
    return err(`This connection speaks binary protobuf: for text connect with the subprotocol ${SUBPROTOCOL_JSON}.`);
  }
  if (encoding === "json" && !isText) return err("This connection speaks JSON: send text messages.");
  let message: ClientMessage;
  try {
    message =
      encoding === "proto"
        ? fromBinary(ClientMessageSchema, data)
        : // A newer client may say more than we know of.
          fromJsonString(ClientMessageSchema, new TextDecoder().decode(data), { ignoreUnknownFields: true });
  } catch {
    // What the decoder says is about bytes and internals; what helps is what was expected.
    return err(`This is not a burnline.v1.ClientMessage in ${encoding === "proto" ? "protobuf" : "JSON"}.`);
  }
  if (message.op.case === undefined) return err("The message asks for nothing: send subscribe, unsubscribe or ping.");
  return ok(message.op);
}
