import type { RaceClock } from "@burnline/contract";
import { toWallMs } from "@burnline/contract/feed-client";
import { type FrameTracing, traceOfRecord } from "@burnline/runtime";
import { type Clock, instead } from "@burnline/std";
import type { EventLog, LogAppend } from "@burnline/stream";

/** The log, telling of traced frames how long they took to it: from when they were true on the track. */
export function traceAppends(
  log: EventLog,
  tracing: FrameTracing,
  clock: Clock,
  raceClock: () => RaceClock | undefined,
): EventLog {
  const append = async (records: readonly LogAppend[]) => {
    const traced = records.flatMap((record) => traceOfRecord(record, tracing) ?? []);
    const beganMs = clock.nowMs();
    const positions = await log.append(records);
    const endedMs = clock.nowMs();
    for (const { trace, frame, newestMs } of traced) {
      const race = raceClock();
      const takenMs = race === undefined ? undefined : toWallMs(race, newestMs);
      const attributes = {
        ...{ "burnline.car": frame.car, "burnline.sequence": frame.sourceSequence },
        "burnline.event_time_ms": newestMs,
      };
      tracing.frame(trace, { name: "frame", beganMs: Math.min(takenMs ?? beganMs, beganMs), endedMs, attributes });
      tracing.hop(trace, { name: "append to the log", beganMs, endedMs });
    }
    return positions;
  };
  return instead(log, { append });
}
