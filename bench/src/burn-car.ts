import {
  createSeenSequences,
  createWatermark,
  type OpenWindow,
  type SeenSequences,
  type Watermark,
} from "@burnline/stream";
import type { BurnRow } from "./burn-checks.ts";
import { LAP_MS, WINDOW_MS } from "./burn-windows.ts";

export interface WindowTotals {
  fuelKg: number;
  samples: number;
  distanceM: number;
  throttleSum: number;
  /** What the rows have said already. */
  firedKg: number;
}

/** Everything kept of a car; JSON-safe. */
export interface CarState {
  readonly seen: SeenSequences;
  readonly mark: Watermark;
  windows: OpenWindow<WindowTotals>[];
  /** [lap, kg] of the laps that an open window can still change, oldest first. */
  lapsKg: [lap: number, kg: number][];
  raceKg: number;
  frames: number;
  duplicateFrames: number;
  lateSamples: number;
}

export function createCarState(): CarState {
  return {
    seen: createSeenSequences(),
    mark: createWatermark(),
    windows: [],
    lapsKg: [],
    raceKg: 0,
    frames: 0,
    duplicateFrames: 0,
    lateSamples: 0,
  };
}

/** Books what the window gained since it last spoke, to its lap and to the race. */
export function toRow(
  carId: string,
  car: CarState,
  { startMs, revision, accumulator }: OpenWindow<WindowTotals>,
): BurnRow {
  const gainedKg = accumulator.fuelKg - accumulator.firedKg;
  accumulator.firedKg = accumulator.fuelKg;
  car.raceKg += gainedKg;
  const lap = Math.floor(startMs / LAP_MS);
  let entry = car.lapsKg.find(([number]) => number === lap);
  if (entry === undefined) {
    // Open windows span less than one lap: the lap before the newest two can change no more.
    car.lapsKg = [...car.lapsKg.slice(-1), [lap, 0] as [number, number]].sort(([a], [b]) => a - b);
    entry = car.lapsKg.find(([number]) => number === lap) ?? [lap, 0];
  }
  entry[1] += gainedKg;
  const { fuelKg, samples, distanceM, throttleSum } = accumulator;
  const endMs = startMs + WINDOW_MS;
  const meanThrottle = throttleSum / samples;
  const { raceKg } = car;
  return {
    car: carId,
    startMs,
    endMs,
    revision,
    fuelKg,
    samples,
    distanceM,
    meanThrottle,
    raceKg,
    lap,
    lapKg: entry[1],
  };
}
