import type { Lease, OutboxRecord, StateStore } from "./ports.ts";

/** Where the outbox goes: a log that knows a record it already has by its id. */
export interface OutboxSink {
  /** Resolves when all records are durable there. Sending a record again must have no effect. */
  send(records: readonly OutboxRecord[]): Promise<void>;
}

/** Records sent in one go. */
export const OUTBOX_BATCH_MAX = 500;

/**
 * Sends what the partition's outbox holds, oldest first, and forgets it once it is durable. A crash between the two
 * sends it again: same id, same bytes.
 */
export async function drainOutbox(store: StateStore, lease: Lease, sink: OutboxSink): Promise<void> {
  for (;;) {
    const batch = await store.outbox(lease, OUTBOX_BATCH_MAX);
    const last = batch.at(-1);
    if (last === undefined) return;
    await sink.send(batch);
    const outcome = await store.trimOutbox(lease, last.sequence);
    // A new owner has the partition and relays what is left.
    if (outcome !== "committed") return;
    if (batch.length < OUTBOX_BATCH_MAX) return;
  }
}
