import { FlagState, STATUS_OFF_TRACK, STATUS_ON_PIT_ROAD, STATUS_RESET } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openIbtSource } from "./ibt-source.ts";
import { memoryAccess } from "./random-access.ts";
import { RECORDING_EPOCH_MS } from "./recorded-car.ts";
import { SourceError } from "./source.ts";
import {
  buildIbt,
  collect,
  controlsOf,
  drive,
  expectSentence,
  framesOf,
  IBT_SESSION_TEXT,
  sentenceOf,
  skippedOf,
} from "./testing.ts";

const open = (bytes: Uint8Array) => openIbtSource(memoryAccess(bytes), { fileName: "a.ibt" });
const itemsOf = async (bytes: Uint8Array) => collect((await open(bytes)).items());
const setInt = (bytes: Uint8Array, offset: number, value: number) => {
  new DataView(bytes.buffer).setInt32(offset, value, true);
  return bytes;
};

describe("a sound .ibt", () => {
  test("gives every record once, in frames of 100 ms", async () => {
    const frames = framesOf(await itemsOf(buildIbt()));
    expect(frames.flatMap((frame) => frame.offsetMs)).toHaveLength(120);
    expect(frames.map((frame) => frame.sourceSequence)).toEqual(frames.map((_, index) => index));
    for (const frame of frames) expect(frame.eventTimeMs % 100).toBe(0);
    expect(frames[0]).toMatchObject({ eventTimeMs: RECORDING_EPOCH_MS + 100_000, sampleRateHz: 60, car: "1" });
    expect(frames[0]).toMatchObject({ throttleBasisPoints: Array(6).fill(7500), rpmTenths: Array(6).fill(70_000) });
  });

  test("names car, track and its length from the session text", async () => {
    const { race } = await open(buildIbt());
    expect(race).toMatchObject({
      race: "a",
      carProfile: "testcar",
      track: { id: "testring", name: "Test Ring", lengthM: 2500 },
    });
    expect(race.entries).toMatchObject([{ car: "1", carProfile: "testcar" }]);
  });

  test("gives the same items each time it is asked", async () => {
    const source = await open(buildIbt());
    expect(await collect(source.items())).toEqual(await collect(source.items()));
  });

  test("with a version 1 header reads the same", async () => {
    expect(await itemsOf(buildIbt({ version: 1 }))).toEqual(await itemsOf(buildIbt()));
  });

  test("never lets the fuel channels through", async () => {
    const full = buildIbt({ records: drive(60, 60, () => ({ FuelLevel: 20 })) });
    const empty = buildIbt({ records: drive(60, 60, (index) => ({ FuelLevel: 20 - index })) });
    expect(await itemsOf(full)).toEqual(await itemsOf(empty));
  });

  test("whose first tick does not know where the car is loses that tick and counts it", async () => {
    const records = drive(60, 60, (index) => (index === 0 ? { Lat: 0, Lon: 0, Lap: 0, LapDistPct: 0 } : {}));
    const items = await itemsOf(buildIbt({ records }));
    expect(skippedOf(items)).toEqual({ "first-tick": 1 });
    expect(framesOf(items).flatMap((frame) => frame.offsetMs)).toHaveLength(59);
  });

  test("without optional channels has empty columns", async () => {
    const frames = framesOf(
      await itemsOf(buildIbt({ without: ["RPM", "Lap", "SessionFlags", "OnPitRoad", "IsOnTrack"] })),
    );
    expect(frames[0]).toMatchObject({ rpmTenths: [], lapNumber: [], statusBits: Array(6).fill(0) });
    expect(controlsOf(await itemsOf(buildIbt({ without: ["SessionFlags"] })))).toEqual([]);
  });

  test("without SessionTime takes the time from the tick rate", async () => {
    const frames = framesOf(await itemsOf(buildIbt({ without: ["SessionTime"] })));
    expect(frames[0]?.eventTimeMs).toBe(RECORDING_EPOCH_MS);
    expect(frames.flatMap((frame) => frame.offsetMs)).toHaveLength(120);
  });

  test.each([
    ["no session text", ""],
    ["a damaged session text", IBT_SESSION_TEXT.replaceAll(": ", "\t[{&*: ")],
    ["a session text that is a bomb", "a: &a [x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b,*b]"],
  ])("with %s keeps its samples and takes the generic profile", async (_, sessionText) => {
    const source = await open(buildIbt({ sessionText }));
    expect(source.race).toMatchObject({ carProfile: "generic", track: { lengthM: 0 } });
    expect(framesOf(await collect(source.items()))).toHaveLength(20);
  });

  test("whose driver names break the session text still names its car", async () => {
    const sessionText = IBT_SESSION_TEXT.replace("   CarPath", '   UserName: "Q" the @fast: {\n   CarPath');
    expect((await open(buildIbt({ sessionText }))).race.track?.lengthM).toBe(2500);
  });

  test("turns caution bits into a flag, in front of the frame in which they change, and pit road into a status bit", async () => {
    const records = drive(60, 60, (index) => ({
      SessionFlags: index >= 30 ? 0x4000 : 0x4,
      OnPitRoad: index >= 45 ? 1 : 0,
    }));
    const items = await itemsOf(buildIbt({ records }));
    expect(
      controlsOf(items).map((event) => [event.effectiveFromMs - RECORDING_EPOCH_MS, event.event.value]),
    ).toMatchObject([
      [100_000, { flag: FlagState.GREEN }],
      [100_500, { flag: FlagState.CAUTION }],
    ]);
    expect(items.map((item) => item.arrivalMs)).toEqual(items.map((item) => item.arrivalMs).toSorted((a, b) => a - b));
    const bits = framesOf(items).flatMap((frame) => frame.statusBits);
    expect(bits.indexOf(STATUS_ON_PIT_ROAD)).toBe(45);
  });

  test("marks a car that is not on track", async () => {
    const frames = framesOf(await itemsOf(buildIbt({ records: drive(6, 60, () => ({ IsOnTrack: 0 })) })));
    expect(frames[0]?.statusBits).toEqual(Array(6).fill(STATUS_OFF_TRACK));
  });
});

