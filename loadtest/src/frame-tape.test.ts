import { decodeFrame } from "@burnline/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteSink } from "./byte-sink.ts";
import { FrameTape, sequenceOf } from "./frame-tape.ts";

const START_MS = 1_764_000_000_000;

/** Frames of one message, each behind its length. */
function split(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    let length = bytes[at++]!;
    if (length >= 0x80) length = (length & 0x7f) + bytes[at++]! * 0x80;
    frames.push(bytes.subarray(at, at + length));
    at += length;
  }
  expect(at).toBe(bytes.length);
  return frames;
}

const shape = fc.record({
  rateHz: fc.constantFrom(10, 60, 120, 400, 640),
  lapSeconds: fc.integer({ min: 5, max: 60 }),
});

test("every frame of the tape is one that the contract takes, whatever car, time and lap", () => {
  const car = fc.record({
    id: fc.integer({ min: 1, max: 128 }).map(String),
    frame: fc.nat(60 * 60 * 10),
    lapsAhead: fc.double({ min: 0, max: 0.9, noNaN: true }),
  });
  fc.assert(
    fc.property(shape, fc.array(car, { minLength: 1, maxLength: 5 }), ({ rateHz, lapSeconds }, cars) => {
      const tape = new FrameTape({ rateHz, lapSeconds });
      const sink = new ByteSink(8);
      for (const { id, frame, lapsAhead } of cars) {
        tape.append(sink, tape.headOf(id), START_MS + frame * 100, START_MS, lapsAhead);
      }
      const frames = split(sink.take());
      expect(frames).toHaveLength(cars.length);
      frames.forEach((bytes, index) => {
        const decoded = decodeFrame(bytes);
        const { id, frame, lapsAhead } = cars[index]!;
        if (!decoded.ok) throw new Error(decoded.error);
        const { value } = decoded;
        expect(value).toMatchObject({ car: id, eventTimeMs: START_MS + frame * 100, sampleRateHz: rateHz });
        expect(value.sourceSequence).toBe(sequenceOf(value.eventTimeMs));
        expect(value.offsetMs).toHaveLength(rateHz / 10);
        const laps = (frame + Math.floor(lapsAhead * lapSeconds * 10)) / (lapSeconds * 10);
        expect(value.lapNumber).toEqual(new Array(rateHz / 10).fill(Math.floor(laps) + 1));
        expect(value.lapPositionPpm[0]).toBeCloseTo((laps % 1) * 1e6, -2);
      });
    }),
    { numRuns: 100 },
  );
});

test("the frames of a car fill every window of a second with its rate, and its way round never goes back", () => {
  const tape = new FrameTape({ rateHz: 120, lapSeconds: 5 });
  const sink = new ByteSink(8);
  for (let frame = 0; frame < 120; frame++)
    tape.append(sink, tape.headOf("7"), START_MS + 37 + frame * 100, START_MS, 0.3);
  const samples = split(sink.take()).flatMap((bytes) => {
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) throw new Error(decoded.error);
    const { eventTimeMs, offsetMs, lapNumber, lapPositionPpm } = decoded.value;
    return offsetMs.map((offset, index) => ({
      timeMs: eventTimeMs + offset,
      way: lapNumber[index]! + lapPositionPpm[index]! / 1e6,
    }));
  });
  for (let second = 1; second < 11; second++) {
    const startMs = START_MS + second * 1_000;
    expect(samples.filter(({ timeMs }) => timeMs >= startMs && timeMs < startMs + 1_000)).toHaveLength(120);
  }
  const ways = samples.map(({ way }) => way);
  expect(ways).toEqual([...ways].sort((a, b) => a - b));
  expect(ways.at(-1)! - ways[0]!).toBeCloseTo(12 / 5, 1);
});

test("the numbers of a car's frames rise by one from frame to frame", () => {
  expect(sequenceOf(START_MS + 37 + 100) - sequenceOf(START_MS + 37)).toBe(1);
  expect(sequenceOf(START_MS)).toBeLessThan(2 ** 32);
});
