import { FlagState } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FEATURE_NAMES, FEATURE_SCHEMA_VERSION, RPM_PER_MPS_MAX } from "./features/feature-vector.ts";
import { burnWindowAggregator, WINDOW_SPAN_MS_MAX, type WindowSamples } from "./window-accumulator.ts";

const { create, add, toBurnWindow } = burnWindowAggregator;
const START_MS = 1_750_000_000_000;

interface Sample {
  offsetMs: number;
  throttle: number;
  rpm: number;
  speed: number;
  position: number;
  lap: number;
  brake: number;
  gap: number;
  status: number;
  regime: number;
  burn: number;
}

const anySample: fc.Arbitrary<Sample> = fc.record({
  offsetMs: fc.integer({ min: 0, max: 999 }),
  throttle: fc.integer({ min: 0, max: 10_000 }),
  rpm: fc.integer({ min: 0, max: 250_000 }),
  speed: fc.integer({ min: 0, max: 150_000 }),
  position: fc.integer({ min: -1, max: 999_999 }),
  lap: fc.integer({ min: -1, max: 300 }),
  brake: fc.integer({ min: 0, max: 10_000 }),
  gap: fc.integer({ min: 0, max: 3_000 }),
  status: fc.integer({ min: 0, max: 7 }),
  regime: fc.integer({ min: 0, max: 3 }),
  burn: fc.integer({ min: 0, max: 500_000 }),
});

function sample(overrides: Partial<Sample> = {}): Sample {
  return {
    offsetMs: 0,
    throttle: 8_000,
    rpm: 80_000,
    speed: 70_000,
    position: 250_000,
    lap: 5,
    brake: 0,
    gap: 0,
    status: 0,
    regime: 0,
    burn: 1_000,
    ...overrides,
  };
}

function columns(samples: Sample[], sampleRateHz = 100): WindowSamples {
  const column = (pick: (one: Sample) => number) => samples.map(pick);
  return {
    sampleRateHz,
    eventTimeMs: column((one) => START_MS + one.offsetMs),
    throttleBasisPoints: column((one) => one.throttle),
    rpmTenths: column((one) => one.rpm),
    speedMmPerS: column((one) => one.speed),
    distanceMm: column((one) => Math.round(Math.max(0, one.speed) / sampleRateHz)),
    lapPositionPpm: column((one) => one.position),
    lapNumber: column((one) => one.lap),
    brakeBasisPoints: column((one) => one.brake),
    statusBits: column((one) => one.status),
    gapAheadDm: column((one) => one.gap),
    regime: column((one) => one.regime),
    burnUg: column((one) => one.burn),
  };
}

function windowOf(...parts: Sample[][]) {
  const acc = create(START_MS, START_MS + 1000);
  for (const part of parts) add(acc, columns(part), 0, part.length);
  return { acc, window: toBurnWindow(acc) };
}

function feature(features: number[], name: (typeof FEATURE_NAMES)[number]): number {
  return features[FEATURE_NAMES.indexOf(name)]!;
}