describe("a reset in the middle", () => {
  const resets = (frames: ReturnType<typeof framesOf>) =>
    frames.flatMap((frame) =>
      frame.statusBits.flatMap((bits, index) =>
        (bits & STATUS_RESET) !== 0 ? [frame.eventTimeMs + frame.offsetMs[index]!] : [],
      ),
    );

  test("of the session clock sets the bit once and keeps event time moving", async () => {
    const records = drive(120, 60, (index) => (index >= 60 ? { SessionTime: 5 + (index - 60) / 60, Lap: 0 } : {}));
    const frames = framesOf(await itemsOf(buildIbt({ records })));
    const times = frames.flatMap((frame) => frame.offsetMs.map((offset) => frame.eventTimeMs + offset));
    expect(times).toHaveLength(120);
    for (const [index, time] of times.slice(1).entries()) expect(time).toBeGreaterThan(times[index]!);
    expect(times.at(-1)! - times[0]!).toBeLessThan(2_100);
    expect(resets(frames)).toEqual([times[60]]);
  });

  test("of the lap counter alone is seen", async () => {
    const records = drive(60, 60, (index) => ({ Lap: index >= 30 ? 2 : 7 }));
    expect(resets(framesOf(await itemsOf(buildIbt({ records }))))).toEqual([RECORDING_EPOCH_MS + 100_500]);
  });

  test("by a jump to the pits is seen, and crossing the line is none", async () => {
    const jump = drive(60, 60, (index) => ({ LapDistPct: index >= 30 ? 0.05 : 0.6 }));
    expect(resets(framesOf(await itemsOf(buildIbt({ records: jump }))))).toEqual([RECORDING_EPOCH_MS + 100_500]);
    const line = drive(60, 60, (index) => (index >= 30 ? { LapDistPct: 0.0002, Lap: 2 } : { LapDistPct: 0.9998 }));
    expect(resets(framesOf(await itemsOf(buildIbt({ records: line }))))).toEqual([]);
  });
});

