import { frameFault, SAMPLES_PER_FRAME_MAX, STATUS_ON_PIT_ROAD, STATUS_RESET } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SamplingControl, thinFrame } from "./sampling.ts";

const RATES = [1, 10, 25, 60, 100, 120, 360, 1_000] as const;
const LIMITS = [10, 30, 60, Number.POSITIVE_INFINITY] as const;

const frames = fc
  .record({
    count: fc.integer({ min: 1, max: SAMPLES_PER_FRAME_MAX }),
    sampleRateHz: fc.constantFrom(...RATES),
    sourceSequence: fc.nat({ max: 1_000 }),
    statusBits: fc.array(fc.integer({ min: 0, max: 7 }), {
      minLength: SAMPLES_PER_FRAME_MAX,
      maxLength: SAMPLES_PER_FRAME_MAX,
    }),
  })
  .map(({ count, sampleRateHz, sourceSequence, statusBits }) => {
    const column = (valueAt: (index: number) => number) => Array.from({ length: count }, (_, index) => valueAt(index));
    return frame({
      ...{ sampleRateHz, sourceRateHz: sampleRateHz, sourceSequence, statusBits: statusBits.slice(0, count) },
      offsetMs: column((index) => Math.min(4_000, Math.round((index * 1_000) / sampleRateHz))),
      // The index in each column tells which sample it was.
      throttleBasisPoints: column((index) => index),
      rpmTenths: column((index) => index),
      speedMmPerS: column((index) => index),
      lapPositionPpm: column((index) => index),
      lapNumber: column((index) => index),
      brakeBasisPoints: column((index) => index),
      gear: column((index) => index),
      gapAheadDm: [],
    });
  });

const weightS = ({ offsetMs, sampleRateHz }: ReturnType<typeof frame>) => offsetMs.length / sampleRateHz;

test("the samples of a thinned frame stand for as long as those of the whole one", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(...LIMITS), (whole, rateHzMax) => {
      expect(weightS(thinFrame(whole, rateHzMax))).toBeCloseTo(weightS(whole), 9);
    }),
  );
});

test("over a race in which the rate goes up and down the total weight stays within one sample", () => {
  const race = fc.array(fc.tuple(frames, fc.constantFrom(...LIMITS)), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(race, (sent) => {
      const total = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0);
      const whole = total(sent.map(([one]) => weightS(one)));
      const thinned = total(sent.map(([one, rateHzMax]) => weightS(thinFrame(one, rateHzMax))));
      expect(Math.abs(whole - thinned)).toBeLessThan(1 / 1_000);
    }),
    { numRuns: 30 },
  );
});

test("whole samples are left out, evenly, and what stays is a sound frame of the same identity", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(...LIMITS), (whole, rateHzMax) => {
      const thinned = thinFrame(whole, rateHzMax);
      expect(frameFault(thinned)).toBeUndefined();
      expect(thinned).toMatchObject({
        car: whole.car,
        sourceSequence: whole.sourceSequence,
        eventTimeMs: whole.eventTimeMs,
        sourceRateHz: whole.sourceRateHz,
      });
      const kept = thinned.throttleBasisPoints;
      expect(kept.length).toBeGreaterThanOrEqual(1);
      for (const [place, index] of kept.entries()) {
        expect(thinned.offsetMs[place]).toBe(whole.offsetMs[index]);
        const columns = [thinned.rpmTenths, thinned.speedMmPerS, thinned.lapPositionPpm, thinned.gear];
        expect(columns.map((column) => column[place])).toEqual(columns.map(() => index));
      }
      const steps = kept.slice(1).map((index, place) => index - (kept[place] ?? 0));
      if (steps.length > 0) expect(Math.max(...steps) - Math.min(...steps)).toBeLessThanOrEqual(1);
    }),
  );
});

test("a frame has at most the samples that the rate asks for, rounded up; a slower one stays as it is", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(10, 30, 60), (whole, rateHzMax) => {
      const thinned = thinFrame(whole, rateHzMax);
      if (whole.sampleRateHz <= rateHzMax) expect(thinned).toBe(whole);
      expect(thinned.offsetMs.length).toBeLessThanOrEqual(Math.max(1, Math.ceil(weightS(whole) * rateHzMax - 1e-9)));
    }),
  );
});

test("a channel that swings faster than the thinned rate is not taken at its peaks only", () => {
  // 120 Hz to 10 Hz over 10 s: throttle as a ramp within each frame would be biased by any fixed end of the frame.
  const ramp = Array.from({ length: 12 }, (_, index) => index * 500);
  const whole = frame({ throttleBasisPoints: ramp, sampleRateHz: 120, sourceRateHz: 120 });
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const rateHzMax of [60, 30, 10]) {
    const thinned = thinFrame(whole, rateHzMax);
    expect(Math.abs(mean(thinned.throttleBasisPoints) - mean(ramp))).toBeLessThanOrEqual(250);
    expect(thinned.sampleRateHz).toBe(rateHzMax);
  }
});

test("a reset is not lost with its sample", () => {
  fc.assert(
    fc.property(frames, fc.constantFrom(10, 30, 60), (whole, rateHzMax) => {
      const hasReset = (one: ReturnType<typeof frame>) => one.statusBits.some((bits) => (bits & STATUS_RESET) !== 0);
      expect(hasReset(thinFrame(whole, rateHzMax))).toBe(hasReset(whole));
    }),
  );
  const statusBits = [STATUS_ON_PIT_ROAD, STATUS_RESET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const thinned = thinFrame(frame({ statusBits, sampleRateHz: 120 }), 10);
  expect(thinned.statusBits).toEqual([STATUS_RESET]);
});

test("pressure thins at once, and each step back takes a calm time", () => {
  const control = new SamplingControl();
  expect(control.rateHzMax).toBe(Number.POSITIVE_INFINITY);
  control.update(0.3, 0);
  expect(control.rateHzMax).toBe(60);
  control.update(0.8, 10);
  expect(control.rateHzMax).toBe(10);
  control.update(0.3, 1_000);
  control.update(0.3, 2_999);
  expect(control.rateHzMax).toBe(10);
  control.update(0.3, 3_000);
  expect(control.rateHzMax).toBe(30);
  control.update(0, 4_999);
  expect(control.rateHzMax).toBe(30);
  control.update(0, 5_000);
  expect(control.rateHzMax).toBe(60);
  control.update(0, 7_000);
  expect(control.rateHzMax).toBe(Number.POSITIVE_INFINITY);
});

test("a queue that stays around one fill never swings between two rates", () => {
  const share = (max: number) => fc.double({ min: 0, max, noNaN: true });
  fc.assert(
    fc.property(share(0.95), fc.array(share(0.05), { minLength: 200, maxLength: 200 }), (base, noise) => {
      const control = new SamplingControl();
      let before = control.rateHzMax;
      for (const [index, more] of noise.entries()) {
        control.update(base + more, index * 100);
        expect(control.rateHzMax).toBeLessThanOrEqual(before);
        before = control.rateHzMax;
      }
    }),
  );
});

test("the rate never rises by more than a step, and never while the queue fills", () => {
  const rank = [10, 30, 60, Number.POSITIVE_INFINITY];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 200 }), (fills) => {
      const control = new SamplingControl();
      let before = rank.length - 1;
      for (const [index, fill] of fills.entries()) {
        control.update(fill, index * 1_000);
        const after = rank.indexOf(control.rateHzMax);
        expect(after - before).toBeLessThanOrEqual(1);
        if (fill >= 0.75) expect(after).toBe(0);
        before = after;
      }
    }),
  );
});
