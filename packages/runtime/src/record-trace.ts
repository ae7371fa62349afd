import { decodeFrame, parseRaceSubject, type TelemetryFrame } from "@burnline/contract";
import type { LogAppend } from "@burnline/stream";
import type { FrameTrace } from "./frame-trace.ts";
import type { FrameTracing } from "./frame-tracer.ts";

export interface RecordTrace {
  readonly trace: FrameTrace;
  readonly frame: TelemetryFrame;
  /** Event time of the frame's newest sample. */
  readonly newestMs: number;
}

/**
 * Undefined for what is no telemetry, cannot be decoded, or is not traced. The frame is decoded for it, because its newest
 * sample is part of what decides; that is 2 microseconds a frame (`npm run bench -- decode`), and only while tracing is on.
 */
export function traceOfRecord(
  { subject, payload }: Pick<LogAppend, "subject" | "payload">,
  tracing: Pick<FrameTracing, "of">,
): RecordTrace | undefined {
  if (parseRaceSubject(subject)?.kind !== "tel") return undefined;
  const decoded = decodeFrame(payload);
  if (!decoded.ok) return undefined;
  const frame = decoded.value;
  const newestMs = frame.eventTimeMs + (frame.offsetMs.at(-1) ?? 0);
  const trace = tracing.of(frame.car, newestMs);
  return trace === undefined ? undefined : { trace, frame, newestMs };
}
