import { frameFault } from "@burnline/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAME_MS, FramePacker, type RawSample } from "./packer.ts";

const sample = (overrides: Partial<RawSample> = {}): RawSample => ({
  eventTimeMs: 1_000_000,
  throttle: 0.5,
  rpm: 7000,
  speedMps: 50,
  lapNumber: 3,
  lapFraction: 0.25,
  statusBits: 0,
  ...overrides,
});

test("each sample is in exactly one frame, in order, inside its frame's 100 ms, and each frame is sound", () => {
  const steps = fc.array(
    fc.record({ stepMs: fc.integer({ min: 0, max: 400 }), throttle: fc.double({ min: 0, max: 1, noNaN: true }) }),
    {
      minLength: 1,
      maxLength: 200,
    },
  );
  fc.assert(
    fc.property(steps, (drawn) => {
      const packer = new FramePacker({ car: "24", sampleRateHz: 60 });
      let eventTimeMs = 1_000_000;
      const samples = drawn.map(({ stepMs, throttle }) => {
        eventTimeMs += stepMs;
        return sample({ eventTimeMs, throttle });
      });
      const frames = [...samples.map((one) => packer.push(one)), packer.flush()].filter((frame) => frame !== undefined);
      expect(frames.flatMap((frame) => frame.offsetMs.map((offset) => frame.eventTimeMs + offset))).toEqual(
        samples.map((one) => one.eventTimeMs),
      );
      expect(frames.map((frame) => frame.sourceSequence)).toEqual(frames.map((_, index) => index));
      for (const frame of frames) {
        expect(frameFault(frame)).toBeUndefined();
        expect(frame.eventTimeMs % FRAME_MS).toBe(0);
        expect(frame.offsetMs.at(-1)).toBeLessThan(FRAME_MS);
      }
    }),
    { numRuns: 500 },
  );
});

test("a frame leaves with the first sample of a later one, not before", () => {
  const packer = new FramePacker({ car: "24", sampleRateHz: 10 });
  expect(packer.push(sample({ eventTimeMs: 1_000_099 }))).toBeUndefined();
  expect(packer.push(sample({ eventTimeMs: 1_000_100 }))?.eventTimeMs).toBe(1_000_000);
  expect(packer.flush()?.eventTimeMs).toBe(1_000_100);
  expect(packer.flush()).toBeUndefined();
});

test("a channel that the source does not have is an empty column", () => {
  const packer = new FramePacker({ car: "24", sampleRateHz: 10, sourceRateHz: 120 });
  packer.push(sample({ rpm: undefined }));
  expect(packer.flush()).toMatchObject({
    rpmTenths: [],
    gear: [],
    gapAheadDm: [],
    speedMmPerS: [50_000],
    sourceRateHz: 120,
  });
});

test("numbers are rounded to the contract's whole numbers", () => {
  const packer = new FramePacker({ car: "24", sampleRateHz: 10 });
  packer.push(
    sample({
      throttle: 0.33335,
      rpm: 1200.149,
      speedMps: 0.00849,
      lapFraction: 1,
      gear: -1,
      gapAheadM: 12.34,
      brake: -1e-9,
    }),
  );
  expect(packer.flush()).toMatchObject({
    throttleBasisPoints: [3334],
    rpmTenths: [12_001],
    speedMmPerS: [9],
    lapPositionPpm: [999_999],
    gear: [-1],
    gapAheadDm: [123],
    brakeBasisPoints: [0],
  });
});
