/**
 * The workload "burn-windows v1", a pure function of seed, car and sequence, on which stream engines were compared:
 * 40 cars, 120 samples per second and car, disorder, duplicates, late frames, a flag that changes every two minutes. Only
 * + - * / and floor shape the input, so every language makes the same bits; `inputSum` tells whether a port is right.
 */

export const SEED = 42;
export const CARS = 40;
export const FRAME_MS = 100;
export const SAMPLES_PER_FRAME = 12;
export const SAMPLE_RATE_HZ = 120;
export const WINDOW_MS = 3_000;
export const OUT_OF_ORDERNESS_MS = 300;
export const ALLOWED_LATENESS_MS = 5_000;
export const LAP_MS = 48_000;
const FLAG_MS = 120_000;
/** A flag is announced so long before it holds. */
const FLAG_NOTICE_MS = 1_000;

/** Columns of samples; only the first `count` places hold any. */
export interface SampleBlock {
  readonly count: number;
  /** Whole ms since the start of the race, rising. */
  readonly eventTimeMs: Float64Array;
  /** 0 .. 1 in steps of 0.001. */
  readonly throttle: Float64Array;
  readonly rpm: Float64Array;
  /** In steps of 0.01. */
  readonly speedMps: Float64Array;
}

export interface CarFrame {
  readonly type: "frame";
  readonly car: string;
  readonly sequence: number;
  readonly samples: SampleBlock;
}

export interface FlagChange {
  readonly type: "flag";
  readonly atMs: number;
  readonly caution: boolean;
}

export type Arrival = CarFrame | FlagChange;

/** Number `index` (from 1) of the mulberry32 sequence of a car; its state is a counter, so any number can be had at once. */
function draw(seed: number, car: number, index: number): number {
  const state = (seed + Math.imul(car, 0x9e3779b1) + Math.imul(index, 0x6d2b79f5)) | 0;
  const first = Math.imul(state ^ (state >>> 15), 1 | state);
  const second = (first + Math.imul(first ^ (first >>> 7), 61 | first)) ^ first;
  return ((second ^ (second >>> 14)) >>> 0) / 0x1_0000_0000;
}

/** 0 → 1 → 0 over one period, without corners. */
function wave(phase: number): number {
  const height = 1 - Math.abs(2 * (phase - Math.floor(phase)) - 1);
  return height * height * (3 - 2 * height);
}

const roundTo = (value: number, steps: number) => Math.floor(value * steps + 0.5) / steps;
const within = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

const frameStartMs = (car: number, sequence: number) => sequence * FRAME_MS + ((car * 7) % FRAME_MS);
export const isCaution = (eventTimeMs: number) => Math.floor(eventTimeMs / FLAG_MS) % 2 === 1;

function makeFrame(seed: number, car: number, sequence: number): CarFrame {
  const column = () => new Float64Array(SAMPLES_PER_FRAME);
  const samples = {
    count: SAMPLES_PER_FRAME,
    ...{ eventTimeMs: column(), throttle: column(), rpm: column(), speedMps: column() },
  };
  for (let index = 0; index < SAMPLES_PER_FRAME; index++) {
    const timeMs = frameStartMs(car, sequence) + Math.floor((index * 100) / 12);
    const noise = (offset: number) => draw(seed, car, sequence * 64 + 1 + 3 * index + offset);
    const lap = timeMs / LAP_MS + car * 0.137;
    const phase = 2 * (lap - Math.floor(lap));
    const pace = wave(phase);
    const caution = isCaution(timeMs);
    const throttle = caution ? 0.3 * pace + 0.02 * noise(0) : 1.2 * pace - 0.1 + 0.06 * (noise(0) - 0.5);
    const rpm = caution
      ? 3000 + 900 * pace + 60 * (noise(1) - 0.5)
      : 6300 + 2600 * wave(phase - 0.08) + 80 * (noise(1) - 0.5);
    const speed = caution
      ? 22 + 4 * pace + 0.4 * (noise(2) - 0.5)
      : 56 + 26 * wave(phase - 0.1) + 0.6 * (noise(2) - 0.5);
    samples.eventTimeMs[index] = timeMs;
    samples.throttle[index] = roundTo(within(throttle, 0, 1), 1000);
    samples.rpm[index] = roundTo(within(rpm, 500, 9300), 1);
    samples.speedMps[index] = roundTo(speed, 100);
  }
  return { type: "frame", car: String(car), sequence, samples };
}

