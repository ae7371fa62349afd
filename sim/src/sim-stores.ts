import type { Commit, CommitOutcome, Lease, PartitionState, StateStore, StoredOutboxRecord } from "@burnline/stream";

/** A state store that can lose everything at once, as a Redis without its disk does. */
export class LosableStateStore implements StateStore {
  readonly #makeStore: () => StateStore;
  #store: StateStore;

  constructor(makeStore: () => StateStore) {
    this.#makeStore = makeStore;
    this.#store = makeStore();
  }

  loseEverything(): void {
    this.#store = this.#makeStore();
  }

  acquire(partition: number, ownerId: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#store.acquire(partition, ownerId, ttlMs);
  }

  renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#store.renew(lease, ttlMs);
  }

  release(lease: Lease): Promise<void> {
    return this.#store.release(lease);
  }

  load(lease: Lease): Promise<PartitionState | undefined> {
    return this.#store.load(lease);
  }

  commit(lease: Lease, commit: Commit): Promise<CommitOutcome> {
    return this.#store.commit(lease, commit);
  }

  reset(lease: Lease, state: PartitionState): Promise<CommitOutcome> {
    return this.#store.reset(lease, state);
  }

  outbox(lease: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]> {
    return this.#store.outbox(lease, maxRecords);
  }

  trimOutbox(lease: Lease, throughSequence: number): Promise<CommitOutcome> {
    return this.#store.trimOutbox(lease, throughSequence);
  }
}
