import { create, subjects, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { expect, test } from "vitest";
import { frameTrace } from "./frame-trace.ts";
import { traceOfRecord } from "./record-trace.ts";

const FRAME = frame({ car: "24" });
const PAYLOAD = toBinary(TelemetryFrameSchema, create(TelemetryFrameSchema, FRAME));
const NEWEST_MS = FRAME.eventTimeMs + FRAME.offsetMs.at(-1)!;
const tracingAt = (ratio: number) => ({ of: (car: string, ms: number) => frameTrace("r", car, ms, ratio) });

test("a telemetry record is traced under the names of its car and its newest sample, wherever it is seen", () => {
  const record = { subject: subjects.telemetry("r", 3, "24"), payload: PAYLOAD };
  const traced = traceOfRecord(record, tracingAt(1));
  expect(traced).toMatchObject({ newestMs: NEWEST_MS, frame: { car: "24" } });
  expect(traced?.trace).toEqual(frameTrace("r", "24", NEWEST_MS, 1));
});

test("what is no telemetry, cannot be decoded, or is not in the share, is not traced", () => {
  const telemetry = subjects.telemetry("r", 3, "24");
  expect(traceOfRecord({ subject: subjects.control("r", 3, "flag"), payload: PAYLOAD }, tracingAt(1))).toBeUndefined();
  expect(traceOfRecord({ subject: telemetry, payload: PAYLOAD.subarray(0, 7) }, tracingAt(1))).toBeUndefined();
  expect(traceOfRecord({ subject: telemetry, payload: PAYLOAD }, tracingAt(0))).toBeUndefined();
});
