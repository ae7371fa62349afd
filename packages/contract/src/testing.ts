import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { type TelemetryFrame, TelemetryFrameSchema } from "./generated/burnline/v1/telemetry_pb.js";
import { FRAME_SCHEMA_VERSION } from "./versions.ts";

/** A sound frame of 12 samples at 120 Hz at racing speed; override what the test is about. */
export function frame(overrides: MessageInitShape<typeof TelemetryFrameSchema> = {}): TelemetryFrame {
  const count = 12;
  const fill = (value: number) => Array.from({ length: count }, () => value);
  return create(TelemetryFrameSchema, {
    schemaVersion: FRAME_SCHEMA_VERSION,
    car: "24",
    sourceSequence: 0,
    eventTimeMs: 1_750_000_000_000,
    sampleRateHz: 120,
    sourceRateHz: 120,
    offsetMs: Array.from({ length: count }, (_, index) => Math.floor((index * 1000) / 120)),
    throttleBasisPoints: fill(8_000),
    rpmTenths: fill(82_000),
    speedMmPerS: fill(78_000),
    lapPositionPpm: fill(400_000),
    lapNumber: fill(5),
    statusBits: fill(0),
    ...overrides,
  });
}
