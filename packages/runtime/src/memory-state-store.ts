import { randomUUID } from "node:crypto";
import type { Clock } from "@burnline/std";
import { assert } from "@burnline/std";
import {
  type AcquireOptions,
  applyChanges,
  type Commit,
  type CommitOutcome,
  type Lease,
  type LeaseView,
  type LogPosition,
  type PartitionState,
  type StateStore,
  type StoredOutboxRecord,
} from "@burnline/stream";

interface StoredPartition {
  token: string | undefined;
  ownerId: string;
  epoch: number;
  expiresAtMs: number;
  position: LogPosition;
  appendedAtMs: number | undefined;
  schemaVersion: number;
  entries: Map<string, Uint8Array>;
  outbox: StoredOutboxRecord[];
  lastSequence: number;
}

/** A state store in this process. Each call is one step: nothing can come between its check and its write. */
export class MemoryStateStore implements StateStore {
  readonly #clock: Clock;
  readonly #makeUuid: () => string;
  readonly #partitions = new Map<number, StoredPartition>();

  constructor(clock: Clock, makeUuid: () => string = randomUUID) {
    this.#clock = clock;
    this.#makeUuid = makeUuid;
  }

  async acquire(
    partition: number,
    ownerId: string,
    ttlMs: number,
    { takeOverEpoch }: AcquireOptions = {},
  ): Promise<Lease | undefined> {
    const stored = this.#partition(partition);
    const nowMs = this.#clock.nowMs();
    const isHeld = stored.token !== undefined && stored.ownerId !== ownerId && stored.expiresAtMs > nowMs;
    if (isHeld && stored.epoch !== takeOverEpoch) return undefined;
    stored.epoch += 1;
    stored.token = `${stored.epoch}:${this.#makeUuid()}`;
    stored.ownerId = ownerId;
    stored.expiresAtMs = nowMs + ttlMs;
    return { partition, token: stored.token, epoch: stored.epoch };
  }

  /** What a `Membership` shows of the leases. */
  leases(): readonly LeaseView[] {
    const nowMs = this.#clock.nowMs();
    return [...this.#partitions]
      .filter(([, { token }]) => token !== undefined)
      .map(([partition, { ownerId, epoch, expiresAtMs }]) => {
        return { partition, ownerId, epoch, expiresInMs: expiresAtMs - nowMs };
      })
      .toSorted((left, right) => left.partition - right.partition);
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    const stored = this.#owned(lease);
    if (stored === undefined) return false;
    stored.expiresAtMs = this.#clock.nowMs() + ttlMs;
    return true;
  }

  async release(lease: Lease): Promise<void> {
    const stored = this.#owned(lease);
    if (stored !== undefined) stored.token = undefined;
  }

  async load(lease: Lease): Promise<PartitionState | undefined> {
    const stored = this.#owned(lease);
    if (stored === undefined) return undefined;
    const { position, appendedAtMs, schemaVersion, entries } = stored;
    const when = appendedAtMs === undefined ? {} : { appendedAtMs };
    return { position, ...when, schemaVersion, entries: new Map(entries) };
  }

  async commit(lease: Lease, commit: Commit): Promise<CommitOutcome> {
    assert(commit.nextPosition >= commit.previousPosition, "a commit never moves the position back");
    const stored = this.#owned(lease);
    if (stored === undefined) return "fenced";
    if (stored.position !== commit.previousPosition) return "conflict";
    applyChanges(stored.entries, commit.changes);
    for (const { id, subject, payload } of commit.outbox) {
      stored.lastSequence += 1;
      stored.outbox.push({ id, subject, payload, sequence: stored.lastSequence });
    }
    stored.position = commit.nextPosition;
    stored.appendedAtMs = commit.nextAppendedAtMs;
    stored.schemaVersion = commit.schemaVersion;
    return "committed";
  }

  async reset(lease: Lease, state: PartitionState): Promise<CommitOutcome> {
    const stored = this.#owned(lease);
    if (stored === undefined) return "fenced";
    stored.position = state.position;
    stored.appendedAtMs = state.appendedAtMs;
    stored.schemaVersion = state.schemaVersion;
    stored.entries = new Map(state.entries);
    stored.outbox = [];
    return "committed";
  }

  async outbox(lease: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]> {
    return this.#owned(lease)?.outbox.slice(0, maxRecords) ?? [];
  }

  async trimOutbox(lease: Lease, throughSequence: number): Promise<CommitOutcome> {
    const stored = this.#owned(lease);
    if (stored === undefined) return "fenced";
    stored.outbox = stored.outbox.filter((record) => record.sequence > throughSequence);
    return "committed";
  }

  #owned(lease: Lease): StoredPartition | undefined {
    const stored = this.#partition(lease.partition);
    return stored.token === lease.token ? stored : undefined;
  }

  #partition(partition: number): StoredPartition {
    let stored = this.#partitions.get(partition);
    if (stored === undefined) {
      stored = {
        token: undefined,
        ownerId: "",
        epoch: 0,
        expiresAtMs: 0,
        position: 0,
        appendedAtMs: undefined,
        schemaVersion: 0,
        entries: new Map(),
        outbox: [],
        lastSequence: 0,
      };
      this.#partitions.set(partition, stored);
    }
    return stored;
  }
}
