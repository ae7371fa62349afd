import { expect } from "vitest";
import type { Commit, Lease, OutboxRecord, StateStore } from "../ports.ts";

export interface StateStoreFixture {
  readonly store: StateStore;
  /** The same data through a new client, as after a restart of the process; the former store is used no more. */
  reopen(): Promise<StateStore>;
  /** Lets this much time pass on the clock that leases run by. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const TTL_MS = 2_000;

/** A commit with overrides. */
export function commitOf(overrides: Partial<Commit> = {}): Commit {
  return {
    previousPosition: 0,
    nextPosition: 10,
    schemaVersion: 1,
    changes: new Map([["car/24", Uint8Array.of(1, 2, 3)]]),
    outbox: [],
    ...overrides,
  };
}

export function outboxRecord(id: string): OutboxRecord {
  return { id, subject: "fact.r.lap.24", payload: new Uint8Array(Buffer.from(id)) };
}

/** The partition's lease, which is free. */
export async function takeLease(store: StateStore, owner = "owner", partition = 7): Promise<Lease> {
  const lease = await store.acquire(partition, owner, TTL_MS);
  expect(lease).toBeDefined();
  return lease!;
}
