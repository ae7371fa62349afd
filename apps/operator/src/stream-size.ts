import type { RaceSpec } from "./race-resource.ts";

/*
 * As measured in JetStream's own count (state.bytes) after 67 s of `npm run start:cluster -- --cars 40 --rate 120`: the race
 * log takes 437 bytes a frame of 12 samples, ticks, control events, corrections and message headers included; 261 of them
 * are the frame. The fact log takes 540 bytes per car and second.
 */
const FRAMES_PER_CAR_SECOND = 10;
const RACE_BYTES_PER_FRAME = 180;
const RACE_BYTES_PER_SAMPLE = 22;
const FACT_BYTES_PER_CAR_SECOND = 540;

/** Overtime, red flags, more incidents than usual, and the hour before the start in which cars already send. */
const SAFETY_FACTOR = 2;
/** A short race gets this much: streams also hold what is sent while a feed is tried out. */
const STREAM_BYTES_MIN = 256 * 1024 ** 2;

export interface StreamSize {
  /** What the race will need by the figures above. */
  readonly neededBytes: number;
  /** What the stream is given: with a safety factor, but never above the cap. */
  readonly bytesMax: number;
}

export interface StreamSizes {
  readonly race: StreamSize;
  readonly fact: StreamSize;
}

/** @param bytesCap disk that each stream may take at most (--stream-gb) */
export function streamSizes(spec: RaceSpec, bytesCap: number): StreamSizes {
  const carSeconds = spec.expectedCars * (spec.durationMinutes + spec.warmUpMinutes) * 60;
  const raceBytesPerCarSecond =
    FRAMES_PER_CAR_SECOND * RACE_BYTES_PER_FRAME + spec.sampleRateHz * RACE_BYTES_PER_SAMPLE;
  return {
    race: sizeOf(carSeconds * raceBytesPerCarSecond, bytesCap),
    fact: sizeOf(carSeconds * FACT_BYTES_PER_CAR_SECOND, bytesCap),
  };
}

function sizeOf(neededBytes: number, bytesCap: number): StreamSize {
  const bytesMax = Math.min(bytesCap, Math.max(STREAM_BYTES_MIN, Math.ceil(neededBytes * SAFETY_FACTOR)));
  return { neededBytes, bytesMax };
}
