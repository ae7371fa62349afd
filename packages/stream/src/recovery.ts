import { applyChanges } from "./entry-changes.ts";
import type { Operator } from "./operator.ts";
import type { Lease, LogPosition, OutboxRecord, PartitionState } from "./ports.ts";
import type { RecoverySource, RunnerObserver, RunnerPorts } from "./runner-options.ts";
import { decodeSnapshot, type SnapshotFault } from "./snapshot-codec.ts";

/**
 * Why a state is left aside and the log is replayed from an earlier one. ahead-of-log, not-in-log: the record at its position
 * is not there, or is another one, because the log lost its tail after the state was made.
 */
export type Disbelief = "older-version" | "ahead-of-log" | "not-in-log" | SnapshotFault;

type RecoveryPorts = Pick<RunnerPorts, "log" | "state" | "snapshots" | "sink">;

interface Recovered {
  readonly state: PartitionState;
  readonly source: RecoverySource;
}

interface Choice extends Recovered {
  /** The last position of which a state knows that the log has lost it. */
  readonly lostThrough: LogPosition | undefined;
}

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
 * A state of an older schema version, or of records that are not in the log, is not believed. What was chosen is given to
 * the operator and put into the store; where the log has lost records, the operator is told of a gap.
 * @returns undefined when the lease was lost meanwhile.
 * @throws NewerStateError; nothing was changed.
 */
export async function recoverState(
  ports: RecoveryPorts,
  lease: Lease,
  operator: Operator,
  observer: RunnerObserver = {},
): Promise<Recovered | undefined> {
  const stored = await ports.state.load(lease);
  if (stored === undefined) return undefined;
  const chosen = await choose(ports, lease.partition, stored, operator.schemaVersion, observer);
  const { state, source, lostThrough } = chosen;
  operator.restore(state.entries);
  if (source === "store" || (source === "beginning" && isEmpty(stored))) return chosen;
  let { entries } = state;
  if (lostThrough !== undefined) {
    observer.dataGap?.(lease.partition, state.position + 1, lostThrough + 1);
    const changes = await sayLoss(ports, operator, state.position + 1, lostThrough + 1);
    entries = applyChanges(new Map(entries), changes);
  }
  return (await ports.state.reset(lease, { ...state, entries })) === "committed" ? chosen : undefined;
}

async function choose(
  { log, snapshots }: RecoveryPorts,
  partition: number,
  stored: PartitionState,
  schemaVersion: number,
  observer: RunnerObserver,
): Promise<Choice> {
  const { first, last } = await log.bounds();
  let lostThrough: LogPosition | undefined;
  const isBelieved = async (state: PartitionState, source: RecoverySource): Promise<boolean> => {
    if (state.schemaVersion > schemaVersion) throw new NewerStateError(state.schemaVersion, schemaVersion);
    const why = state.schemaVersion < schemaVersion ? "older-version" : await disbelief(state);
    if (why === undefined) return true;
    if (why !== "older-version") lostThrough = Math.max(lostThrough ?? 0, state.position);
    observer.disbelieved?.(partition, source, why);
    return false;
  };
  const disbelief = async ({ position, appendedAtMs }: PartitionState) => {
    if (position > last) return "ahead-of-log";
    // What was trimmed cannot be asked for; the reader says whether anything behind it is missing.
    if (appendedAtMs === undefined || position < first) return undefined;
    const foundMs = await log.appendedAtMs(position);
    return foundMs === undefined || foundMs === appendedAtMs ? undefined : "not-in-log";
  };
  if (!isEmpty(stored) && (await isBelieved(stored, "store")))
    return { state: stored, source: "store", lostThrough: undefined };
  for (const snapshot of await snapshots.list(partition)) {
    const decoded = decodeSnapshot(snapshot.bytes);
    if (!decoded.ok) observer.disbelieved?.(partition, "snapshot", decoded.error);
    if (decoded.ok && (await isBelieved(decoded.value, "snapshot")))
      return { state: decoded.value, source: "snapshot", lostThrough };
  }
  return { state: { position: 0, schemaVersion, entries: new Map() }, source: "beginning", lostThrough };
}

/** Of a partition that begins anew after a loss the store knows at least that. */
function isEmpty({ position, entries }: PartitionState): boolean {
  return position === 0 && entries.size === 0;
}

/** Sent before the store forgets that there is something to say: a crash in between says it once more. */
async function sayLoss(
  { sink }: RecoveryPorts,
  operator: Operator,
  firstMissing: LogPosition,
  firstPresent: LogPosition,
) {
  const facts: OutboxRecord[] = [];
  operator.onDataGap(firstMissing, firstPresent, { emit: (record) => facts.push(record), live: () => {} });
  await sink.send(facts);
  return operator.takeChanges();
}
