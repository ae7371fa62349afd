import { fromBinary } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@burnline/std";
import { decodeUsualFrame } from "./frame-decoder.ts";
import { type TelemetryFrame, TelemetryFrameSchema } from "./generated/burnline/v1/telemetry_pb.js";
import {
  FRAME_SPAN_MS_MAX,
  GAP_AHEAD_DM_MAX,
  LAP_NUMBER_MAX,
  MESSAGE_BYTES_MAX,
  RPM_MAX,
  SAMPLE_RATE_HZ_MAX,
  SAMPLE_RATE_HZ_MIN,
  SAMPLES_PER_FRAME_MAX,
  SPEED_MPS_MAX,
} from "./limits.ts";
import { isCarId } from "./subjects.ts";
import { FRAME_SCHEMA_VERSION } from "./versions.ts";

/** Status bits of a sample. */
export const STATUS_ON_PIT_ROAD = 1;
export const STATUS_RESET = 2;
export const STATUS_OFF_TRACK = 4;

/** Why a frame is refused; the reason is also the label of the counter. */
export type FrameFault =
  | "too-large"
  | "undecodable"
  | "unknown-schema-version"
  | "bad-car-id"
  | "no-samples"
  | "too-many-samples"
  | "column-length"
  | "bad-event-time"
  | "backwards-time"
  | "bad-sample-rate"
  | "out-of-range";

/** Decodes and checks the shape and ranges of one frame. Says nothing about clocks, rates or who may send. */
export function decodeFrame(bytes: Uint8Array): Result<TelemetryFrame, FrameFault> {
  if (bytes.length > MESSAGE_BYTES_MAX) return err("too-large");
  let frame = decodeUsualFrame(bytes);
  try {
    frame ??= fromBinary(TelemetryFrameSchema, bytes);
  } catch {
    return err("undecodable");
  }
  const fault = frameFault(frame);
  return fault === undefined ? ok(frame) : err(fault);
}

/** The first thing wrong with a frame, or undefined. */
export function frameFault(frame: TelemetryFrame): FrameFault | undefined {
  if (frame.schemaVersion !== FRAME_SCHEMA_VERSION) return "unknown-schema-version";
  if (!isCarId(frame.car)) return "bad-car-id";
  const count = frame.offsetMs.length;
  if (count === 0) return "no-samples";
  if (count > SAMPLES_PER_FRAME_MAX) return "too-many-samples";
  if (!Number.isSafeInteger(frame.eventTimeMs) || frame.eventTimeMs < 0) return "bad-event-time";
  // Written so that NaN fails.
  if (!(frame.sampleRateHz >= SAMPLE_RATE_HZ_MIN && frame.sampleRateHz <= SAMPLE_RATE_HZ_MAX)) return "bad-sample-rate";
  if (!(frame.sourceRateHz >= 0 && frame.sourceRateHz <= SAMPLE_RATE_HZ_MAX)) return "bad-sample-rate";
  return columnLengthFault(frame, count) ?? offsetFault(frame.offsetMs) ?? rangeFault(frame);
}

function columnLengthFault(frame: TelemetryFrame, count: number): FrameFault | undefined {
  // Throttle is the one channel without which nothing can be said about fuel; the others may be missing as a whole.
  if (frame.throttleBasisPoints.length !== count) return "column-length";
  const fits = (column: readonly number[]) => column.length === 0 || column.length === count;
  const allFit =
    fits(frame.rpmTenths) &&
    fits(frame.speedMmPerS) &&
    fits(frame.lapPositionPpm) &&
    fits(frame.lapNumber) &&
    fits(frame.brakeBasisPoints) &&
    fits(frame.gear) &&
    fits(frame.statusBits) &&
    fits(frame.gapAheadDm);
  return allFit ? undefined : "column-length";
}

function offsetFault(offsets: readonly number[]): FrameFault | undefined {
  let previous = 0;
  for (const offset of offsets) {
    if (offset < previous) return "backwards-time";
    previous = offset;
  }
  return previous > FRAME_SPAN_MS_MAX ? "out-of-range" : undefined;
}

function rangeFault(frame: TelemetryFrame): FrameFault | undefined {
  const inRange =
    noneAbove(frame.throttleBasisPoints, 10_000) &&
    noneAbove(frame.rpmTenths, RPM_MAX * 10) &&
    noneAbove(frame.speedMmPerS, SPEED_MPS_MAX * 1000) &&
    noneAbove(frame.lapPositionPpm, 999_999) &&
    noneAbove(frame.lapNumber, LAP_NUMBER_MAX) &&
    noneAbove(frame.brakeBasisPoints, 10_000) &&
    noneAbove(frame.gapAheadDm, GAP_AHEAD_DM_MAX);
  return inRange ? undefined : "out-of-range";
}

function noneAbove(column: readonly number[], max: number): boolean {
  for (const value of column) if (value > max) return false;
  return true;
}
