import { decodeFrame, parseRaceSubject } from "@burnline/contract";
import { ALLOWED_LATENESS_MS, OUT_OF_ORDERNESS_MS, WINDOW_MS } from "@burnline/processor";
import type { LogRecord } from "@burnline/stream";
import type { RaceTruth } from "./race-truth.ts";

export interface BurnSum {
  samples: number;
  burnUg: number;
}

/** What the facts of one car have to add up to. */
export interface ExpectedCar {
  readonly windows: Map<number, BurnSum>;
  readonly laps: Map<number, BurnSum>;
  readonly total: BurnSum;
  /** Source sequences that the log holds. */
  readonly seen: Set<number>;
  lateSamples: number;
  /** Copies in the log beyond the first of each frame. */
  duplicateFrames: number;
  maxMs: number;
  watermarkMs: number;
  ticksSilent: number;
}

/** A car is idle after so many ticks without a frame; its watermark then goes up to its newest sample. */
const IDLE_TICKS = 2;

/**
 * What the totals have to be: the generator's own numbers, and of the log only in which order frames came, since that
 * decides which are too late and which are copies. None of the engine: a set for duplicates, a number for the watermark.
 */
export class ExpectedTotals {
  readonly cars = new Map<string, ExpectedCar>();
  /** Records of telemetry that the generator never made. */
  strangers = 0;
  readonly #truth: RaceTruth;
  readonly #carsOf = new Map<number, ExpectedCar[]>();

  constructor(truth: RaceTruth) {
    this.#truth = truth;
  }

  /** The records of the race log, all of them, in order. */
  onRecord({ partition, subject, payload }: LogRecord): void {
    const kind = parseRaceSubject(subject)?.kind;
    if (kind === "tick") this.#onTick(partition);
    if (kind === "tel") this.#onFrame(partition, payload);
  }

  /** Frames that were made but are not in the log. */
  missingFrames(): number {
    let missing = 0;
    for (const [car, frames] of this.#truth.cars) missing += frames.length - (this.cars.get(car)?.seen.size ?? 0);
    return missing;
  }

  #onTick(partition: number): void {
    for (const car of this.#carsOf.get(partition) ?? []) {
      if (++car.ticksSilent === IDLE_TICKS) car.watermarkMs = Math.max(car.watermarkMs, car.maxMs);
    }
  }

  #onFrame(partition: number, payload: Uint8Array): void {
    const decoded = decodeFrame(payload);
    const frame = decoded.ok ? this.#truth.frame(decoded.value.car, decoded.value.sourceSequence) : undefined;
    if (!decoded.ok || frame === undefined) {
      this.strangers++;
      return;
    }
    const { car: carId, sourceSequence } = decoded.value;
    const car = this.cars.get(carId) ?? this.#addCar(carId, partition);
    if (car.seen.has(sourceSequence)) {
      car.duplicateFrames++;
      return;
    }
    car.seen.add(sourceSequence);
    car.ticksSilent = 0;
    for (const { windowStartMs, lapNumber, samples, burnUg } of frame.parts) {
      if (car.watermarkMs >= windowStartMs + WINDOW_MS + ALLOWED_LATENESS_MS) {
        car.lateSamples += samples;
        continue;
      }
      for (const sum of [sumAt(car.windows, windowStartMs), sumAt(car.laps, lapNumber), car.total]) {
        sum.samples += samples;
        sum.burnUg += burnUg;
      }
    }
    car.maxMs = Math.max(car.maxMs, frame.lastEventTimeMs);
    car.watermarkMs = Math.max(car.watermarkMs, car.maxMs - OUT_OF_ORDERNESS_MS);
  }

  #addCar(carId: string, partition: number): ExpectedCar {
    const car: ExpectedCar = {
      ...{ windows: new Map(), laps: new Map(), total: { samples: 0, burnUg: 0 }, seen: new Set<number>() },
      ...{ lateSamples: 0, duplicateFrames: 0, maxMs: -1, watermarkMs: -1, ticksSilent: 0 },
    };
    this.cars.set(carId, car);
    this.#carsOf.set(partition, [...(this.#carsOf.get(partition) ?? []), car]);
    return car;
  }
}

function sumAt(sums: Map<number, BurnSum>, key: number): BurnSum {
  const sum = sums.get(key) ?? { samples: 0, burnUg: 0 };
  sums.set(key, sum);
  return sum;
}