describe("a burn window", () => {
  it("is the same for any order and any split of its samples", () => {
    fc.assert(
      fc.property(
        fc.array(anySample, { minLength: 1, maxLength: 60 }).chain((samples) =>
          fc.record({
            samples: fc.constant(samples),
            order: fc.shuffledSubarray(samples, { minLength: samples.length, maxLength: samples.length }),
            cuts: fc.array(fc.nat(samples.length), { maxLength: 5 }),
          }),
        ),
        ({ samples, order, cuts }) => {
          const bounds = [0, ...cuts.sort((a, b) => a - b), order.length];
          const parts = bounds.slice(1).map((to, index) => order.slice(bounds[index], to));
          const whole = windowOf(samples);
          const split = windowOf(...parts);
          expect(split.acc).toEqual(whole.acc);
          expect(split.window).toEqual(whole.window);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("survives JSON without loss, keeps its keys' order and goes on from there", () => {
    fc.assert(
      fc.property(fc.array(anySample, { maxLength: 30 }), fc.array(anySample, { maxLength: 30 }), (before, after) => {
        const { acc } = windowOf(before);
        const restored = JSON.parse(JSON.stringify(acc));
        expect(Object.keys(restored)).toEqual(Object.keys(create(0, 1000)));
        add(acc, columns(after), 0, after.length);
        add(restored, columns(after), 0, after.length);
        expect(JSON.stringify(restored)).toBe(JSON.stringify(acc));
      }),
    );
  });

  it("holds whole numbers only", () => {
    fc.assert(
      fc.property(fc.array(anySample, { minLength: 1, maxLength: 60 }), (samples) => {
        for (const value of Object.values(windowOf(samples).acc)) expect(Number.isSafeInteger(value)).toBe(true);
      }),
    );
  });

  it("stays exact at the largest window, rate and values", () => {
    const acc = create(START_MS, START_MS + WINDOW_SPAN_MS_MAX);
    const most = sample({ throttle: 10_000, rpm: 250_000, speed: 150_000 });
    const second = columns(
      Array.from({ length: 1000 }, (_, index) => ({ ...most, offsetMs: 59_000 + index })),
      1000,
    );
    for (let repeat = 0; repeat < 60; repeat++) add(acc, second, 0, 1000);
    for (const value of Object.values(acc)) expect(Number.isSafeInteger(value)).toBe(true);
    expect(feature(toBurnWindow(acc).features, "accelerationMps2")).toBe(0);
  });

  it("refuses a sample that belongs to another window", () => {
    const acc = create(START_MS, START_MS + 1000);
    expect(() => add(acc, columns([sample({ offsetMs: 1000 })]), 0, 1)).toThrow(/does not own/);
    expect(() => add(acc, columns([sample({ offsetMs: -1 })]), 0, 1)).toThrow(/does not own/);
    expect(() => create(5, 5)).toThrow(/empty or too long/);
    expect(() => create(0, WINDOW_SPAN_MS_MAX + 1)).toThrow(/empty or too long/);
  });

  it("sums the burn of exactly the samples it was given", () => {
    const acc = create(START_MS, START_MS + 1000);
    const given = columns([
      sample({ burn: 1 }),
      sample({ burn: 20, offsetMs: 10 }),
      sample({ burn: 300, offsetMs: 20 }),
    ]);
    add(acc, given, 1, 3);
    expect(toBurnWindow(acc)).toMatchObject({ samples: 2, burnUg: 320, distanceMm: 1400, lapNumber: 5 });
  });

  it("names the flag of most samples and the more restrictive one on a tie; a restart is green", () => {
    const flagOf = (...regimes: number[]) => windowOf(regimes.map((regime) => sample({ regime }))).window.flag;
    expect(flagOf(0, 0, 1)).toBe(FlagState.GREEN);
    expect(flagOf(0, 1)).toBe(FlagState.CAUTION);
    expect(flagOf(2, 2, 1)).toBe(FlagState.GREEN);
    expect(flagOf(3, 1)).toBe(FlagState.RED);
    expect(flagOf()).toBe(FlagState.UNSPECIFIED);
  });

  it("is on pit road when at least half of its samples are", () => {
    expect(windowOf([sample({ status: 1 }), sample()]).window.onPitRoad).toBe(true);
    expect(windowOf([sample({ status: 1 }), sample(), sample({ status: 6 })]).window.onPitRoad).toBe(false);
    expect(windowOf([]).window.onPitRoad).toBe(false);
  });
});

describe("the feature vector", () => {
  it("has one finite number per name, whatever the samples", () => {
    fc.assert(
      fc.property(fc.array(anySample, { minLength: 1, maxLength: 60 }), (samples) => {
        const { window } = windowOf(samples);
        expect(window.featureSchemaVersion).toBe(FEATURE_SCHEMA_VERSION);
        expect(window.features).toHaveLength(FEATURE_NAMES.length);
        for (const value of window.features) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it("is empty without samples, and when rpm or speed is missing in any of them", () => {
    expect(windowOf([]).window.features).toEqual([]);
    expect(windowOf([sample(), sample({ rpm: -1 })]).window.features).toEqual([]);
    expect(windowOf([sample(), sample({ speed: -1 })]).window.features).toEqual([]);
  });

  it("says what a steadily accelerating car does", () => {
    const samples = Array.from({ length: 100 }, (_, index) =>
      sample({ offsetMs: index * 10, speed: 50_000 + index * 100, throttle: index < 50 ? 0 : 10_000, rpm: 80_000 }),
    );
    const { features } = windowOf(samples).window;
    expect(feature(features, "accelerationMps2")).toBeCloseTo(10, 9);
    expect(feature(features, "throttleMean")).toBe(0.5);
    expect(feature(features, "throttleMeanSquare")).toBe(0.5);
    expect(feature(features, "throttleMax")).toBe(1);
    expect(feature(features, "closedThrottleShare")).toBe(0.5);
    expect(feature(features, "overrunShare")).toBe(0.5);
    expect(feature(features, "fullThrottleShare")).toBe(0.5);
    expect(feature(features, "rpmMeanKrpm")).toBe(8);
    expect(feature(features, "halfThrottleRpmMeanKrpm")).toBe(4);
    expect(feature(features, "speedMeanMps")).toBeCloseTo(54.95, 9);
    expect(feature(features, "rpmPerMps")).toBeCloseTo(8000 / 54.95, 9);
    expect(feature(features, "sampleShare")).toBe(1);
  });

  it("says where the car is and what is around it", () => {
    const { features } = windowOf([
      sample({ position: 250_000, gap: 220, regime: 1, status: 1, brake: 4_000 }),
      sample({ position: 250_000, gap: 0, regime: 2, offsetMs: 10 }),
    ]).window;
    expect(feature(features, "lapPhaseSin")).toBe(1);
    expect(feature(features, "lapPhaseCos")).toBe(0);
    expect(feature(features, "draft")).toBeCloseTo(Math.exp(-1) / 2, 6);
    expect(feature(features, "cautionShare")).toBe(0.5);
    expect(feature(features, "restartShare")).toBe(0.5);
    expect(feature(features, "pitRoadShare")).toBe(0.5);
    expect(feature(features, "brakeShare")).toBe(0.5);
    expect(feature(features, "sampleShare")).toBe(0.02);
  });

  it("caps the ratio of a standing car", () => {
    expect(feature(windowOf([sample({ speed: 0 })]).window.features, "rpmPerMps")).toBe(RPM_PER_MPS_MAX);
    expect(feature(windowOf([sample({ speed: 1 })]).window.features, "rpmPerMps")).toBe(RPM_PER_MPS_MAX);
  });
});
