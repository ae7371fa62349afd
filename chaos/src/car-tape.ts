import { create, FRAME_SCHEMA_VERSION, type TelemetryFrame, TelemetryFrameSchema } from "@burnline/contract";
import type { Prng } from "@burnline/std";

const SAMPLE_RATE_HZ = 100;
const SAMPLES_PER_FRAME = 10;
const SAMPLE_MS = 1_000 / SAMPLE_RATE_HZ;
export const FRAME_MS = SAMPLES_PER_FRAME * SAMPLE_MS;
export const LAP_LENGTH_M = 1_500;
/** Laps of 20 to 24 s: many of them in a short run, and no faster than a car may be. */
const LAP_SAMPLES_MIN = 2_003;
const LAP_SAMPLES_MAX = 2_401;
const PPM = 1_000_000;

/**
 * What one car sends. Its speed is constant and the line always lies in the middle between two samples, so that the lap
 * of every sample is certain, in whatever order they arrive.
 */
export class CarTape {
  readonly car: string;
  readonly #prng: Prng;
  readonly #lapSamples: number;
  /** Frames do not begin with the windows, so that many lie across a border. */
  readonly #phaseMs: number;
  /** Samples since the line of lap 1. */
  #sample: number;
  #sequence = 0;

  constructor(car: string, prng: Prng) {
    this.car = car;
    this.#prng = prng;
    this.#lapSamples = prng.integer(LAP_SAMPLES_MIN, LAP_SAMPLES_MAX);
    this.#phaseMs = SAMPLE_MS * prng.integer(0, SAMPLES_PER_FRAME - 1);
    this.#sample = prng.integer(0, LAP_SAMPLES_MIN / 2);
  }

  /** The next frame; the one after it begins FRAME_MS later. */
  next(slotStartMs: number): TelemetryFrame {
    const first = this.#sample;
    this.#sample += SAMPLES_PER_FRAME;
    const column = (value: (sample: number) => number) =>
      Array.from({ length: SAMPLES_PER_FRAME }, (_, index) => value(first + index));
    const inLap = (sample: number) => (sample % this.#lapSamples) + 0.5;
    return create(TelemetryFrameSchema, {
      schemaVersion: FRAME_SCHEMA_VERSION,
      car: this.car,
      sourceSequence: this.#sequence++,
      eventTimeMs: slotStartMs - this.#phaseMs,
      sampleRateHz: SAMPLE_RATE_HZ,
      sourceRateHz: SAMPLE_RATE_HZ,
      offsetMs: Array.from({ length: SAMPLES_PER_FRAME }, (_, index) => index * SAMPLE_MS),
      throttleBasisPoints: column(() => (this.#prng.chance(0.25) ? 0 : this.#prng.integer(2_000, 10_000))),
      rpmTenths: column(() => this.#prng.integer(60_000, 90_000)),
      speedMmPerS: column(() => Math.round((LAP_LENGTH_M * 1_000 * SAMPLE_RATE_HZ) / this.#lapSamples)),
      lapPositionPpm: column((sample) => Math.round((inLap(sample) * PPM) / this.#lapSamples)),
      lapNumber: column((sample) => 1 + Math.floor(sample / this.#lapSamples)),
      statusBits: column(() => 0),
    });
  }
}
