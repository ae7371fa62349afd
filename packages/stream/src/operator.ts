import type { LogPosition, LogRecord, OutboxRecord } from "./ports.ts";

/** Where an operator puts what leaves it. */
export interface OperatorOutput {
  /** Leaves exactly once in effect, through the outbox of the next commit. */
  emit(record: OutboxRecord): void;
  /** Leaves at most once, now; only the newest per subject of a batch; not at all while catching up. */
  live(subject: string, encode: () => Uint8Array): void;
}

/**
 * Deterministic: the same records give the same state, outputs and bytes, wherever the work was cut and resumed.
 * It owns no clock, no chance, no I/O.
 */
export interface Operator {
  /** Version of the state's encoding; an older one in the store is not believed, the log is replayed; a newer one is refused. */
  readonly schemaVersion: number;
  process(record: LogRecord, output: OperatorOutput): void;
  /**
   * Records from `firstMissing` on, in front of `firstPresent`, were trimmed before they were read, or read and then lost
   * with the log's tail: totals can be trusted no more.
   */
  onDataGap(firstMissing: LogPosition, firstPresent: LogPosition, output: OperatorOutput): void;
  /** Entries that changed since the last call; null = deleted. */
  takeChanges(): Map<string, Uint8Array | null>;
  /** Takes over a whole state; called once, before any record. */
  restore(entries: ReadonlyMap<string, Uint8Array>): void;
}
