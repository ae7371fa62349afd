import type { MeasuredFault, MeasuredKind } from "./chaos-run.ts";

/**
 * The longest that the picture may stand still, whatever dies: our own promise, beside Flink's 1.5 s after a death with tuned
 * heartbeats, 16 s with its defaults, 0.24 to 0.5 s for a planned change (design note, peers). What ends a server has no
 * limit here: how long it takes to come back is not ours.
 */
export const STANDSTILL_MS_MAX: Readonly<Partial<Record<MeasuredKind, number>>> = {
  ...{ kill: 800, leave: 250, join: 250, "two-failures": 4_000 },
  ...{ freeze: 2_500, partition: 2_500, "partition-nats": 2_500, "partition-redis": 2_500 },
};

/** Who wakes up with a lease that is another's by then, and tries to commit. */
const ZOMBIES: ReadonlySet<MeasuredKind> = new Set<MeasuredKind>(["freeze", "partition", "partition-redis"]);

/**
 * Between two commits although something was there to be committed: a gap in which nothing waited is the feed's, a wait in
 * which others of the partition were committed is no standstill. What this process was late to look is taken off.
 */
export function standstillMs({ gapMs, waitMs, stallMs }: Pick<MeasuredFault, "gapMs" | "waitMs" | "stallMs">): number {
  return Math.max(0, Math.min(gapMs, waitMs) - stallMs);
}

/** One sentence for each promise that was not kept. */
export function brokenLimits(faults: readonly MeasuredFault[]): readonly string[] {
  const broken = faults.flatMap((fault) => {
    const stoodMs = standstillMs(fault);
    const limitMs = STANDSTILL_MS_MAX[fault.kind] ?? Number.POSITIVE_INFINITY;
    if (stoodMs <= limitMs) return [];
    return [
      `${fault.kind} at ${(fault.atMs / 1_000).toFixed(1)} s: stood still for ${stoodMs} ms, allowed are ${limitMs}`,
    ];
  });
  const zombies = faults.filter(({ kind }) => ZOMBIES.has(kind));
  const isFenceTried = zombies.length === 0 || faults.some(({ fenced }) => fenced > 0);
  if (!isFenceTried)
    broken.push(`the fence was not tried: ${zombies.length} zombies woke up, and no commit was refused`);
  return broken;
}
