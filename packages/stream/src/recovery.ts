import type { RecoverySource, RunnerPorts } from "./partition-runner.ts";
import type { Lease, PartitionState } from "./ports.ts";
import { decodeSnapshot } from "./snapshot-codec.ts";

/**
 * The newest state that can be believed: the store's own → the newest sound snapshot → the beginning of the log.
 * A state of another schema version, or ahead of the log, is not believed. What was chosen is put into the store.
 * @returns undefined when the lease was lost meanwhile.
 */
export async function recoverState(
  ports: Pick<RunnerPorts, "log" | "state" | "snapshots">,
  lease: Lease,
  schemaVersion: number,
): Promise<{ state: PartitionState; source: RecoverySource } | undefined> {
  const stored = await ports.state.load(lease);
  if (stored === undefined) return undefined;
  const { last } = await ports.log.bounds();
  const believable = (state: PartitionState) => state.schemaVersion === schemaVersion && state.position <= last;
  if (stored.position > 0 && believable(stored)) return { state: stored, source: "store" };
  for (const snapshot of await ports.snapshots.list(lease.partition)) {
    const decoded = decodeSnapshot(snapshot.bytes);
    if (!decoded.ok || !believable(decoded.value)) continue;
    return (await ports.state.reset(lease, decoded.value)) === "committed"
      ? { state: decoded.value, source: "snapshot" }
      : undefined;
  }
  const state: PartitionState = { position: 0, schemaVersion, entries: new Map() };
  if (stored.position === 0 && stored.entries.size === 0) return { state, source: "beginning" };
  return (await ports.state.reset(lease, state)) === "committed" ? { state, source: "beginning" } : undefined;
}
