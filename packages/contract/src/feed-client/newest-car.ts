import type { CarView } from "../generated/burnline/v1/live_pb.js";

/**
 * A car's view after one more message about it. No part of the view goes back in event time or revision (invariant
 * I9), so a gateway that restarts and catches up shows nothing old; what the newer message leaves out is kept.
 * Returns `current` itself when nothing in `incoming` is newer.
 */
export function newestCar(current: CarView | undefined, incoming: CarView): CarView {
  if (current === undefined) return incoming;
  const live = isBehind(incoming.live?.eventTimeMs, current.live?.eventTimeMs) ? current.live : incoming.live;
  const lapBehind =
    isBehind(incoming.lastLap?.startMs, current.lastLap?.startMs) ||
    (incoming.lastLap?.startMs === current.lastLap?.startMs && incoming.lastLapRevision < current.lastLapRevision);
  const windowBehind =
    isBehind(incoming.lastWindow?.startMs, current.lastWindow?.startMs) ||
    (incoming.lastWindow?.startMs === current.lastWindow?.startMs &&
      incoming.lastWindowRevision < current.lastWindowRevision);
  const whole = incoming.eventTimeMs >= current.eventTimeMs;
  if (whole && live === incoming.live && !lapBehind && !windowBehind && keepsAll(current, incoming)) return incoming;

  const newer = whole ? incoming : current;
  const older = whole ? current : incoming;
  const lap = lapBehind ? current : incoming;
  const window = windowBehind ? current : incoming;
  return {
    ...newer,
    entry: newer.entry ?? older.entry,
    live,
    lastLap: lap.lastLap,
    lastLapRevision: lap.lastLapRevision,
    lastLapProvenance: lap.lastLapProvenance,
    lastWindow: window.lastWindow,
    lastWindowRevision: window.lastWindowRevision,
    stint: newer.stint ?? older.stint,
    stage: newer.stage ?? older.stage,
    strategy: newer.strategy ?? older.strategy,
  };
}

/** Absent counts as behind anything that is there. */
function isBehind(incoming: number | undefined, current: number | undefined): boolean {
  if (current === undefined) return false;
  return incoming === undefined || incoming < current;
}

function keepsAll(current: CarView, incoming: CarView): boolean {
  return (
    (current.entry === undefined || incoming.entry !== undefined) &&
    (current.stint === undefined || incoming.stint !== undefined) &&
    (current.stage === undefined || incoming.stage !== undefined) &&
    (current.strategy === undefined || incoming.strategy !== undefined)
  );
}