describe("a damaged .ibt ends in one sentence", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(0), /empty/],
    ["shorter than a header", buildIbt().subarray(0, 100), /100 bytes/],
    ["another kind of file", new TextEncoder().encode("PK\u0003\u0004".padEnd(500, "x")), /not an \.ibt/],
    ["an impossible tick rate", setInt(buildIbt(), 8, 0), /tick rate is 0/],
    ["a negative channel count", setInt(buildIbt(), 24, -5), /-5 channels/],
    ["a channel count beyond the file", setInt(buildIbt(), 24, 8000), /channel list/],
    ["a channel list beyond the file", setInt(buildIbt(), 28, 0x7fffff00), /channel list/],
    ["a session text beyond the file", setInt(buildIbt(), 20, 0x7fffff00), /session text/],
    ["a negative session text", setInt(buildIbt(), 16, -1), /session text/],
    ["records beyond the file", setInt(buildIbt(), 52, 0x7fffff00), /records lie outside/],
    ["no record length", setInt(buildIbt(), 36, 0), /record has 0 bytes/],
    ["records shorter than their channels", setInt(buildIbt(), 36, 8), /outside its record/],
    ["a channel of an unknown type", setInt(buildIbt(), 144, 77), /makes no sense/],
    ["a channel at a negative place", setInt(buildIbt(), 148, -8), /makes no sense/],
    ["no record", buildIbt({ records: [] }), /no complete record/],
    ["no throttle", buildIbt({ without: ["Throttle"] }), /Throttle/],
    [
      "nothing but rows that are not numbers",
      buildIbt({ records: drive(9, 60, () => ({ Throttle: Number.NaN })) }),
      /no usable sample/,
    ],
  ])("%s", async (_, bytes, expected) => {
    const message = await sentenceOf(() => open(bytes));
    expect(message).toMatch(expected);
    expect(message).toMatch(/^a\.ibt: /);
  });

  test("cut off inside a record, it gives the whole records and counts what is missing", async () => {
    const bytes = buildIbt();
    const items = await itemsOf(bytes.subarray(0, bytes.length - 100));
    expect(framesOf(items).flatMap((frame) => frame.offsetMs).length).toBeLessThan(120);
    expect(skippedOf(items)["truncated-tail"]).toBe(120 - framesOf(items).flatMap((frame) => frame.offsetMs).length);
  });

  test("that never got its record count is as long as the file", async () => {
    expect(await itemsOf(buildIbt({ claimedRecordCount: 0 }))).toEqual(await itemsOf(buildIbt()));
  });

  test("single rows that cannot be are left out and counted", async () => {
    const records = drive(60, 60, (index) =>
      index === 10 ? { RPM: Number.NaN } : index === 20 ? { Speed: 4000 } : index === 30 ? { SessionTime: 1e300 } : {},
    );
    expect(skippedOf(await itemsOf(buildIbt({ records })))).toEqual({ "not-finite": 1, "out-of-range": 2 });
  });
});

test("any mutation of an .ibt gives items or one sentence, and never hangs", { timeout: 120_000 }, async () => {
  const sound = buildIbt({ records: drive(24) });
  const header = fc.tuple(
    fc.integer({ min: 0, max: 36 }).map((index) => index * 4),
    fc.integer(),
  );
  const body = fc.tuple(fc.integer({ min: 144, max: sound.length - 4 }), fc.integer());
  const mutation = fc.record({
    edits: fc.array(fc.oneof({ weight: 1, arbitrary: header }, { weight: 6, arbitrary: body }), { maxLength: 5 }),
    cut: fc.option(fc.integer({ min: 0, max: sound.length }), { freq: 4 }),
  });
  let readable = 0;
  await fc.assert(
    fc.asyncProperty(mutation, async ({ edits, cut }) => {
      const bytes = sound.slice();
      for (const [offset, value] of edits) setInt(bytes, Math.min(offset, bytes.length - 4), value);
      try {
        const items = await itemsOf(bytes.subarray(0, cut ?? bytes.length));
        expect(items.length).toBeLessThan(200);
        readable++;
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        expectSentence(error.message);
      }
    }),
    { numRuns: 3_000 },
  );
  // Otherwise the cases would only try the header.
  expect(readable).toBeGreaterThan(500);
});
