import { SAMPLES_PER_FRAME_MAX, type TelemetryFrame } from "@burnline/contract";
import { assert } from "@burnline/std";
import type { BurnModel } from "./burn-model.ts";
import { MICROGRAMS_PER_KG } from "./units.ts";

/** What a column holds when the source has no such channel. Status, brake, gear and gap have a natural zero instead. */
export const NO_CHANNEL = -1;

/**
 * The samples of one frame as a struct of arrays. One object is loaded again and again: nothing is allocated per frame.
 * Only the first `count` places hold anything.
 */
export class SampleColumns {
  count = 0;
  sampleRateHz = 1;
  /** Event time in ms, whole numbers, never falling within a frame. */
  readonly eventTimeMs = new Float64Array(SAMPLES_PER_FRAME_MAX);
  readonly throttleBasisPoints = new Int32Array(SAMPLES_PER_FRAME_MAX);
  /** NO_CHANNEL without a channel; so are speed, lap position and lap number. */
  readonly rpmTenths = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly speedMmPerS = new Int32Array(SAMPLES_PER_FRAME_MAX);
  /** Way of this sample: round(speed / rate); 0 without a speed channel. */
  readonly distanceMm = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly lapPositionPpm = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly lapNumber = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly brakeBasisPoints = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly gear = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly statusBits = new Int32Array(SAMPLES_PER_FRAME_MAX);
  readonly gapAheadDm = new Int32Array(SAMPLES_PER_FRAME_MAX);
  /** Set by whoever knows the flags, before fillBurn. */
  readonly regime = new Uint8Array(SAMPLES_PER_FRAME_MAX);
  /** Set by fillBurn: whole micrograms. */
  readonly burnUg = new Float64Array(SAMPLES_PER_FRAME_MAX);

  /** Fills everything but regime and burnUg from a frame that decodeFrame accepted. */
  load(frame: TelemetryFrame): void {
    const count = frame.offsetMs.length;
    assert(count <= SAMPLES_PER_FRAME_MAX, `a frame of ${count} samples passed the decoder`);
    assert(frame.sampleRateHz > 0, `a sample rate of ${frame.sampleRateHz} Hz passed the decoder`);
    this.count = count;
    this.sampleRateHz = frame.sampleRateHz;
    for (let index = 0; index < count; index++) {
      this.eventTimeMs[index] = frame.eventTimeMs + (frame.offsetMs[index] ?? 0);
    }
    copyColumn(frame.throttleBasisPoints, this.throttleBasisPoints, count, 0);
    copyColumn(frame.rpmTenths, this.rpmTenths, count, NO_CHANNEL);
    copyColumn(frame.speedMmPerS, this.speedMmPerS, count, NO_CHANNEL);
    copyColumn(frame.lapPositionPpm, this.lapPositionPpm, count, NO_CHANNEL);
    copyColumn(frame.lapNumber, this.lapNumber, count, NO_CHANNEL);
    copyColumn(frame.brakeBasisPoints, this.brakeBasisPoints, count, 0);
    copyColumn(frame.gear, this.gear, count, 0);
    copyColumn(frame.statusBits, this.statusBits, count, 0);
    copyColumn(frame.gapAheadDm, this.gapAheadDm, count, 0);
    for (let index = 0; index < count; index++) {
      const speed = this.speedMmPerS[index] ?? NO_CHANNEL;
      this.distanceMm[index] = speed > 0 ? Math.round(speed / frame.sampleRateHz) : 0;
    }
  }
}

function copyColumn(from: readonly number[], to: Int32Array, count: number, missing: number): void {
  if (from.length === 0) {
    to.fill(missing, 0, count);
    return;
  }
  for (let index = 0; index < count; index++) to[index] = from[index] ?? missing;
}

/**
 * The burn of every sample in whole micrograms, by its regime. A sample without an engine speed burns 0 here; the ledger
 * counts it and the estimates that hold it become unknown ("no rpm channel").
 */
export function fillBurn(model: BurnModel, columns: SampleColumns): void {
  const ugPerKgPerS = MICROGRAMS_PER_KG / columns.sampleRateHz;
  for (let index = 0; index < columns.count; index++) {
    const rpmTenths = columns.rpmTenths[index] ?? NO_CHANNEL;
    const throttle = (columns.throttleBasisPoints[index] ?? 0) / 10_000;
    const regime = (columns.regime[index] ?? 0) as 0 | 1 | 2 | 3;
    columns.burnUg[index] =
      rpmTenths < 0 ? 0 : Math.round(model.rateKgPerS(throttle, rpmTenths / 10, regime) * ugPerKgPerS);
  }
}
