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

/**
 * A car that counts on where it was, but whose time is wrong all of a sudden: it may be our clock, after the machine stood
 * still. So long such frames are refused for now ("clock-in-doubt": send again) and not for good ...
 */
const CLOCK_DOUBT_MS_MAX = 10_000;
/** ... once in this time, so that a car whose own clock is wrong does not send the same for ever. */
const CLOCK_DOUBT_PAUSE_MS = 60_000;
/** Further behind its last frame in number than this a frame does not go on from it: a minute of ten frames a second. */
const CLOCK_DOUBT_FRAMES_MAX = 600;

/** Why a frame is refused; also the label of the counter. */
export type AdmissionFault =
  | FrameFault
  | "future-time"
  | "ancient-time"
  | "clock-in-doubt"
  | "unknown-car"
  | "too-many-cars"
  | "rate-exceeded";

/** True for what another clock might admit. */
export function isTimeFault(fault: string): boolean {
  return fault === "future-time" || fault === "ancient-time";
}

/** A refused frame: why, whose it says it is ("" when that cannot be read), and its number. */
export interface Refusal {
  readonly reason: AdmissionFault;
  readonly car: string;
  readonly sequence?: number;
}

/** What is kept of a car that was admitted. */
interface KnownCar {
  readonly bucket: TokenBucket;
  /** Number of the last frame that was admitted. */
  sequence: number;
  /** When its time was first found wrong. */
  doubtedMs: number;
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
  readonly #cars = new Map<string, KnownCar>();

  constructor(race: RaceDefinition) {
    this.updateRace(race);
  }

  /** A new race definition: its entry list counts from now on. */
  updateRace(race: RaceDefinition): void {
    this.#listed = new Set(race.entries.slice(0, CARS_MAX).map((entry) => entry.car));
    this.#closed = race.closedEntryList;
    // Cars that are no longer known lose their place, and with it their state.
    for (const car of this.#cars.keys()) {
      if (this.#closed && !this.#listed.has(car)) this.#cars.delete(car);
    }
    this.#unlistedCount = [...this.#cars.keys()].filter((car) => !this.#listed.has(car)).length;
  }

  /** A frame as bytes from outside. The bytes of an admitted frame can go into the log as they are. */
  admitBytes(bytes: Uint8Array, arrivalMs: number): Result<TelemetryFrame, Refusal> {
    const decoded = decodeFrame(bytes);
    if (!decoded.ok) return err({ reason: decoded.error, car: "" });
    const fault = this.#senderFault(decoded.value, arrivalMs);
    return fault === undefined ? decoded : err(refusal(fault, decoded.value));
  }

  admitFrame(frame: TelemetryFrame, arrivalMs: number): Result<TelemetryFrame, Refusal> {
    const fault = frameFault(frame) ?? this.#senderFault(frame, arrivalMs);
    return fault === undefined ? ok(frame) : err(refusal(fault, frame));
  }

  /** This frame was refused for its time: whether our clock may be what is wrong. */
  isClockInDoubt({ car, sequence }: Refusal, arrivalMs: number): boolean {
    const known = this.#cars.get(car);
    if (known === undefined || sequence === undefined) return false;
    const framesOn = sequence - known.sequence;
    if (framesOn < 1 || framesOn > CLOCK_DOUBT_FRAMES_MAX) return false;
    const doubtedForMs = arrivalMs - known.doubtedMs;
    if (doubtedForMs >= 0 && doubtedForMs < CLOCK_DOUBT_PAUSE_MS) return doubtedForMs < CLOCK_DOUBT_MS_MAX;
    known.doubtedMs = arrivalMs;
    return true;
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
    const car = this.#carOf(frame.car, arrivalMs);
    if (!car.ok) return car.error;
    if (!car.value.bucket.take(frame.offsetMs.length, arrivalMs)) return "rate-exceeded";
    car.value.sequence = frame.sourceSequence;
    return undefined;
  }

  #carOf(car: string, arrivalMs: number): Result<KnownCar, AdmissionFault> {
    const known = this.#cars.get(car);
    if (known !== undefined) return ok(known);
    if (!this.#listed.has(car)) {
      if (this.#closed) return err("unknown-car");
      if (this.#unlistedCount + this.#listed.size >= CARS_MAX) return err("too-many-cars");
      this.#unlistedCount++;
    }
    const bucket = new TokenBucket(CAR_SAMPLES_PER_S_MAX, CAR_SAMPLES_BURST_MAX, arrivalMs);
    const added: KnownCar = { bucket, sequence: 0, doubtedMs: Number.NEGATIVE_INFINITY };
    this.#cars.set(car, added);
    return ok(added);
  }
}

function refusal(reason: AdmissionFault, { car, sourceSequence }: TelemetryFrame): Refusal {
  return { reason, car, sequence: sourceSequence };
}
