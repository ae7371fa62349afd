import { create, STATUS_RESET, type TelemetryFrame, TelemetryFrameSchema } from "@burnline/contract";
import { assert } from "@burnline/std";

/** From this share of the queue on a car is thinned to so many samples per second. Below the first: as it is sent. */
const STEPS = [
  { fill: 0.25, rateHz: 60 },
  { fill: 0.5, rateHz: 30 },
  { fill: 0.75, rateHz: 10 },
] as const;

/** A step is taken back when the queue has stayed below this share of the step's own fill ... */
const CALM_SHARE = 0.5;
/** ... for so long. One step at a time. */
const CALM_MS = 2_000;

/**
 * How many samples per second and car the log can be given, from how full the queue in front of it is. Goes down at
 * once, by as many steps as needed, and up again one step after each calm time. Pure: time comes in.
 *
 *   source's own ──0.25──▶ 60 Hz ──0.5──▶ 30 Hz ──0.75──▶ 10 Hz
 *        ◀── < 0.125 for 2 s ─┘ ◀─ < 0.25 ──┘ ◀── < 0.375 ──┘
 */
export class SamplingControl {
  #step = -1;
  #calmSinceMs: number | undefined;

  /** Infinity: every sample is kept. */
  get rateHzMax(): number {
    return STEPS[this.#step]?.rateHz ?? Number.POSITIVE_INFINITY;
  }

  /** @param fill 0 = the queue is empty, 1 = it is full */
  update(fill: number, nowMs: number): void {
    const needed = STEPS.findLastIndex((step) => fill >= step.fill);
    if (needed > this.#step) {
      this.#step = needed;
      this.#calmSinceMs = undefined;
      return;
    }
    const step = STEPS[this.#step];
    if (step === undefined || fill >= step.fill * CALM_SHARE) {
      this.#calmSinceMs = undefined;
      return;
    }
    this.#calmSinceMs ??= nowMs;
    if (nowMs - this.#calmSinceMs < CALM_MS) return;
    this.#step -= 1;
    this.#calmSinceMs = nowMs;
  }
}

/**
 * The frame with whole samples left out, evenly, so that it has `rateHzMax` samples per second or a little more; at least
 * one sample stays. What stays stands for the same time as before: m of n samples at r Hz become m samples at r·m/n Hz,
 * and m / (r·m/n) = n / r, frame by frame, whoever thins it and whatever was thinned before. A reset is an event and no
 * state: its bit moves to the next sample that stays, or to the last.
 * @returns the frame itself when it is not faster than that
 */
export function thinFrame(frame: TelemetryFrame, rateHzMax: number): TelemetryFrame {
  assert(rateHzMax > 0, `samples cannot be thinned to ${rateHzMax} Hz`);
  const count = frame.offsetMs.length;
  const kept = Math.max(1, Math.ceil((count * rateHzMax) / frame.sampleRateHz));
  // Written so that an infinite rate, and a frame without samples, keep all.
  if (!(kept < count)) return frame;
  // In the middle of the part that each stands for, so that no part of a frame weighs more.
  const indexes = Array.from({ length: kept }, (_, index) => Math.floor(((index + 0.5) * count) / kept));
  const pick = (column: readonly number[]) => (column.length === 0 ? [] : indexes.map((index) => column[index] ?? 0));
  return create(TelemetryFrameSchema, {
    schemaVersion: frame.schemaVersion,
    car: frame.car,
    sourceSequence: frame.sourceSequence,
    eventTimeMs: frame.eventTimeMs,
    sampleRateHz: (frame.sampleRateHz * kept) / count,
    sourceRateHz: frame.sourceRateHz > 0 ? frame.sourceRateHz : frame.sampleRateHz,
    offsetMs: pick(frame.offsetMs),
    throttleBasisPoints: pick(frame.throttleBasisPoints),
    rpmTenths: pick(frame.rpmTenths),
    speedMmPerS: pick(frame.speedMmPerS),
    lapPositionPpm: pick(frame.lapPositionPpm),
    lapNumber: pick(frame.lapNumber),
    brakeBasisPoints: pick(frame.brakeBasisPoints),
    gear: pick(frame.gear),
    gapAheadDm: pick(frame.gapAheadDm),
    statusBits: withResets(frame.statusBits, indexes),
  });
}

function withResets(statusBits: readonly number[], indexes: readonly number[]): number[] {
  if (statusBits.length === 0) return [];
  const last = indexes.length - 1;
  return indexes.map((index, place) => {
    const from = place === 0 ? 0 : (indexes[place - 1] ?? 0) + 1;
    const to = place === last ? statusBits.length : index + 1;
    const wasReset = statusBits.slice(from, to).some((bits) => (bits & STATUS_RESET) !== 0);
    return (statusBits[index] ?? 0) | (wasReset ? STATUS_RESET : 0);
  });
}
