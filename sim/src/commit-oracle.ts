import { assert } from "@burnline/std";
import {
  type AcquireOptions,
  applyChanges,
  type Commit,
  type CommitOutcome,
  type Lease,
  type LogPosition,
  type PartitionState,
  type StateStore,
  type StoredOutboxRecord,
} from "@burnline/stream";

/** What a partition has to be, by what was granted and committed so far. */
interface Known {
  /** The token granted last; undefined once it was given back. */
  token: string | undefined;
  epoch: number;
  position: LogPosition;
  entries: Map<string, Uint8Array>;
}

/**
 * Stands in front of the one store of all processes, so that nothing is written past it, and judges every answer by a
 * book of its own. I11: a partition belongs to the token granted last, and the store obeys nobody else, whatever the
 * positions say. I7: committed positions form one chain. What is loaded is what was committed, entry by entry: a write
 * that went past the oracle, or was done although refused, shows at the next load.
 */
export class CommitOracle implements StateStore {
  readonly #store: StateStore;
  readonly #known = new Map<number, Known>();
  /** Commits that the store took. */
  commits = 0;
  /** Commits of somebody whose partition was taken from him meanwhile. */
  fencedCommits = 0;

  constructor(store: StateStore) {
    this.#store = store;
  }

  /** The store has lost everything, and so have those who held something. */
  forget(): void {
    this.#known.clear();
  }

  async acquire(partition: number, ownerId: string, ttlMs: number, options?: AcquireOptions) {
    const lease = await this.#store.acquire(partition, ownerId, ttlMs, options);
    if (lease === undefined) return undefined;
    const known = this.#of(partition);
    assert(lease.epoch > known.epoch, `I11: partition ${partition} was granted twice in epoch ${lease.epoch}`);
    assert(lease.token !== known.token, `I11: two owners of partition ${partition} have the same token`);
    known.epoch = lease.epoch;
    known.token = lease.token;
    return lease;
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    const isOwner = this.#isOwner(lease);
    const isRenewed = await this.#store.renew(lease, ttlMs);
    assert(isRenewed === isOwner, `I11: the store was wrong about who renews, ${this.#sides(lease)}`);
    return isRenewed;
  }

  async release(lease: Lease): Promise<void> {
    await this.#store.release(lease);
    if (this.#isOwner(lease)) this.#of(lease.partition).token = undefined;
  }

  async load(lease: Lease): Promise<PartitionState | undefined> {
    const isOwner = this.#isOwner(lease);
    const state = await this.#store.load(lease);
    assert((state !== undefined) === isOwner, `I11: the store was wrong about who reads, ${this.#sides(lease)}`);
    if (state !== undefined) this.#compare(lease.partition, state);
    return state;
  }

  async commit(lease: Lease, commit: Commit): Promise<CommitOutcome> {
    const isOwner = this.#isOwner(lease);
    const outcome = await this.#store.commit(lease, commit);
    this.#judge("commits", lease, isOwner, outcome);
    const known = this.#of(lease.partition);
    const fits = commit.previousPosition === known.position;
    if (outcome === "fenced") this.fencedCommits++;
    if (outcome === "conflict")
      assert(!fits, `I7: the owner of partition ${lease.partition} was refused for no reason`);
    if (outcome !== "committed") return outcome;
    assert(
      fits && commit.nextPosition >= known.position,
      `I7: partition ${lease.partition} went from ${known.position} over ${commit.previousPosition} to ${commit.nextPosition}`,
    );
    this.commits++;
    known.position = commit.nextPosition;
    applyChanges(known.entries, commit.changes);
    return outcome;
  }

  async reset(lease: Lease, state: PartitionState): Promise<CommitOutcome> {
    const isOwner = this.#isOwner(lease);
    const outcome = await this.#store.reset(lease, state);
    this.#judge("resets", lease, isOwner, outcome);
    if (outcome !== "committed") return outcome;
    const known = this.#of(lease.partition);
    known.position = state.position;
    known.entries = new Map(state.entries);
    return outcome;
  }

  async outbox(lease: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]> {
    const isOwner = this.#isOwner(lease);
    const records = await this.#store.outbox(lease, maxRecords);
    assert(isOwner || records.length === 0, `I11: the store was wrong about who relays, ${this.#sides(lease)}`);
    return records;
  }

  async trimOutbox(lease: Lease, throughSequence: number): Promise<CommitOutcome> {
    const isOwner = this.#isOwner(lease);
    const outcome = await this.#store.trimOutbox(lease, throughSequence);
    this.#judge("trims", lease, isOwner, outcome);
    return outcome;
  }

  /** Only the newest owner is obeyed, and he is. */
  #judge(what: string, lease: Lease, isOwner: boolean, outcome: CommitOutcome): void {
    assert((outcome === "fenced") !== isOwner, `I11: the store was wrong about who ${what}, ${this.#sides(lease)}`);
  }

  #sides({ partition, token }: Lease): string {
    return `${token} or ${this.#of(partition).token ?? "nobody"} (partition ${partition})`;
  }

  #compare(partition: number, { position, entries }: PartitionState): void {
    const known = this.#of(partition);
    const same =
      position === known.position &&
      entries.size === known.entries.size &&
      [...entries].every(([key, bytes]) => isSame(bytes, known.entries.get(key)));
    assert(same, `I11: partition ${partition} is not what its owners committed up to position ${known.position}`);
  }

  #isOwner({ partition, token }: Lease): boolean {
    return this.#of(partition).token === token;
  }

  #of(partition: number): Known {
    let known = this.#known.get(partition);
    if (known === undefined) {
      known = { token: undefined, epoch: 0, position: 0, entries: new Map() };
      this.#known.set(partition, known);
    }
    return known;
  }
}

function isSame(left: Uint8Array, right: Uint8Array | undefined): boolean {
  return left === right || (right !== undefined && Buffer.from(left).equals(right));
}