/** When a frame arrives, and when its second copy does (undefined for 99 of 100). */
function arrivalMs(seed: number, car: number, sequence: number, durationMs: number): [number, number | undefined] {
  const startMs = frameStartMs(car, sequence);
  const chance = (offset: number) => draw(seed, car, sequence * 64 + offset);
  let delayMs = Math.floor(chance(40) * 251);
  if (chance(41) < 0.005 && startMs < durationMs - 12_000) {
    if (chance(42) < 0.1) {
      delayMs = 9_500 + Math.floor(chance(43) * 1_001);
    } else {
      delayMs = 1_000 + Math.floor(chance(43) * 5_001);
      // Away from the border between late and too late: every engine then drops the same frames.
      const windowEndMs = (Math.floor(startMs / WINDOW_MS) + 1) * WINDOW_MS;
      const closedMs = windowEndMs + OUT_OF_ORDERNESS_MS + ALLOWED_LATENESS_MS;
      if (startMs + FRAME_MS + delayMs - closedMs > -800) delayMs -= 1_600;
    }
  }
  const firstMs = startMs + FRAME_MS + delayMs;
  return [firstMs, chance(44) < 0.01 ? firstMs + 1 + Math.floor(chance(45) * 500) : undefined];
}

interface Slot {
  readonly arrivalMs: number;
  readonly car: number;
  readonly sequence: number;
  readonly copy: number;
}

/** Everything that arrives in a race of this length, in order of arrival. */
export function makeArrivals(durationS: number, seed: number = SEED): Arrival[] {
  return [...eachArrival(durationS, seed)];
}

/** The same one by one, for those who need not keep them all. */
export function* eachArrival(durationS: number, seed: number = SEED): Generator<Arrival> {
  let flagMs = FLAG_MS;
  for (const { arrivalMs, frame } of eachTimedFrame(durationS, seed)) {
    for (; flagMs - FLAG_NOTICE_MS <= arrivalMs; flagMs += FLAG_MS) {
      yield { type: "flag", atMs: flagMs, caution: isCaution(flagMs) };
    }
    yield frame;
  }
}

/** The frames alone, with when they arrive in ms since the start of the race. */
export function* eachTimedFrame(durationS: number, seed: number): Generator<{ arrivalMs: number; frame: CarFrame }> {
  for (const { arrivalMs, car, sequence } of makeSlots(durationS * 1_000, seed)) {
    yield { arrivalMs, frame: makeFrame(seed, car, sequence) };
  }
}

function makeSlots(durationMs: number, seed: number): Slot[] {
  const slots: Slot[] = [];
  for (let car = 1; car <= CARS; car++) {
    for (let sequence = 0; sequence < durationMs / FRAME_MS; sequence++) {
      const [firstMs, secondMs] = arrivalMs(seed, car, sequence, durationMs);
      slots.push({ arrivalMs: firstMs, car, sequence, copy: 0 });
      if (secondMs !== undefined) slots.push({ arrivalMs: secondMs, car, sequence, copy: 1 });
    }
  }
  return slots.sort((a, b) => a.arrivalMs - b.arrivalMs || a.car - b.car || a.sequence - b.sequence || a.copy - b.copy);
}

/** Sum over all samples of time, throttle in thousandths, rpm and speed in cm/s: equal for every right port. */
export function inputSum(arrivals: readonly Arrival[]): number {
  let sum = 0;
  for (const arrival of arrivals) {
    if (arrival.type === "flag") continue;
    const { count, eventTimeMs, throttle, rpm, speedMps } = arrival.samples;
    for (let index = 0; index < count; index++) {
      sum += (eventTimeMs[index] ?? 0) + Math.round((throttle[index] ?? 0) * 1000);
      sum += (rpm[index] ?? 0) + Math.round((speedMps[index] ?? 0) * 100);
    }
  }
  return sum;
}

/** Fuel flow of the workload in kg/s; a stand-in of the right cost, not Burnline's burn model. */
export function fuelFlowKgPerS(throttle: number, rpm: number, caution: boolean): number {
  if (caution) return 0.58e-6 * rpm * (1 + 6 * throttle);
  const choke = Math.max(0.02, (0.209 * rpm) / 8000);
  const charge = (1 - Math.exp(-throttle / choke)) / (1 - Math.exp(-1 / choke));
  const overrunCut = throttle < 0.03 && rpm > 3500 ? 0.63 : 1;
  return 4.07e-6 * rpm * (0.067 + 0.933 * charge) * overrunCut;
}
