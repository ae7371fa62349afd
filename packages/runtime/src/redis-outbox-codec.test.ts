import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeOutboxRecord, encodeOutboxRecord } from "./redis-outbox-codec.ts";

test("any record comes back as it was", () => {
  const record = fc.record({
    id: fc.string({ unit: "binary" }),
    subject: fc.string({ unit: "grapheme" }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(record, (of) => {
      expect(decodeOutboxRecord(encodeOutboxRecord(of))).toEqual(of);
    }),
  );
});

test("what was cut in its head is no record, and texts beyond their lengths are a programmer's error", () => {
  const bytes = encodeOutboxRecord({ id: "24:1:0", subject: "fact.r.lap.24", payload: new Uint8Array() });
  for (let length = 0; length < bytes.length; length++)
    expect(decodeOutboxRecord(bytes.subarray(0, length))).toBeUndefined();
  expect(() => encodeOutboxRecord({ id: "x".repeat(70_000), subject: "", payload: new Uint8Array() })).toThrow(
    "64 KiB",
  );
});
