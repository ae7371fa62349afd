import { hash } from "node:crypto";

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
/** Digits of the hash that decide; 2^32 steps between no frame and all of them. */
const SHARE_DIGITS = 8;
const SHARE_STEPS = 2 ** 32;

/** The names that a frame has in traces, the same wherever they are made. */
export interface FrameTrace {
  readonly traceId: string;
  /** Of the span that all others of the frame hang below. */
  readonly rootSpanId: string;
}

/**
 * Whether a frame is traced, and under which names: a hash of what every hop knows of it decides, so nothing has to be
 * carried. A frame is known by its car and the event time of its newest sample; its sequence does not get to the gateway.
 * @param ratio 0: none, 1: all. A frame that is traced at one ratio is traced at every higher one.
 */
export function frameTrace(race: string, car: string, newestMs: number, ratio: number): FrameTrace | undefined {
  if (ratio <= 0) return undefined;
  const digits = hash("sha256", `${race} ${car} ${newestMs}`, "hex");
  const spanEnd = TRACE_ID_DIGITS + SPAN_ID_DIGITS;
  const share = Number.parseInt(digits.slice(spanEnd, spanEnd + SHARE_DIGITS), 16) / SHARE_STEPS;
  if (share >= ratio) return undefined;
  return { traceId: digits.slice(0, TRACE_ID_DIGITS), rootSpanId: digits.slice(TRACE_ID_DIGITS, spanEnd) };
}
