import { assert, err, ok, type Result } from "@burnline/std";
import type { PartitionState } from "./ports.ts";

const MAGIC = 0x424c5331; // "BLS1"
const HEADER_BYTES = 4 + 4 + 8 + 4 + 4;
/** Behind the entries, where versions that do not know it do not look: when the log took the record at the position. */
const TRAILER_BYTES = 8;

export type SnapshotFault = "too-short" | "foreign" | "checksum" | "malformed";

/** A partition's whole state as one value: header, CRC-32 of all that follows, position, schema version, entries, trailer. */
export function encodeSnapshot(state: PartitionState): Uint8Array {
  let size = HEADER_BYTES + TRAILER_BYTES;
  for (const [key, bytes] of state.entries) size += 2 + key.length + 4 + bytes.length;
  const encoded = new Uint8Array(size);
  const view = new DataView(encoded.buffer);
  view.setUint32(0, MAGIC);
  view.setFloat64(8, state.position);
  view.setUint32(16, state.schemaVersion);
  view.setUint32(20, state.entries.size);
  let offset = HEADER_BYTES;
  for (const key of [...state.entries.keys()].sort()) {
    const bytes = state.entries.get(key) ?? new Uint8Array();
    assert(key.length <= 0xffff, "a state key is too long");
    view.setUint16(offset, key.length);
    offset += 2;
    for (let index = 0; index < key.length; index++) {
      const code = key.charCodeAt(index);
      assert(code < 128, "a state key is not ASCII");
      encoded[offset++] = code;
    }
    view.setUint32(offset, bytes.length);
    encoded.set(bytes, offset + 4);
    offset += 4 + bytes.length;
  }
  view.setFloat64(offset, state.appendedAtMs ?? 0);
  view.setUint32(4, crc32(encoded.subarray(8)));
  return encoded;
}

/** Believes nothing: a snapshot may come from a disk that lies. */
export function decodeSnapshot(encoded: Uint8Array): Result<PartitionState, SnapshotFault> {
  if (encoded.length < HEADER_BYTES) return err("too-short");
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  if (view.getUint32(0) !== MAGIC) return err("foreign");
  if (view.getUint32(4) !== crc32(encoded.subarray(8))) return err("checksum");
  const entries = new Map<string, Uint8Array>();
  const count = view.getUint32(20);
  let offset = HEADER_BYTES;
  for (let entry = 0; entry < count; entry++) {
    if (offset + 2 > encoded.length) return err("malformed");
    const keyEnd = offset + 2 + view.getUint16(offset);
    if (keyEnd + 4 > encoded.length) return err("malformed");
    const key = String.fromCharCode(...encoded.subarray(offset + 2, keyEnd));
    const end = keyEnd + 4 + view.getUint32(keyEnd);
    if (end > encoded.length) return err("malformed");
    entries.set(key, encoded.slice(keyEnd + 4, end));
    offset = end;
  }
  const appendedAtMs = encoded.length - offset === TRAILER_BYTES ? view.getFloat64(offset) : 0;
  const when = appendedAtMs > 0 ? { appendedAtMs } : {};
  return ok({ position: view.getFloat64(8), ...when, schemaVersion: view.getUint32(16), entries });
}

const CRC_TABLE = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** CRC-32 (IEEE 802.3), as zip and gzip use it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
