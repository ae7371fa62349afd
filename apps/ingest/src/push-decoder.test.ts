import { TelemetryFrameSchema, toBinary, toJsonString } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { IngestSession } from "./ingest-session.ts";
import {
  decodeBinaryEvents,
  decodeBinaryFrames,
  decodeJsonEvents,
  decodeJsonFrames,
  decodeJsonMessage,
  PUSH_ITEMS_MAX,
} from "./push-decoder.ts";
import { race } from "./testing.ts";

const sound = toBinary(TelemetryFrameSchema, frame());

test("any pushed message gives entries or a reason, and no entry makes the session throw", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 4 }).map((edits) => {
      const copy = sound.slice();
      for (const [at, value] of edits) copy[at] = value;
      return copy;
    }),
    fc
      .array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 })
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [part.length, ...part]))),
  );
  const key = fc.constantFrom(
    "schemaVersion",
    "car",
    "eventTimeMs",
    "offsetMs",
    "gear",
    "id",
    "effectiveFromMs",
    "flagChanged",
    "raceDefinition",
    "frames",
    "events",
    "__proto__",
  );
  const value = fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom("24", 1, [1], -1, 4294967296));
  const text = fc.oneof(
    fc.dictionary(key, value).map((object) => JSON.stringify(object)),
    fc.json(),
    fc.string(),
    fc.constant(toJsonString(TelemetryFrameSchema, frame())),
  );
  const session = new IngestSession({ race: race({ closedEntryList: false }), startMs: 1_750_000_000_000, live: true });
  let entryCount = 0;
  fc.assert(
    fc.property(bytes, text, (binary, string) => {
      const outcomes = [
        decodeBinaryFrames(binary),
        decodeBinaryEvents(binary, "test"),
        decodeJsonFrames(string),
        decodeJsonEvents(string, "test"),
        decodeJsonMessage(string, "test"),
      ];
      for (const outcome of outcomes) {
        if (!outcome.ok) continue;
        expect(outcome.value.length).toBeLessThanOrEqual(PUSH_ITEMS_MAX);
        for (const entry of outcome.value) {
          entryCount++;
          if (entry.type !== "fault") session.accept({ ...entry, arrivalMs: 1_750_000_000_100 });
        }
      }
    }),
    { numRuns: 2_000 },
  );
  expect(entryCount).toBeGreaterThan(1_000);
});
