/**
 * The three ports through which the engine meets the outside. One behaviour suite (`@burnline/stream/testing`) runs
 * against every implementation: memory and SQLite, later NATS, Redis and S3.
 */

/**
 * Position of a record in its log, from 1, rising. 0 = before the first. Given once, unless the log loses its newest records
 * with the power: two records of one position then differ in `appendedAtMs`.
 */
export type LogPosition = number;

/** One record as it is in the log. Must be treated as immutable. */
export interface LogRecord {
  readonly position: LogPosition;
  readonly partition: number;
  readonly subject: string;
  /** When the log took it, ms since the epoch. */
  readonly appendedAtMs: number;
  readonly payload: Uint8Array;
}

export interface LogAppend {
  readonly partition: number;
  readonly subject: string;
  readonly payload: Uint8Array;
  /** A record with an id that the log already has is acknowledged and not stored again. */
  readonly messageId?: string;
}

export interface LogReaderOptions {
  /** Only this partition; omitted: the whole log. */
  readonly partition?: number;
  /** Only subjects that start with this. */
  readonly subjectPrefix?: string;
  /** The first record delivered is the first one behind this position. */
  readonly after: LogPosition;
  /** When the log took the record at `after`, where that is known. */
  readonly afterAppendedAtMs?: number;
  /**
   * For who counts: what is missing behind `after` is said. `next` rejects with LogGapError, once, in place of records that
   * were trimmed or soon behind it, and with LogTailLostError for good when what was read is not in the log any more. A
   * gap reaches over the whole log: none of a partition's records may have been in it.
   */
  readonly isGapless?: boolean;
}

/** Reads a log in order, without acknowledgements: the reader's position lives with the reader's state. */
export interface LogReader {
  /**
   * The next records in order, at most `maxRecords`. Waits up to `waitMs` for the first one; resolves with [] when none
   * came in that time, which says nothing about the log, or the reader was closed. Without a wait (0), [] means that the
   * log held no more: who wants to read to the end asks so.
   */
  next(maxRecords: number, waitMs: number): Promise<readonly LogRecord[]>;
  close(): Promise<void>;
}

/**
 * Reads a log at least once on behalf of a named group: what was not acknowledged comes again after a restart.
 * Several readers of one name share the work where the log can do that.
 */
export interface DurableReader {
  next(maxRecords: number, waitMs: number): Promise<readonly LogRecord[]>;
  acknowledge(records: readonly LogRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** One ordered stream. Within a partition and over the whole log records have one total order. */
export interface EventLog {
  /**
   * Appends all records in the given order, durably, in one step where the log can; after a rejected promise any prefix
   * may have been stored, so callers that retry give message ids.
   * @returns positions in order; for a duplicate the position of the stored record.
   */
  append(records: readonly LogAppend[]): Promise<readonly LogPosition[]>;
  open(options: LogReaderOptions): Promise<LogReader>;
  /** A group that is new starts at the log's first record. */
  openDurable(name: string, subjectPrefix: string): Promise<DurableReader>;
  /** When the log took the record that it holds at this position; undefined: it holds none there. */
  appendedAtMs(position: LogPosition): Promise<number | undefined>;
  /** First and last position held (first > last: empty), over the whole log. */
  bounds(): Promise<{ first: LogPosition; last: LogPosition }>;
  /** First position still held of a partition, or last + 1 when it holds none. */
  firstPosition(partition: number): Promise<LogPosition>;
  /** The newest record of a partition with this subject prefix, if any. */
  newest(partition: number, subjectPrefix: string): Promise<LogRecord | undefined>;
}

/** The right to write one partition. The store checks the token inside each commit. */
export interface Lease {
  readonly partition: number;
  /** `<epoch>:<uuid>`; unique for ever, also after a store lost its last second. */
  readonly token: string;
  readonly epoch: number;
}

/** What a partition's owner last committed. */
export interface PartitionState {
  /** Last position whose effects are in `entries`; 0 = nothing yet. */
  readonly position: LogPosition;
  /**
   * When the log took the record at `position`, by which it is known again; absent: not known. A store that goes back
   * together with the log need not keep it.
   */
  readonly appendedAtMs?: number;
  /** Version of the state's encoding; 0 = nothing yet. */
  readonly schemaVersion: number;
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** Something that must leave exactly once in effect: same id, same bytes, however often it is sent. */
export interface OutboxRecord {
  readonly id: string;
  readonly subject: string;
  readonly payload: Uint8Array;
}

export interface StoredOutboxRecord extends OutboxRecord {
  /** Order within the partition's outbox. */
  readonly sequence: number;
}

export interface Commit {
  readonly previousPosition: LogPosition;
  readonly nextPosition: LogPosition;
  /** When the log took the record at `nextPosition`; absent: not known. */
  readonly nextAppendedAtMs?: number;
  readonly schemaVersion: number;
  /** null deletes the entry. */
  readonly changes: ReadonlyMap<string, Uint8Array | null>;
  readonly outbox: readonly OutboxRecord[];
}

/**
 * "fenced": another owner has the partition, nothing was written, the caller must drop it.
 * "conflict": the stored position is not previousPosition, nothing was written; re-read.
 */
export type CommitOutcome = "committed" | "fenced" | "conflict";

export interface AcquireOptions {
  /**
   * Also take the partition from another owner, before its lease runs out, if that lease has exactly this epoch. For an
   * owner that is believed dead: if it is not, its token is worth nothing from now on, and all that is lost is the work
   * since its last commit, which is done again. Of many that give the same epoch one gets the partition.
   */
  readonly takeOverEpoch?: number;
}

/** State, position and outbox of the partitions, and the leases that fence them, in one transactional place. */
export interface StateStore {
  /** Takes the partition if its lease is free or has run out; undefined when another owner holds it. */
  acquire(partition: number, ownerId: string, ttlMs: number, options?: AcquireOptions): Promise<Lease | undefined>;
  /** False when the lease is no longer ours. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  /** Undefined when the lease is no longer ours. */
  load(lease: Lease): Promise<PartitionState | undefined>;
  /** All or nothing, checked against the lease's token; also extends nothing but the data. */
  commit(lease: Lease, commit: Commit): Promise<CommitOutcome>;
  /** Replaces everything of the partition by a snapshot (recovery into an empty store). */
  reset(lease: Lease, state: PartitionState): Promise<CommitOutcome>;
  /** Oldest first. */
  outbox(lease: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]>;
  /** Forgets records up to and with this sequence once they have been sent. */
  trimOutbox(lease: Lease, throughSequence: number): Promise<CommitOutcome>;
}

/** A partition's whole state at a position, as one opaque, checksummed value. */
export interface StoredSnapshot {
  readonly partition: number;
  readonly position: LogPosition;
  readonly bytes: Uint8Array;
}

export interface SnapshotStore {
  /** Refuses (false) a snapshot with a lower position than the newest held. Keeps the newest few. */
  put(snapshot: StoredSnapshot): Promise<boolean>;
  /** Newest first; the caller takes the first that is sound. */
  list(partition: number): Promise<readonly StoredSnapshot[]>;
}

/** Gauge values: at most once, conflated, never stored. */
export interface LiveChannel {
  publish(subject: string, payload: Uint8Array): void;
  /** Returns the way to stop. */
  subscribe(subjectPrefix: string, onMessage: (subject: string, payload: Uint8Array) => void): () => void;
}
