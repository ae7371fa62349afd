import { parseRaceSubject } from "@burnline/contract";
import type { LogAppend } from "@burnline/stream";

/** What a sender outside would push: the generator makes records for the log, of which ingest makes some itself. */
export interface PushMessages {
  readonly events: readonly Uint8Array[];
  readonly frames: readonly Uint8Array[];
}

/** @param saidEvents ids of events that were pushed already; grows: ingest gives each to all partitions itself */
export function toPushMessages(records: readonly LogAppend[], saidEvents: Set<string>): PushMessages {
  const events: Uint8Array[] = [];
  const frames: Uint8Array[] = [];
  for (const { subject, payload, messageId } of records) {
    const kind = parseRaceSubject(subject)?.kind;
    if (kind === "tel") frames.push(payload);
    if (kind !== "ctl" || messageId === undefined) continue;
    const event = messageId.slice(0, messageId.lastIndexOf(":"));
    if (saidEvents.has(event)) continue;
    saidEvents.add(event);
    events.push(payload);
  }
  return { events, frames };
}

/** Several messages in one: each behind its length as a varint, as ingest reads them. */
export function delimited(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(messages.flatMap((message) => [varint(message.length), message]));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return Uint8Array.of(...bytes, rest);
}
