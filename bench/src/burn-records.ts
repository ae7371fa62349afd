import {
  CONTROL_SCHEMA_VERSION,
  ControlEventSchema,
  create,
  FlagState,
  FRAME_SCHEMA_VERSION,
  subjects,
  TelemetryFrameSchema,
  toBinary,
} from "@burnline/contract";
import type { OutboxRecord } from "@burnline/stream";
import type { BurnRow } from "./burn-checks.ts";
import { type CarFrame, type FlagChange, SAMPLE_RATE_HZ } from "./burn-windows.ts";

/** Race name of the benchmark's subjects. */
export const BENCH_RACE = "bench";

export const encodeJson = (value: unknown) => Buffer.from(JSON.stringify(value));

export function rowRecord(row: BurnRow): OutboxRecord {
  return {
    id: `window:${row.car}:${row.startMs}:${row.revision}`,
    subject: subjects.fact(BENCH_RACE, "window", row.car),
    payload: encodeJson(row),
  };
}

export function decodeRow(payload: Uint8Array): BurnRow {
  return JSON.parse(Buffer.from(payload).toString()) as BurnRow;
}

/** The frame as it is on the wire. Every value of the workload is a whole number of the wire's units. */
export function encodeFrame({ car, sequence, samples }: CarFrame): Uint8Array {
  const startMs = samples.eventTimeMs[0] ?? 0;
  const column = (values: Float64Array, perUnit: number) =>
    Array.from(values.subarray(0, samples.count), (value) => Math.round(value * perUnit));
  return toBinary(
    TelemetryFrameSchema,
    create(TelemetryFrameSchema, {
      schemaVersion: FRAME_SCHEMA_VERSION,
      car,
      sourceSequence: sequence,
      eventTimeMs: startMs,
      sampleRateHz: SAMPLE_RATE_HZ,
      sourceRateHz: SAMPLE_RATE_HZ,
      offsetMs: Array.from(samples.eventTimeMs.subarray(0, samples.count), (timeMs) => timeMs - startMs),
      throttleBasisPoints: column(samples.throttle, 10_000),
      rpmTenths: column(samples.rpm, 10),
      speedMmPerS: column(samples.speedMps, 1_000),
    }),
  );
}

export function encodeFlag({ atMs, caution }: FlagChange): Uint8Array {
  const flag = caution ? FlagState.CAUTION : FlagState.GREEN;
  return toBinary(
    ControlEventSchema,
    create(ControlEventSchema, {
      schemaVersion: CONTROL_SCHEMA_VERSION,
      id: `flag-${atMs}`,
      effectiveFromMs: atMs,
      event: { case: "flagChanged", value: { flag } },
    }),
  );
}
