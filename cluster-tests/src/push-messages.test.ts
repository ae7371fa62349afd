import { RaceGenerator } from "@burnline/chaos";
import { ControlEventSchema, fromBinary, TelemetryFrameSchema } from "@burnline/contract";
import { expect, test } from "vitest";
import { delimited, toPushMessages } from "./push-messages.ts";

const START_MS = 1_764_000_000_000;
const generator = () =>
  new RaceGenerator({ ...{ race: "r", cars: 3, seed: 5 }, ...{ startMs: START_MS, endMs: START_MS + 60_000 } });

test("an event that the log holds once for each partition is pushed once", () => {
  const said = new Set<string>();
  const opening = generator().opening();
  const { events, frames } = toPushMessages(opening, said);
  const ids = events.map((event) => fromBinary(ControlEventSchema, event).id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(0);
  expect(ids.length).toBeLessThan(opening.length);
  expect(frames).toEqual([]);
  expect(toPushMessages(opening, said).events).toEqual([]);
});

test("frames are pushed as they are, ticks not at all: they are ingest's own", () => {
  const race = generator();
  race.opening();
  const records = Array.from({ length: 20 }, (_, slot) => race.next(START_MS + (slot + 1) * 100) ?? []).flat();
  const { frames } = toPushMessages(records, new Set());
  expect(frames.length).toBeGreaterThan(0);
  for (const frame of frames) expect(race.cars).toContain(fromBinary(TelemetryFrameSchema, frame).car);
  expect(frames.length).toBeLessThan(records.length);
});

test("of messages in one body each stands behind its length, also one longer than a byte can say", () => {
  const [short, long] = [Uint8Array.of(1, 2), new Uint8Array(300).fill(7)];
  expect([...delimited([short, long])]).toEqual([2, 1, 2, 0xac, 0x02, ...long]);
});
