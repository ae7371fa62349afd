import { MemoryMembership, type MemoryStateStore } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type {
  AcquireOptions,
  Commit,
  CommitOutcome,
  Lease,
  LeaseView,
  Member,
  Membership,
  PartitionState,
  StateStore,
  StoredOutboxRecord,
} from "@burnline/stream";

/** Members and leases in a store that can lose everything at once. */
export class LosableMembership implements Membership {
  readonly #make: () => Membership;
  #membership: Membership;

  constructor(store: LosableStateStore, clock: Clock) {
    this.#make = () => new MemoryMembership(store, clock);
    this.#membership = this.#make();
  }

  loseEverything(): void {
    this.#membership = this.#make();
  }

  heartbeat(member: Member, ttlMs: number): Promise<void> {
    return this.#membership.heartbeat(member, ttlMs);
  }

  members(): Promise<readonly Member[]> {
    return this.#membership.members();
  }

  leave(memberId: string): Promise<void> {
    return this.#membership.leave(memberId);
  }

  leases(): Promise<readonly LeaseView[]> {
    return this.#membership.leases();
  }
}

/** A store that also shows its leases. */
export type LeasedStore = StateStore & Pick<MemoryStateStore, "leases">;

/** A state store that can lose everything at once, as a Redis without its disk does. */
export class LosableStateStore implements StateStore {
  readonly #makeStore: () => LeasedStore;
  #store: LeasedStore;

  constructor(makeStore: () => LeasedStore) {
    this.#makeStore = makeStore;
    this.#store = makeStore();
  }

  loseEverything(): void {
    this.#store = this.#makeStore();
  }

  leases(): readonly LeaseView[] {
    return this.#store.leases();
  }

  acquire(partition: number, ownerId: string, ttlMs: number, options?: AcquireOptions): Promise<Lease | undefined> {
    return this.#store.acquire(partition, ownerId, ttlMs, options);
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
