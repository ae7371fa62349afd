import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LapLine, LINE_CANDIDATE, LINE_CROSSED, LINE_DOUBTFUL, LINE_NONE, LINE_RESET } from "./lap-line.ts";

type Seen = [eventTimeMs: number, positionPpm: number, counter: number];

/** Every sign but none, with its time and lap number. */
function signsOf(samples: readonly Seen[], lengthM = 2_400): number[][] {
  const line = new LapLine(lengthM);
  const signs: number[][] = [];
  for (const [eventTimeMs, positionPpm, counter] of samples) {
    const sign = line.observe(eventTimeMs, positionPpm, counter);
    if (sign !== LINE_NONE) signs.push(sign === LINE_CANDIDATE ? [sign, line.atMs] : [sign, line.atMs, line.lapNumber]);
  }
  return signs;
}

/** From half a lap before the line to half a lap behind it, 30 s a lap, every 100 ms. */
function round(position: (ppm: number) => number, counter: (atMs: number) => number): Seen[] {
  return Array.from({ length: 300 }, (_, step) => {
    const ppm = (500_000 + Math.floor((step * 1_000_000) / 300)) % 1_000_000;
    return [step * 100, position(ppm), counter(step * 100)];
  });
}

const asItIs = (ppm: number) => ppm;
const none = () => -1;

describe("the lap line", () => {
  it("is crossed where the position says, between two samples", () => {
    const signs = signsOf([
      [1_000, 998_000, 4],
      [1_100, 1_000, 5],
    ]);
    expect(signs).toEqual([[LINE_CROSSED, 1_067, 5]]);
  });

  it("is crossed by position alone and by counter alone", () => {
    expect(signsOf(round(asItIs, none))).toEqual([[LINE_CROSSED, 15_000, -1]]);
    expect(signsOf(round(none, (atMs) => (atMs < 15_040 ? 7 : 8)))).toEqual([[LINE_CROSSED, 15_100, 8]]);
  });

  it("is crossed once when the counter follows the position by seconds", () => {
    const signs = signsOf(round(asItIs, (atMs) => (atMs < 18_000 ? 7 : 8)));
    expect(signs).toEqual([
      [LINE_CANDIDATE, 15_000],
      [LINE_CROSSED, 15_000, 8],
    ]);
  });

  it("is crossed once, at the line, when the counter comes first", () => {
    const signs = signsOf(round(asItIs, (atMs) => (atMs < 13_000 ? 7 : 8)));
    expect(signs).toEqual([
      [LINE_CANDIDATE, 13_000],
      [LINE_CROSSED, 15_000, 8],
    ]);
  });

  it("is not crossed by a position that the counter does not follow", () => {
    expect(signsOf(round(asItIs, () => 7))).toEqual([[LINE_CANDIDATE, 15_000]]);
  });

  it("is crossed doubtfully by a counter that the position does not follow", () => {
    const signs = signsOf(
      round(
        () => 400_000,
        (atMs) => (atMs < 13_000 ? 7 : 8),
      ),
    );
    expect(signs).toEqual([
      [LINE_CANDIDATE, 13_000],
      [LINE_DOUBTFUL, 13_000, 8],
    ]);
  });

  it("believes the position alone once the counter stood still for two laps", () => {
    const laps: Seen[] = Array.from({ length: 1_000 }, (_, step) => [
      step * 100,
      Math.floor((step * 1_000_000) / 300) % 1_000_000,
      3,
    ]);
    expect(signsOf(laps)).toEqual([
      [LINE_CANDIDATE, 30_000],
      [LINE_DOUBTFUL, 60_000, -1],
      [LINE_CROSSED, 90_000, -1],
    ]);
  });

  it("is crossed once however the position trembles around it", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3_000, max: 3_000 }), { minLength: 1, maxLength: 50 }), (jitter) => {
        const samples: Seen[] = [[0, 990_000, -1]];
        for (const [index, ppm] of jitter.entries())
          samples.push([(index + 1) * 100, (1_000_000 + ppm) % 1_000_000, -1]);
        samples.push([(jitter.length + 1) * 100, 10_000, -1]);
        expect(signsOf(samples)).toHaveLength(1);
      }),
    );
  });

  it("takes a leap of the position for a reset, and so a counter that goes backwards or leaps", () => {
    expect(
      signsOf([
        [0, 300_000, -1],
        [100, 700_000, -1],
      ]),
    ).toEqual([[LINE_RESET, 100, -1]]);
    expect(
      signsOf([
        [0, 300_000, 9],
        [100, 301_000, 3],
      ]),
    ).toEqual([[LINE_RESET, 100, 3]]);
    expect(
      signsOf([
        [0, 300_000, 0],
        [100, 301_000, 9],
      ]),
    ).toEqual([[LINE_RESET, 100, 9]]);
  });

  it("does not take a gap in the samples for a leap", () => {
    expect(
      signsOf([
        [0, 300_000, 3],
        [9_000, 600_000, 3],
      ]),
    ).toEqual([]);
    expect(
      signsOf([
        [0, 600_000, 3],
        [20_000, 200_000, 4],
      ]),
    ).toEqual([[LINE_CROSSED, 13_334, 4]]);
    expect(
      signsOf([
        [0, 600_000, 3],
        [95_000, 600_500, 6],
      ]),
    ).toHaveLength(1);
  });

  it("needs no track length to know a leap from a lap", () => {
    expect(
      signsOf(
        [
          [0, 300_000, -1],
          [100, 700_000, -1],
        ],
        0,
      ),
    ).toEqual([[LINE_RESET, 100, -1]]);
    expect(signsOf(round(asItIs, none), 0)).toHaveLength(1);
  });

  it("goes on after a restart as if nothing had happened", () => {
    const samples = round(asItIs, (atMs) => (atMs < 18_000 ? 7 : 8));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: samples.length }), (cut) => {
        const before = new LapLine(2_400);
        for (const sample of samples.slice(0, cut)) before.observe(...sample);
        const after = new LapLine(2_400, JSON.parse(JSON.stringify(before.snapshot())));
        for (const sample of samples.slice(cut)) expect(after.observe(...sample)).toBe(before.observe(...sample));
        expect(after.snapshot()).toEqual(before.snapshot());
      }),
    );
  });
});
