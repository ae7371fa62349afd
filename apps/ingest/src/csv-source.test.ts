import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openCsvSource } from "./csv-source.ts";
import { memoryAccess } from "./random-access.ts";
import { RECORDING_EPOCH_MS } from "./recorded-car.ts";
import { SourceError } from "./source.ts";
import { collect, expectSentence, framesOf, sentenceOf, skippedOf } from "./testing.ts";

const HEADER = "t_s,throttle,brake,rpm,gear,speed_mps,lap,lap_dist_pct,lat,lon,on_pit_road,session_flags";
const row = (index: number, rate = 60) =>
  `${(100 + index / rate).toFixed(4)},0.7500,0.0000,7000.0,4,50.0000,1,0.10000,36.1,139.9,0,268435456`;
const rows = (count: number, rate = 60) => Array.from({ length: count }, (_, index) => row(index, rate));
const text = (lines: readonly string[]) => `${lines.join("\n")}\n`;
const open = (content: string) => openCsvSource(memoryAccess(new TextEncoder().encode(content)), { fileName: "a.csv" });
const itemsOf = async (content: string) => collect((await open(content)).items());

describe("a sound CSV", () => {
  test("gives every row once, in frames of 100 ms of event time", async () => {
    const frames = framesOf(await itemsOf(text([HEADER, ...rows(60)])));
    expect(frames).toHaveLength(10);
    expect(frames[0]).toMatchObject({
      eventTimeMs: RECORDING_EPOCH_MS + 100_000,
      offsetMs: [0, 17, 33, 50, 67, 83],
      sampleRateHz: 60,
    });
  });

  test.each([1, 10, 25, 60, 120, 360])("is found to have %i Hz", async (rate) => {
    const frames = framesOf(await itemsOf(text([HEADER, ...rows(300, rate)])));
    expect(frames[0]?.sampleRateHz).toBe(rate);
    expect(frames.flatMap((frame) => frame.offsetMs)).toHaveLength(300);
  });

  test("may have its columns in another order, a byte order mark, CRLF and empty lines", async () => {
    const shuffle = (line: string) => line.split(",").toReversed().join(",");
    const lines = [HEADER, ...rows(30)];
    const other = `\ufeff${lines.map(shuffle).join("\r\n\r\n")}`;
    expect(await itemsOf(other)).toEqual(await itemsOf(text(lines)));
  });

  test("gives the same items each time it is asked", async () => {
    const source = await open(text([HEADER, ...rows(60)]));
    expect(await collect(source.items())).toEqual(await collect(source.items()));
  });

  test("counts a row that repeats a time", async () => {
    expect(skippedOf(await itemsOf(text([HEADER, ...rows(9), row(8), ...rows(20).slice(9)])))).toEqual({
      "repeated-tick": 1,
    });
  });
});

describe("a faulty CSV ends in one sentence", () => {
  const withRow = (line: string) => text([HEADER, ...rows(5), line, ...rows(9).slice(6)]);
  const cells = (changes: Record<number, string>) =>
    row(5)
      .split(",")
      .map((cell, index) => changes[index] ?? cell)
      .join(",");
  test.each<[string, string, RegExp]>([
    ["empty", "", /empty/],
    ["only a header", text([HEADER]), /fewer than two rows/],
    ["only one row", text([HEADER, row(0)]), /fewer than two rows/],
    ["without a column", text([HEADER.replace(",rpm", ""), ...rows(5)]), /lacks the column rpm/],
    ["with a fuel column", text([`${HEADER},fuel_l`, ...rows(5)]), /unknown column "fuel_l"/],
    ["a column twice", text([`${HEADER},rpm`, ...rows(5)]), /twice/],
    ["another kind of file", "\u0000\u0001PNG\n\u0002", /lacks the column/],
    ["NaN", withRow(cells({ 3: "NaN" })), /line 7: rpm is "NaN"/],
    ["an empty cell", withRow(cells({ 1: "" })), /line 7: throttle is ""/],
    ["hexadecimal", withRow(cells({ 3: "0x10" })), /line 7: rpm/],
    ["Infinity", withRow(cells({ 5: "1e999" })), /line 7: speed_mps/],
    ["a throttle of 75", withRow(cells({ 1: "75" })), /line 7: throttle is 75, outside/],
    ["backwards time", withRow(cells({ 0: "99.0000" })), /line 7: t_s goes back/],
    ["a short line", withRow("100.1,0.5"), /line 7: the line has 2 cells/],
    ["an open quote", withRow(`"${"x".repeat(20)}`), /no CSV/],
    ["an endless line", withRow("x".repeat(200_000)), /no CSV|cells/],
    ["time in ms", text([HEADER, ...rows(9, 0.06)]), /Hz by the column t_s/],
  ])("%s", async (_, content, expected) => {
    const message = await sentenceOf(() => itemsOf(content));
    expect(message).toMatch(expected);
    expect(message).toMatch(/^a\.csv/);
  });
});

test("any text gives items or one sentence", { timeout: 120_000 }, async () => {
  const cell = fc.oneof(
    { weight: 6, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value.toFixed(4)) },
    { weight: 1, arbitrary: fc.constantFrom("NaN", "", "-1", "1e308", '"', "Infinity", "0x1", "\u0000", "☃", " 7 ") },
  );
  const line = fc.array(cell, { minLength: 11, maxLength: 13 }).map((cells) => cells.join(","));
  const content = fc.oneof(
    fc
      .tuple(
        fc.constantFrom(HEADER, HEADER.toUpperCase(), `${HEADER},x`),
        fc.array(fc.oneof(line, fc.nat(50).map(row)), { maxLength: 12 }),
      )
      .map(([header, lines]) => text([header, ...lines])),
    fc.string({ maxLength: 200, unit: "binary" }),
    fc.tuple(fc.nat(400), fc.string({ maxLength: 4, unit: "binary" })).map(([at, insert]) => {
      const sound = text([HEADER, ...rows(9)]);
      return sound.slice(0, at) + insert + sound.slice(at + 1);
    }),
  );
  await fc.assert(
    fc.asyncProperty(content, async (candidate) => {
      try {
        await itemsOf(candidate);
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        expectSentence(error.message);
      }
    }),
    { numRuns: 2_500 },
  );
});
