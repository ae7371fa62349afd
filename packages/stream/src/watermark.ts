import { assert } from "@burnline/std";

/**
 * "No event older than this is expected", per key, so that one car's slow radio or wrong clock delays nobody else.
 * Plain data: it is part of the key's state and of every snapshot. An engine that keeps event time outside its
 * snapshots reopens expired windows after a restart.
 */
export interface Watermark {
  /** Highest event time seen, -1 before the first. */
  maxEventTimeMs: number;
  watermarkMs: number;
}

export function createWatermark(): Watermark {
  return { maxEventTimeMs: -1, watermarkMs: -1 };
}

/** Takes in an event; true when the watermark moved. */
export function observeEventTime(mark: Watermark, eventTimeMs: number, outOfOrdernessBoundMs: number): boolean {
  if (eventTimeMs <= mark.maxEventTimeMs) return false;
  mark.maxEventTimeMs = eventTimeMs;
  return raiseWatermark(mark, eventTimeMs - outOfOrdernessBoundMs);
}

/**
 * The source is silent: what came so far is all there is for now. Goes no further than the highest event time, so that
 * a backlog that arrives after an outage is still in time.
 */
export function settleIdle(mark: Watermark): boolean {
  return raiseWatermark(mark, mark.maxEventTimeMs);
}

function raiseWatermark(mark: Watermark, candidateMs: number): boolean {
  if (candidateMs <= mark.watermarkMs) return false;
  assert(candidateMs <= mark.maxEventTimeMs, "a watermark runs ahead of its events");
  mark.watermarkMs = candidateMs;
  return true;
}
