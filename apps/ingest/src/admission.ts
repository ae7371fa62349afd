import {
  CARS_MAX,
  CLOCK_SKEW_FUTURE_MS_MAX,
  CLOCK_SKEW_PAST_MS_MAX,
  decodeFrame,
  type FrameFault,
  frameFault,
  type RaceDefinition,
  type TelemetryFrame,
} from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { TokenBucket } from "./token-bucket.ts";

/** Samples per second and car on average, in arrival time; more is refused ("rate-exceeded"). No car sends above 1 kHz. */
export const CAR_SAMPLES_PER_S_MAX = 1_000;

/** Samples that a car may send at once: a minute of 120 Hz from a car-side buffer after a radio outage. */
export const CAR_SAMPLES_BURST_MAX = 7_200;

/** Why a frame is refused; also the label of the counter. */
export type AdmissionFault =
  | FrameFault
  | "future-time"
  | "ancient-time"
  | "unknown-car"
  | "too-many-cars"
  | "rate-exceeded";

/** A refused frame: why, and whose it says it is ("" when that cannot be read). */
export interface Refusal {
  readonly reason: AdmissionFault;
  readonly car: string;
}

/**
 * Decides which frames enter the log. Pure and deterministic: the same items in the same order get the same answers.
 * State is kept per admitted car only, and a car on the entry list always has its place, so no sender can spend what
 * belongs to another car.
 */
export class Admission {
  #listed: ReadonlySet<string> = new Set();
  #closed = false;
  #unlistedCount = 0;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(race: RaceDefinition) {
    this.updateRace(race);
  }

  /** A new race definition: its entry list counts from now on. */
  updateRace(race: RaceDefinition): void {
    this.#listed = new Set(race.entries.slice(0, CARS_MAX).map((entry) => entry.car));
    this.#closed = race.closedEntryList;
    // Cars that are no longer known lose their place, and with it their state.
    for (const car of this.#buckets.keys()) {
      if (this.#closed && !this.#listed.has(car)) this.#buckets.delete(car);
    }
    this.#unlistedCount = [...this.#buckets.keys()].filter((car) => !this.#listed.has(car)).length;
  }

  /** A frame as bytes from outside. The bytes of an admitted frame can go into the log as they are. */
  admitBytes(bytes: Uint8Array, arrivalMs: number): Result<TelemetryFrame, Refusal> {
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) return err({ reason: decoded.error, car: "" });
    const fault = this.#senderFault(decoded.value, arrivalMs);
    return fault === undefined ? decoded : err({ reason: fault, car: decoded.value.car });
  }

  admitFrame(frame: TelemetryFrame, arrivalMs: number): Result<TelemetryFrame, Refusal> {
    const fault = frameFault(frame) ?? this.#senderFault(frame, arrivalMs);
    return fault === undefined ? ok(frame) : err({ reason: fault, car: frame.car });
  }

  /** Whether control events may name this car. */
  carFault(car: string): "unknown-car" | undefined {
    return this.#closed && !this.#listed.has(car) ? "unknown-car" : undefined;
  }

  /** What is wrong with a sound frame from this sender at this time, or undefined. */
  #senderFault(frame: TelemetryFrame, arrivalMs: number): AdmissionFault | undefined {
    const lastSampleMs = frame.eventTimeMs + (frame.offsetMs.at(-1) ?? 0);
    if (lastSampleMs > arrivalMs + CLOCK_SKEW_FUTURE_MS_MAX) return "future-time";
    if (frame.eventTimeMs < arrivalMs - CLOCK_SKEW_PAST_MS_MAX) return "ancient-time";
    const bucket = this.#bucketOf(frame.car, arrivalMs);
    if (!bucket.ok) return bucket.error;
    return bucket.value.take(frame.offsetMs.length, arrivalMs) ? undefined : "rate-exceeded";
  }

  #bucketOf(car: string, arrivalMs: number): Result<TokenBucket, AdmissionFault> {
    const known = this.#buckets.get(car);
    if (known !== undefined) return ok(known);
    if (!this.#listed.has(car)) {
      if (this.#closed) return err("unknown-car");
      if (this.#unlistedCount + this.#listed.size >= CARS_MAX) return err("too-many-cars");
      this.#unlistedCount++;
    }
    const bucket = new TokenBucket(CAR_SAMPLES_PER_S_MAX, CAR_SAMPLES_BURST_MAX, arrivalMs);
    this.#buckets.set(car, bucket);
    return ok(bucket);
  }
}
