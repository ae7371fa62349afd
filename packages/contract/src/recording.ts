import { create, toBinary } from "@bufbuild/protobuf";
import type { ControlEvent, RaceDefinition } from "./generated/burnline/v1/control_pb.js";
import { type RecordedItem, RecordedItemSchema, RecordingHeaderSchema } from "./generated/burnline/v1/recording_pb.js";

/*
 * A recording: RecordedItem messages, each behind its length as a varint. The first carries the header. Pieces of one put
 * one behind the other are one, and so are pieces that were compressed with gzip.
 */
export const RECORDING_FORMAT_VERSION = 1;

export function encodeRecordingHeader(race: RaceDefinition, source: string, startMs: number): Uint8Array {
  const header = create(RecordingHeaderSchema, { formatVersion: RECORDING_FORMAT_VERSION, race, source });
  return delimited(create(RecordedItemSchema, { header, arrivalMs: startMs }));
}

/** A telemetry frame as it came. */
export function encodeRecordedFrame(arrivalMs: number, frame: Uint8Array): Uint8Array {
  return delimited(create(RecordedItemSchema, { arrivalMs, item: { case: "frame", value: frame } }));
}

export function encodeRecordedControl(arrivalMs: number, event: ControlEvent): Uint8Array {
  return delimited(create(RecordedItemSchema, { arrivalMs, item: { case: "control", value: event } }));
}

function delimited(item: RecordedItem): Uint8Array {
  const message = toBinary(RecordedItemSchema, item);
  const prefix: number[] = [];
  for (let rest = message.length; ; rest = Math.floor(rest / 128)) {
    prefix.push(rest >= 128 ? (rest % 128) | 0x80 : rest);
    if (rest < 128) break;
  }
  const bytes = new Uint8Array(prefix.length + message.length);
  bytes.set(prefix);
  bytes.set(message, prefix.length);
  return bytes;
}
