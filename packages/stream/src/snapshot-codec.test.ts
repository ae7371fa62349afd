import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32, decodeSnapshot, encodeSnapshot } from "./snapshot-codec.ts";

const key = fc.string({ unit: fc.constantFrom(..."abc123~-"), minLength: 1, maxLength: 12 });
const state = fc.record({
  position: fc.nat(),
  appendedAtMs: fc.nat(),
  schemaVersion: fc.nat({ max: 1000 }),
  entries: fc.array(fc.tuple(key, fc.uint8Array({ maxLength: 64 }))).map((pairs) => new Map(pairs)),
});

test("decode(encode(state)) = state", () => {
  fc.assert(
    fc.property(state, (original) => {
      const decoded = decodeSnapshot(encodeSnapshot(original));
      expect(decoded.ok && decoded.value.position).toBe(original.position);
      expect(decoded.ok && decoded.value.schemaVersion).toBe(original.schemaVersion);
      expect(decoded.ok && decoded.value.appendedAtMs).toBe(original.appendedAtMs || undefined);
      const entries = decoded.ok ? [...decoded.value.entries].map(([k, v]) => [k, [...v]]) : [];
      expect(entries).toEqual([...original.entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, [...v]]));
    }),
  );
});

test("a snapshot of a version that did not say when the log took its record is sound, and does not say it", () => {
  const { position, schemaVersion, entries } = {
    position: 7,
    schemaVersion: 2,
    entries: new Map([["a", Uint8Array.of(1)]]),
  };
  const encoded = encodeSnapshot({ position, appendedAtMs: 5, schemaVersion, entries }).slice(0, -8);
  new DataView(encoded.buffer).setUint32(4, crc32(encoded.subarray(8)));
  expect(decodeSnapshot(encoded)).toEqual({ ok: true, value: { position, schemaVersion, entries } });
});

test("a flipped bit anywhere is noticed", () => {
  fc.assert(
    fc.property(state, fc.nat(), fc.integer({ min: 0, max: 7 }), (original, where, bit) => {
      const encoded = encodeSnapshot(original);
      const index = where % encoded.length;
      encoded[index] = (encoded[index] ?? 0) ^ (1 << bit);
      expect(decodeSnapshot(encoded).ok).toBe(false);
    }),
  );
});

test("no bytes make the decoder throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeSnapshot(bytes).ok).toBe(false);
    }),
  );
});

test("the checksum is the one of zip and gzip", () => {
  expect(crc32(Uint8Array.from("123456789", (c) => c.charCodeAt(0)))).toBe(0xcbf43926);
});
