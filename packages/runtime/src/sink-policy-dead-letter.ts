import { subjects } from "@burnline/contract";
import type { EventLog, LogAppend, OutboxRecord } from "@burnline/stream";

/** A record that will never be delivered. */
export interface DeadLetter {
  readonly record: OutboxRecord;
  /** One subject token: "too-large", "attempts". */
  readonly reason: string;
}

/** Where dead letters go. Rejects while it cannot take them; the policy then tries again. */
export type DeadLetterSink = (letters: readonly DeadLetter[]) => Promise<void>;

/** Of the payload so much is kept: a record that was too large for its sink must not be too large for this one. */
export const DEAD_PAYLOAD_BYTES_MAX = 16 * 1024;
/** The same for id and subject, which may be what was wrong. */
const DEAD_TEXT_LENGTH_MAX = 256;

/**
 * Dead letters as records of a log, under `dead.<race>.<reason>`: JSON with id, subject, reason, number of bytes and the
 * first DEAD_PAYLOAD_BYTES_MAX of the payload in base64. The same letter twice is stored once.
 */
export function deadLetterLog(log: EventLog, race: string): DeadLetterSink {
  return async (letters) => {
    await log.append(letters.map((letter) => toAppend(letter, race)));
  };
}

function toAppend({ record: { id, subject, payload }, reason }: DeadLetter, race: string): LogAppend {
  const letter = {
    id: id.slice(0, DEAD_TEXT_LENGTH_MAX),
    subject: subject.slice(0, DEAD_TEXT_LENGTH_MAX),
    reason,
    payloadBytes: payload.byteLength,
    payloadBase64: Buffer.from(payload.subarray(0, DEAD_PAYLOAD_BYTES_MAX)).toString("base64"),
  };
  const messageId = `dead:${letter.id.replace(/[^\x21-\x7e]/g, "_")}`;
  const subjectOfReason = subjects.deadLetter(race, reason.replace(/[^A-Za-z0-9_-]/g, "-"));
  return { partition: 0, subject: subjectOfReason, payload: Buffer.from(JSON.stringify(letter)), messageId };
}
