import { type BurnChecks, RowLedger } from "./burn-checks.ts";
import {
  ALLOWED_LATENESS_MS,
  type Arrival,
  FRAME_MS,
  fuelFlowKgPerS,
  isCaution,
  LAP_MS,
  OUT_OF_ORDERNESS_MS,
  SAMPLE_RATE_HZ,
  WINDOW_MS,
} from "./burn-windows.ts";

interface PlainWindow {
  readonly startMs: number;
  fuelKg: number;
  samples: number;
  distanceM: number;
  throttleSum: number;
  firedKg: number;
  /** -1 before it fired. */
  revision: number;
  /** The watermark has passed its end: whatever is added from now on is said at once. */
  isDue: boolean;
}

interface PlainCar {
  readonly seen: Set<number>;
  readonly open: Map<number, PlainWindow>;
  readonly lapsKg: Map<number, number>;
  raceKg: number;
}

const CLOSES_AFTER_MS = WINDOW_MS + OUT_OF_ORDERNESS_MS + ALLOWED_LATENESS_MS;

/**
 * The same job as one sequential loop without any engine: no recovery, no bounds, one watermark for all cars. The
 * yardstick that says how fast this machine is at the moment, and the second opinion on every total.
 */
export function runPlainLoop(arrivals: readonly Arrival[]): { checks: BurnChecks; raceUg: number; rows: number } {
  const cars = new Map<string, PlainCar>();
  const rows = new RowLedger();
  const counts = { frames: 0, duplicateFrames: 0, lateSamples: 0 };
  let newestMs = Number.NEGATIVE_INFINITY;
  let step = -1;
  for (const arrival of arrivals) {
    if (arrival.type === "flag") continue;
    counts.frames++;
    let car = cars.get(arrival.car);
    if (car === undefined) {
      car = { seen: new Set(), open: new Map(), lapsKg: new Map(), raceKg: 0 };
      cars.set(arrival.car, car);
    }
    if (car.seen.has(arrival.sequence)) {
      counts.duplicateFrames++;
    } else {
      car.seen.add(arrival.sequence);
      counts.lateSamples += addFrame(arrival.car, car, arrival.samples, newestMs, rows);
    }
    const lastMs = arrival.samples.eventTimeMs[arrival.samples.count - 1] ?? 0;
    if (lastMs <= newestMs) continue;
    newestMs = lastMs;
    if (Math.floor(newestMs / FRAME_MS) === step) continue;
    step = Math.floor(newestMs / FRAME_MS);
    advance(cars, newestMs, rows);
  }
  advance(cars, Number.POSITIVE_INFINITY, rows);
  let raceUg = 0;
  for (const { raceKg } of cars.values()) raceUg += Math.round(raceKg * 1e9);
  return { checks: rows.checks(counts), raceUg, rows: rows.received };
}

/** @returns samples that were too late. */
function addFrame(
  carId: string,
  car: PlainCar,
  { count, eventTimeMs, throttle, rpm, speedMps }: Extract<Arrival, { type: "frame" }>["samples"],
  newestMs: number,
  rows: RowLedger,
): number {
  const touched = new Set<PlainWindow>();
  let late = 0;
  for (let index = 0; index < count; index++) {
    const timeMs = eventTimeMs[index] ?? 0;
    const startMs = timeMs - (timeMs % WINDOW_MS);
    if (newestMs >= startMs + CLOSES_AFTER_MS) {
      late++;
      continue;
    }
    let window = car.open.get(startMs);
    if (window === undefined) {
      const isDue = newestMs >= startMs + WINDOW_MS + OUT_OF_ORDERNESS_MS;
      window = { startMs, fuelKg: 0, samples: 0, distanceM: 0, throttleSum: 0, firedKg: 0, revision: -1, isDue };
      car.open.set(startMs, window);
    }
    const share = throttle[index] ?? 0;
    window.fuelKg += fuelFlowKgPerS(share, rpm[index] ?? 0, isCaution(timeMs)) / SAMPLE_RATE_HZ;
    window.samples++;
    window.distanceM += (speedMps[index] ?? 0) / SAMPLE_RATE_HZ;
    window.throttleSum += share;
    if (window.isDue) touched.add(window);
  }
  for (const window of touched) fire(carId, car, window, rows);
  return late;
}

function advance(cars: ReadonlyMap<string, PlainCar>, newestMs: number, rows: RowLedger): void {
  for (const [carId, car] of cars) {
    for (const window of car.open.values()) {
      if (!window.isDue && window.startMs + WINDOW_MS + OUT_OF_ORDERNESS_MS <= newestMs) {
        window.isDue = true;
        fire(carId, car, window, rows);
      }
      if (window.startMs + CLOSES_AFTER_MS <= newestMs) car.open.delete(window.startMs);
    }
  }
}

function fire(carId: string, car: PlainCar, window: PlainWindow, rows: RowLedger): void {
  const gainedKg = window.fuelKg - window.firedKg;
  const lap = Math.floor(window.startMs / LAP_MS);
  const lapKg = (car.lapsKg.get(lap) ?? 0) + gainedKg;
  car.lapsKg.set(lap, lapKg);
  car.raceKg += gainedKg;
  window.firedKg = window.fuelKg;
  window.revision++;
  rows.add({
    car: carId,
    startMs: window.startMs,
    endMs: window.startMs + WINDOW_MS,
    revision: window.revision,
    fuelKg: window.fuelKg,
    samples: window.samples,
    distanceM: window.distanceM,
    meanThrottle: window.throttleSum / window.samples,
    raceKg: car.raceKg,
    lap,
    lapKg,
  });
}
