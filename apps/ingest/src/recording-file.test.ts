import { encodeRecordingHeader, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryAccess } from "./random-access.ts";
import { encodeRecordedItem, endOfWholeItems, openRecordingSource } from "./recording-file.ts";
import { SourceError, type SourceItem } from "./source.ts";
import { collect, controlEvent, expectSentence, race, sentenceOf, skippedOf } from "./testing.ts";

const START = 1_000_000;
const bytesItem = (index: number): SourceItem => ({
  type: "bytes",
  arrivalMs: START + index * 100,
  bytes: toBinary(TelemetryFrameSchema, frame({ eventTimeMs: START + index * 100, sourceSequence: index })),
});
const items: readonly SourceItem[] = [
  { type: "control", arrivalMs: START, event: controlEvent() },
  ...Array.from({ length: 20 }, (_, index) => bytesItem(index)),
  { type: "bytes", arrivalMs: START + 3_000, bytes: new Uint8Array([1, 2, 3]) },
];
const recording = (list: readonly SourceItem[] = items) =>
  new Uint8Array(
    Buffer.concat([
      encodeRecordingHeader(race(), "a test", START),
      ...list.map((item) => encodeRecordedItem(item) ?? new Uint8Array(0)),
    ]),
  );
const open = (bytes: Uint8Array) => openRecordingSource(memoryAccess(bytes), "a.rec");
const itemsOf = async (bytes: Uint8Array) => collect((await open(bytes)).items());

test("a recording gives back what arrived, sound or not, with the race it belongs to", async () => {
  const source = await open(recording());
  expect(source).toMatchObject({ race: race(), startMs: START, live: false });
  expect(await collect(source.items())).toEqual(items);
  expect(await collect(source.items())).toEqual(items);
});

test("a frame that a source gave in parts comes back as its bytes", async () => {
  const one = frame({ eventTimeMs: START });
  const [item] = await itemsOf(recording([{ type: "frame", arrivalMs: START, frame: one }]));
  expect(item).toEqual({ type: "bytes", arrivalMs: START, bytes: toBinary(TelemetryFrameSchema, one) });
});

test("cut off anywhere, the whole items are there and the tail is counted", async () => {
  const bytes = recording();
  const headerBytes = encodeRecordingHeader(race(), "a test", START).length;
  for (let cut = headerBytes; cut < bytes.length; cut += 7) {
    const got = await itemsOf(bytes.subarray(0, cut));
    const whole = got.filter((item) => item.type !== "skipped");
    expect(whole).toEqual(items.slice(0, whole.length));
    const end = await endOfWholeItems(memoryAccess(bytes.subarray(0, cut)), "a.rec", "test");
    expect(skippedOf(got)).toEqual(end === cut ? {} : { "truncated-tail": 1 });
    expect(end).toBeLessThanOrEqual(cut);
  }
});

describe("a file that is no recording ends in one sentence", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /empty/],
    ["text", new TextEncoder().encode("t_s,throttle\n1,2\n"), /not a Burnline recording/],
    ["an .ibt", new Uint8Array([2, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0, 0]), /not a Burnline recording/],
    ["zeroes", new Uint8Array(1000), /not a Burnline recording/],
    [
      "without its header",
      recording().subarray(encodeRecordingHeader(race(), "a test", START).length),
      /not a Burnline recording/,
    ],
    [
      "without a sound race",
      Buffer.concat([encodeRecordingHeader(race({ stageEndLaps: [9, 1] }), "x", START)]),
      /no sound race definition/,
    ],
  ])("%s", async (_, bytes, expected) => {
    expect(await sentenceOf(() => open(bytes))).toMatch(expected);
  });
});

test("arrival times go back only where the clock was set back by more than a second", async () => {
  const got = await itemsOf(recording([bytesItem(5), bytesItem(2), bytesItem(7), bytesItem(90), bytesItem(8)]));
  expect(got.map((item) => item.arrivalMs - START)).toEqual([500, 500, 700, 9_000, 800]);
});

test("any mutation of a recording gives items or one sentence", { timeout: 60_000 }, async () => {
  const sound = recording(items.slice(0, 8));
  const mutation = fc.record({
    edits: fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 5 }),
    cut: fc.option(fc.nat(sound.length), { freq: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ edits, cut }) => {
      const bytes = sound.slice();
      for (const [at, value] of edits) bytes[at] = value;
      try {
        const got = await itemsOf(bytes.subarray(0, cut ?? bytes.length));
        expect(got.length).toBeLessThan(50);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        expectSentence(error.message);
      }
    }),
    { numRuns: 2_000 },
  );
});
