import type { Lease, PartitionState } from "./ports.ts";
import type { RecoverySource, RunnerPorts } from "./runner-options.ts";
import { decodeSnapshot, type SnapshotFault } from "./snapshot-codec.ts";

/** Why a state is left aside and the log is replayed from an earlier one. */
export type Disbelief = "older-version" | "ahead-of-log" | SnapshotFault;

/** A version that comes after ours wrote this state: to replace it by one of ours would throw away what it knows. */
export class NewerStateError extends Error {
  override readonly name = "NewerStateError";
  readonly foundVersion: number;
  readonly knownVersion: number;

  constructor(foundVersion: number, knownVersion: number) {
    super(`the state is of version ${foundVersion}, newer than ${knownVersion}`);
    this.foundVersion = foundVersion;
    this.knownVersion = knownVersion;
  }
}

/**
 * The newest state that can be believed: the store's own → the newest sound snapshot → the beginning of the log.
 * A state of an older schema version, or ahead of the log, is not believed. What was chosen is put into the store.
 * @returns undefined when the lease was lost meanwhile.
 * @throws NewerStateError; nothing was changed.
 */
export async function recoverState(
  ports: Pick<RunnerPorts, "log" | "state" | "snapshots">,
  lease: Lease,
  schemaVersion: number,
  onDisbelief: (source: RecoverySource, why: Disbelief) => void = () => {},
): Promise<{ state: PartitionState; source: RecoverySource } | undefined> {
  const stored = await ports.state.load(lease);
  if (stored === undefined) return undefined;
  const { last } = await ports.log.bounds();
  const isBelieved = (state: PartitionState, source: RecoverySource): boolean => {
    if (state.schemaVersion > schemaVersion) throw new NewerStateError(state.schemaVersion, schemaVersion);
    if (state.schemaVersion === schemaVersion && state.position <= last) return true;
    onDisbelief(source, state.schemaVersion < schemaVersion ? "older-version" : "ahead-of-log");
    return false;
  };
  if (stored.position > 0 && isBelieved(stored, "store")) return { state: stored, source: "store" };
  for (const snapshot of await ports.snapshots.list(lease.partition)) {
    const decoded = decodeSnapshot(snapshot.bytes);
    if (!decoded.ok) onDisbelief("snapshot", decoded.error);
    if (!decoded.ok || !isBelieved(decoded.value, "snapshot")) continue;
    return (await ports.state.reset(lease, decoded.value)) === "committed"
      ? { state: decoded.value, source: "snapshot" }
      : undefined;
  }
  const state: PartitionState = { position: 0, schemaVersion, entries: new Map() };
  if (stored.position === 0 && stored.entries.size === 0) return { state, source: "beginning" };
  return (await ports.state.reset(lease, state)) === "committed" ? { state, source: "beginning" } : undefined;
}
