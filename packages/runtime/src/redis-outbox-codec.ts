import { assert } from "@burnline/std";
import type { OutboxRecord } from "@burnline/stream";

// One element of the list per record: length of the id and of the subject (2 bytes each, big-endian), then id, subject
// and payload.
const LENGTHS_BYTES = 4;
const TEXT_BYTES_MAX = 0xffff;

export function encodeOutboxRecord({ id, subject, payload }: OutboxRecord): Buffer {
  const idBytes = Buffer.byteLength(id);
  const subjectBytes = Buffer.byteLength(subject);
  assert(idBytes <= TEXT_BYTES_MAX && subjectBytes <= TEXT_BYTES_MAX, "an outbox id and subject have at most 64 KiB");
  const bytes = Buffer.allocUnsafe(LENGTHS_BYTES + idBytes + subjectBytes + payload.length);
  bytes.writeUInt16BE(idBytes, 0);
  bytes.writeUInt16BE(subjectBytes, 2);
  bytes.write(id, LENGTHS_BYTES);
  bytes.write(subject, LENGTHS_BYTES + idBytes);
  bytes.set(payload, LENGTHS_BYTES + idBytes + subjectBytes);
  return bytes;
}

/** Undefined when the bytes are not such a record. */
export function decodeOutboxRecord(bytes: Buffer): OutboxRecord | undefined {
  if (bytes.length < LENGTHS_BYTES) return undefined;
  const subjectStart = LENGTHS_BYTES + bytes.readUInt16BE(0);
  const payloadStart = subjectStart + bytes.readUInt16BE(2);
  if (payloadStart > bytes.length) return undefined;
  return {
    id: bytes.toString("utf8", LENGTHS_BYTES, subjectStart),
    subject: bytes.toString("utf8", subjectStart, payloadStart),
    payload: new Uint8Array(bytes.subarray(payloadStart)),
  };
}
