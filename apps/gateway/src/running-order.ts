import type { LiveValue } from "@burnline/contract";
import { EXTRAPOLATION_MS_MAX } from "./limits.ts";

/** Whoever wants a place in the running order. */
interface Runner {
  readonly car: string;
  readonly live: LiveValue | undefined;
}

/**
 * Cars in running order: laps begun plus way round the running one, carried forward to one common moment so that two
 * cars nose to tail do not swap places because their values are 80 ms apart. Cars without a position are left out.
 *
 * @param lengthM of the track; 0 = unknown, then nothing is carried forward.
 */
export function runningOrder<T extends Runner>(runners: Iterable<T>, nowMs: number, lengthM: number): T[] {
  const placed: { runner: T; laps: number }[] = [];
  for (const runner of runners) {
    const laps = lapsDriven(runner.live, nowMs, lengthM);
    if (laps !== undefined) placed.push({ runner, laps });
  }
  placed.sort((a, b) => b.laps - a.laps || (a.runner.car < b.runner.car ? -1 : 1));
  return placed.map((place) => place.runner);
}

/** Laps begun plus the share of the running one; undefined for a car that says neither lap nor place. */
function lapsDriven(live: LiveValue | undefined, nowMs: number, lengthM: number): number | undefined {
  if (live === undefined || (live.lapNumber === 0 && live.lapPositionPpm === 0)) return undefined;
  const aheadMs = Math.min(Math.max(nowMs - live.eventTimeMs, 0), EXTRAPOLATION_MS_MAX);
  const aheadLaps = lengthM > 0 ? (live.speedMmPerS * aheadMs) / (lengthM * 1e6) : 0;
  return live.lapNumber + live.lapPositionPpm / 1e6 + aheadLaps;
}
