import {
  create,
  FRAME_SCHEMA_VERSION,
  SAMPLES_PER_FRAME_MAX,
  type TelemetryFrame,
  TelemetryFrameSchema,
} from "@burnline/contract";

/** Frames are cut at whole multiples of this event time: frame k covers [k * 100, k * 100 + 100). */
export const FRAME_MS = 100;

/** One instant of one car in SI units. Channels that the source does not have are left out, always the same ones. */
export interface RawSample {
  /** Whole ms since the epoch. */
  readonly eventTimeMs: number;
  /** 0 .. 1 */
  readonly throttle: number;
  /** 0 .. 1 */
  readonly brake?: number | undefined;
  readonly rpm?: number | undefined;
  readonly gear?: number | undefined;
  readonly speedMps?: number | undefined;
  readonly lapNumber?: number | undefined;
  /** Way from the start/finish line as a share of the lap, 0 .. 1. */
  readonly lapFraction?: number | undefined;
  readonly gapAheadM?: number | undefined;
  readonly statusBits: number;
}

export interface FramePackerOptions {
  readonly car: string;
  /** Each sample stands for 1 / sampleRateHz seconds. */
  readonly sampleRateHz: number;
  /** The rate of the source when samples were thinned before they came here; default: sampleRateHz. */
  readonly sourceRateHz?: number;
}

/**
 * Packs the samples of one car into frames of 100 ms of event time, whole numbers as the contract says. Pure: a frame
 * leaves when the first sample of a later one comes, or at flush().
 * Samples must come in time order and within the contract's ranges; whoever reads the source sees to that.
 */
export class FramePacker {
  readonly #options: FramePackerOptions;
  #sourceSequence = 0;
  #samples: RawSample[] = [];
  #frameStartMs = 0;

  constructor(options: FramePackerOptions) {
    this.#options = options;
  }

  /** @returns the frame that this sample completes, if any. */
  push(sample: RawSample): TelemetryFrame | undefined {
    const frameStartMs = Math.floor(sample.eventTimeMs / FRAME_MS) * FRAME_MS;
    let completed: TelemetryFrame | undefined;
    // A source faster than 640 Hz fills a frame before its 100 ms are over: two frames then share the span.
    if (
      this.#samples.length > 0 &&
      (frameStartMs !== this.#frameStartMs || this.#samples.length === SAMPLES_PER_FRAME_MAX)
    ) {
      completed = this.flush();
    }
    if (this.#samples.length === 0) this.#frameStartMs = frameStartMs;
    this.#samples.push(sample);
    return completed;
  }

  /** @returns the frame in the making, if there is one. */
  flush(): TelemetryFrame | undefined {
    if (this.#samples.length === 0) return undefined;
    const samples = this.#samples;
    this.#samples = [];
    const { car, sampleRateHz, sourceRateHz } = this.#options;
    return create(TelemetryFrameSchema, {
      schemaVersion: FRAME_SCHEMA_VERSION,
      car,
      sourceSequence: this.#sourceSequence++,
      eventTimeMs: this.#frameStartMs,
      sampleRateHz,
      sourceRateHz: sourceRateHz ?? sampleRateHz,
      offsetMs: samples.map((sample) => sample.eventTimeMs - this.#frameStartMs),
      throttleBasisPoints: samples.map((sample) => Math.round(sample.throttle * 10_000)),
      brakeBasisPoints: column(samples, (sample) => sample.brake, 10_000),
      rpmTenths: column(samples, (sample) => sample.rpm, 10),
      gear: column(samples, (sample) => sample.gear, 1),
      // Through tenths of a mm/s, the resolution of the CSV form, so that a file and its CSV twin round alike.
      speedMmPerS: column(samples, (sample) => sample.speedMps, 10_000).map((tenths) => Math.round(tenths / 10)),
      lapNumber: column(samples, (sample) => sample.lapNumber, 1),
      lapPositionPpm: column(samples, (sample) => sample.lapFraction, 1_000_000).map((ppm) => Math.min(ppm, 999_999)),
      gapAheadDm: column(samples, (sample) => sample.gapAheadM, 10),
      statusBits: samples.map((sample) => sample.statusBits),
    });
  }
}

/** A channel in whole numbers, or an empty column when any sample lacks it. */
function column(
  samples: readonly RawSample[],
  channel: (sample: RawSample) => number | undefined,
  scale: number,
): number[] {
  const values: number[] = [];
  for (const sample of samples) {
    const value = channel(sample);
    if (value === undefined) return [];
    // `+ 0` turns -0, which a rounded tiny negative becomes, into 0.
    values.push(Math.round(value * scale) + 0);
  }
  return values;
}
