import { decodeFrame } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { makeTape, playTape, type TapeItem } from "./race-tape.ts";

const START_MS = 1_700_000_000_000;
const make = (cars: number, races: number) => makeTape({ cars, races, startMs: START_MS, seconds: 4 });

function frameOf({ payload }: TapeItem) {
  const decoded = decodeFrame(payload);
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.value;
}

describe("a tape", () => {
  test("holds sound frames in the time of the day, in the order in which they are due, none before it ends", () => {
    const tape = make(3, 1);
    expect(tape.length).toBeGreaterThan(100);
    let beforeMs = 0;
    for (const item of tape) {
      const frame = frameOf(item);
      const lastMs = frame.eventTimeMs + (frame.offsetMs.at(-1) ?? 0);
      expect(frame).toMatchObject({ car: item.car, sourceSequence: item.sequence });
      expect(frame.eventTimeMs).toBeGreaterThanOrEqual(START_MS);
      expect(item.dueMs).toBeGreaterThan(lastMs);
      expect(item.dueMs).toBeGreaterThanOrEqual(beforeMs);
      expect(item.dueMs).toBeLessThanOrEqual(START_MS + 4_000);
      beforeMs = item.dueMs;
    }
  });

  test("gives each race as many cars as the others, and no car two histories", () => {
    const tape = make(100, 4);
    const cars = [0, 1, 2, 3].map((race) => new Set(tape.filter((item) => item.race === race).map(({ car }) => car)));
    expect(cars.map(({ size }) => size)).toEqual([25, 25, 25, 25]);
    const first = tape.filter(({ race, car }) => race === 0 && car === "1").map(frameOf);
    const starts = new Map(first.map(({ sourceSequence, eventTimeMs }) => [sourceSequence, eventTimeMs]));
    for (const { sourceSequence, eventTimeMs } of first) expect(starts.get(sourceSequence)).toBe(eventTimeMs);
  });

  test("of more than one group of cars has other values in each", () => {
    const tape = make(80, 1);
    const throttle = (car: string) => tape.filter((item) => item.car === car).map((item) => frameOf(item).rpmTenths);
    expect(throttle("1")).not.toEqual(throttle("41"));
  });
});

describe("playing a tape", () => {
  test("sends everything, nothing before it is due", async () => {
    const tape = make(2, 1);
    let nowMs = START_MS;
    const sent: TapeItem[] = [];
    const sentMs = await playTape(tape, {
      nowMs: () => nowMs,
      sleep: async (ms) => {
        expect(ms).toBeGreaterThanOrEqual(1);
        nowMs += ms + 3;
      },
      send: (item) => sent.push(item),
    });
    expect(sent).toEqual(tape);
    tape.forEach(({ dueMs }, index) => {
      expect(sentMs[index]).toBeGreaterThanOrEqual(dueMs);
      expect(sentMs[index]).toBeLessThanOrEqual(dueMs + 4);
    });
  });
});
