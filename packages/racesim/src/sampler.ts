import type { Prng } from "@burnline/std";
import type { CarState } from "./car-state.ts";

/** One car's samples of one step, in columns: the first `count` entries. Valid until the next step; copy to keep. */
export interface SimCarColumns {
  readonly car: string;
  readonly count: number;
  readonly sampleRateHz: number;
  /** Whole ms, strictly increasing. */
  readonly eventTimeMs: Float64Array;
  /** As the car's own sensor tells it: gain, offset and steps of 1 % included. 0..1. */
  readonly throttle: Float64Array;
  readonly rpm: Float64Array;
  readonly speedMps: Float64Array;
  /** 0 .. 0.999999 in millionths. */
  readonly lapPosition: Float64Array;
  /** The lap being run: 0 on the way from the grid to the line, then 1 … */
  readonly lapNumber: Int32Array;
  readonly brake: Float64Array;
  /** 0 = neutral. */
  readonly gear: Int32Array;
  /** 1 = on pit road. */
  readonly onPitRoad: Uint8Array;
  /** Nose to tail; 0 = nobody within range. */
  readonly gapAheadM: Float64Array;
}

const THROTTLE_NOISE_SD = 0.004;
const RPM_NOISE_SD = 12;
const SPEED_NOISE_MPS_SD = 0.12;
const NOISE_POINTS = 1024;

/** Reads the sensors of one car: interpolates between two states of the car and adds what sensors add. */
export class CarSampler implements SimCarColumns {
  readonly car: string;
  count = 0;
  readonly sampleRateHz: number;
  readonly eventTimeMs: Float64Array;
  readonly throttle: Float64Array;
  readonly rpm: Float64Array;
  readonly speedMps: Float64Array;
  readonly lapPosition: Float64Array;
  readonly lapNumber: Int32Array;
  readonly brake: Float64Array;
  readonly gear: Int32Array;
  readonly onPitRoad: Uint8Array;
  readonly gapAheadM: Float64Array;
  readonly #state: CarState;
  readonly #lengthM: number;
  readonly #noise: Float64Array;
  readonly #prng: Prng;
  #fromThrottle = 0;
  #fromRpm = 0;
  #fromSpeedMps = 0;
  #fromM = 0;
  #fromLap = 0;
  #fromBrake = 0;

  constructor(
    state: CarState,
    lengthM: number,
    sampleRateHz: number,
    capacity: number,
    noise: Float64Array,
    prng: Prng,
  ) {
    this.car = state.entry.car;
    this.sampleRateHz = sampleRateHz;
    this.eventTimeMs = new Float64Array(capacity);
    this.throttle = new Float64Array(capacity);
    this.rpm = new Float64Array(capacity);
    this.speedMps = new Float64Array(capacity);
    this.lapPosition = new Float64Array(capacity);
    this.lapNumber = new Int32Array(capacity);
    this.brake = new Float64Array(capacity);
    this.gear = new Int32Array(capacity);
    this.onPitRoad = new Uint8Array(capacity);
    this.gapAheadM = new Float64Array(capacity);
    this.#state = state;
    this.#lengthM = lengthM;
    this.#noise = noise;
    this.#prng = prng;
  }

  /** Before the car moves. */
  remember(): void {
    const state = this.#state;
    this.#fromThrottle = state.throttle;
    this.#fromRpm = state.rpm;
    this.#fromSpeedMps = state.speedMps;
    this.#fromM = state.positionM;
    this.#fromLap = state.lapIndex;
    this.#fromBrake = state.brake;
  }

  /** After the car has moved: the sample at this share of the step. */
  sample(timeMs: number, share: number): void {
    const state = this.#state;
    const at = this.count++;
    const noiseBits = this.#prng.uint32();
    const throttle = this.#fromThrottle + share * (state.throttle - this.#fromThrottle);
    const rpm = this.#fromRpm + share * (state.rpm - this.#fromRpm);
    const speed = this.#fromSpeedMps + share * (state.speedMps - this.#fromSpeedMps);
    this.eventTimeMs[at] = timeMs;
    const sensed =
      throttle * state.truth.throttleGain + state.truth.throttleOffset + THROTTLE_NOISE_SD * this.#noiseAt(noiseBits);
    this.throttle[at] = Math.min(100, Math.max(0, Math.round(sensed * 100))) / 100;
    this.rpm[at] = rpm > 0 ? Math.max(0, rpm + RPM_NOISE_SD * this.#noiseAt(noiseBits >>> 10)) : 0;
    this.speedMps[at] = speed > 0 ? Math.max(0, speed + SPEED_NOISE_MPS_SD * this.#noiseAt(noiseBits >>> 20)) : 0;
    this.#place(at, share);
    this.brake[at] = this.#fromBrake + share * (state.brake - this.#fromBrake);
    this.gear[at] = state.gear;
    this.onPitRoad[at] = state.isOnPitRoad ? 1 : 0;
    this.gapAheadM[at] = state.gapM < 250 ? Math.max(0.1, state.gapM) : 0;
  }

  #place(at: number, share: number): void {
    const state = this.#state;
    const wayM = state.positionM - this.#fromM + (state.lapIndex - this.#fromLap) * this.#lengthM;
    let positionM = this.#fromM + share * wayM;
    let lap = this.#fromLap;
    if (positionM >= this.#lengthM) {
      positionM -= this.#lengthM;
      lap++;
    }
    this.lapPosition[at] = Math.min(999_999, Math.floor((positionM / this.#lengthM) * 1e6)) / 1e6;
    this.lapNumber[at] = lap + 1;
  }

  #noiseAt(bits: number): number {
    return this.#noise[bits & (NOISE_POINTS - 1)] ?? 0;
  }
}

/** Normal numbers drawn once; sensors look them up, which is much cheaper than drawing. */
export function noiseTable(prng: Prng): Float64Array {
  return Float64Array.from({ length: NOISE_POINTS }, () => prng.normal(0, 1));
}
