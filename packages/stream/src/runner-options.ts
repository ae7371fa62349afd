import type { Clock } from "@burnline/std";
import type { OutboxSink } from "./outbox-relay.ts";
import type { EventLog, LiveChannel, LogPosition, SnapshotStore, StateStore } from "./ports.ts";
import type { Disbelief } from "./recovery.ts";

export interface RunnerPorts {
  readonly log: EventLog;
  readonly state: StateStore;
  readonly snapshots: SnapshotStore;
  readonly sink: OutboxSink;
  readonly live: LiveChannel;
  /** The time of day, as the log has it too. */
  readonly clock: Clock;
  /** Measures intervals: it must not jump when the time of day is set. Without it `clock` does. */
  readonly steadyClock?: Clock;
  /** By the steady clock. Without it the lease is renewed between steps only, not while one waits for the sink. */
  readonly sleep?: (ms: number) => Promise<void>;
}

export interface RunnerOptions {
  readonly partition: number;
  readonly ownerId: string;
  /** Take the partition early from an owner that is believed dead; see AcquireOptions. */
  readonly takeOverEpoch?: number;
  readonly leaseTtlMs: number;
  readonly leaseRenewMs: number;
  /** Records read and processed at most before a commit. */
  readonly recordsPerCommitMax: number;
  /** A record waits at most so long for its commit. 0: commit after every read. */
  readonly commitIntervalMs: number;
  readonly snapshotIntervalMs: number;
  readonly snapshotRecords: number;
  /** Live values are not published for records older than this: a replay is not live. */
  readonly liveAgeMsMax: number;
}

export const RUNNER_DEFAULTS = {
  leaseTtlMs: 2_000,
  leaseRenewMs: 800,
  recordsPerCommitMax: 500,
  commitIntervalMs: 0,
  snapshotIntervalMs: 10_000,
  snapshotRecords: 5_000,
  liveAgeMsMax: 2_000,
} as const;

/** What a shell may want to count. Every method is called at most a few times per step. */
export interface RunnerObserver {
  recovered?(partition: number, source: RecoverySource, position: LogPosition): void;
  /** A state that is there is left aside on the way to an older one. */
  disbelieved?(partition: number, source: RecoverySource, why: Disbelief): void;
  /** `ageMs`: how long ago the log took the oldest of the records that a step read. */
  read?(partition: number, ageMs: number): void;
  /** `lagMs`: how long ago the log took the newest record of the commit. */
  committed?(partition: number, records: number, outputs: number, oldestWaitMs: number, lagMs: number): void;
  /** The sink has what the commit put into the outbox. */
  relayed?(partition: number, tookMs: number): void;
  snapshotStored?(partition: number, bytes: number, tookMs: number): void;
  /** Records were trimmed before they were read, or read and then lost with the log's tail: see `Operator.onDataGap`. */
  dataGap?(partition: number, firstMissing: LogPosition, firstPresent: LogPosition): void;
  lost?(partition: number, why: "renewal" | "fenced" | "conflict"): void;
}

export type RecoverySource = "store" | "snapshot" | "beginning";

/** "lost": another owner has the partition; this runner is dead and must be dropped. */
export type StepOutcome = "progress" | "idle" | "lost";
