import {
  create,
  DeltaSchema,
  fromBinary,
  fromJsonString,
  ServerMessageSchema,
  SnapshotSchema,
  toBinary,
  toJson,
} from "@burnline/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeClientMessage } from "./client-message.ts";
import { encodeShared, JSON_MAPPING, serverMessage, withSubscriptionId } from "./feed-frame.ts";
import { lapFact, liveValue } from "./testing/race-inputs.ts";

const subscriptionId = fc.oneof(fc.constantFrom(0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));

test("a shared body with an id in front is the same message as one encoded whole", () => {
  fc.assert(
    fc.property(subscriptionId, fc.nat(40), fc.boolean(), (id, laps, isSnapshot) => {
      const content = {
        laps: Array.from({ length: laps }, (_, lap) => lapFact("24", lap + 1)),
        cars: [{ car: "24", live: liveValue("24", 100) }],
        sentAtMs: 1_750_000_000_000,
      };
      const [shared, whole] = isSnapshot
        ? ([
            (encoding: "proto" | "json") =>
              encodeShared("snapshot", create(SnapshotSchema, { ...content, topic: "board" }), encoding),
            serverMessage({ case: "snapshot", value: create(SnapshotSchema, { ...content, topic: "board", id }) }),
          ] as const)
        : ([
            (encoding: "proto" | "json") => encodeShared("delta", create(DeltaSchema, content), encoding),
            serverMessage({ case: "delta", value: create(DeltaSchema, { ...content, id }) }),
          ] as const);
      expect(
        toBinary(ServerMessageSchema, fromBinary(ServerMessageSchema, withSubscriptionId(shared("proto"), id))),
      ).toEqual(toBinary(ServerMessageSchema, whole));
      const text = new TextDecoder().decode(withSubscriptionId(shared("json"), id));
      expect(JSON.parse(text)).toEqual(toJson(ServerMessageSchema, whole, JSON_MAPPING));
      expect(fromJsonString(ServerMessageSchema, text)).toEqual(whole);
    }),
    { numRuns: 200 },
  );
});

test("no bytes and no text make the decoder of client messages throw, and each refusal is a sentence", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.boolean(),
      fc.constantFrom("proto", "json"),
      (bytes, isText, encoding) => {
        const decoded = decodeClientMessage(bytes, isText, encoding as "proto" | "json");
        if (!decoded.ok) expect(decoded.error).toMatch(/^[A-Z].*\.$/);
      },
    ),
    { numRuns: 10_000 },
  );
  fc.assert(
    fc.property(fc.json(), (text) => {
      const decoded = decodeClientMessage(new TextEncoder().encode(text), true, "json");
      if (!decoded.ok) expect(decoded.error).toMatch(/^[A-Z].*\.$/);
    }),
    { numRuns: 2_000 },
  );
});
