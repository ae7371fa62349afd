import { createLatencies, type Metrics } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { RecoverySource, RunnerObserver, TakeReason } from "@burnline/stream";

const RECOVERY_SOURCES: readonly RecoverySource[] = ["store", "snapshot", "beginning"];
const LOSS_REASONS: readonly Parameters<NonNullable<RunnerObserver["lost"]>>[1][] = ["renewal", "fenced", "conflict"];
const TAKE_REASONS: readonly TakeReason[] = [
  "handed-over",
  "no-responders",
  "silence",
  "cut-off",
  "expired",
  "own",
  "free",
];

const UNSTORED_REASONS = ["failed", "slow", "busy"] as const;
/** The store failed; it took too long to wait for it; the one before is still on its way. */
type UnstoredReason = (typeof UNSTORED_REASONS)[number];

/** What the processor counts for the outside. */
export interface ProcessorMetrics {
  /** `ageMs`: since the log took the oldest record of what was read. */
  read(ageMs: number): void;
  committed(records: number, outputs: number, oldestWaitSeconds: number): void;
  relayed(seconds: number): void;
  lateFrames(count: number): void;
  recovered(source: string): void;
  snapshotStored(partition: number, bytes: number, seconds: number): void;
  snapshotNotStored(reason: UnstoredReason): void;
  /** A partition begins to run here, so its next snapshot is due from now on; or it does not run here any more. */
  partitionBegan(partition: number): void;
  partitionEnded(partition: number): void;
  dataGap(): void;
  partitionLost(reason: string): void;
  partitionFailed(): void;
  partitionsOwned(count: number): void;
  /** `gapSeconds`: from when the former owner was last known to work, to when it runs here. */
  takenOver(reason: string, gapSeconds: number): void;
  /** Members or leases could not be read or written. */
  membershipFailed(): void;
}

export interface ProcessorLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export function createProcessorMetrics(metrics: Metrics, steadyClock: Clock): ProcessorMetrics {
  return { ...workMetrics(metrics), ...snapshotMetrics(metrics, steadyClock), ...ownershipMetrics(metrics) };
}

type WorkMetrics = Pick<ProcessorMetrics, "read" | "committed" | "relayed" | "lateFrames" | "dataGap">;
type SnapshotMetrics = Pick<
  ProcessorMetrics,
  "snapshotStored" | "snapshotNotStored" | "partitionBegan" | "partitionEnded"
>;
type OwnershipMetrics = Omit<ProcessorMetrics, keyof WorkMetrics | keyof SnapshotMetrics>;

/** From the log to the fact log. */
function workMetrics(metrics: Metrics): WorkMetrics {
  const latency = createLatencies(metrics, "processor");
  const readAge = latency({
    name: "processor_read_age_seconds",
    help: "From the log's taking a record to our reading it, oldest record of each read",
  });
  const records = metrics.counter({
    name: "processor_records_committed_total",
    help: "Log records whose effects are committed",
  });
  const outputs = metrics.counter({
    name: "processor_outputs_committed_total",
    help: "Facts and late frames put into the outbox",
  });
  const wait = metrics.histogram({
    name: "processor_commit_wait_seconds",
    help: "From reading a record to the commit that holds it, oldest record of each commit",
  });
  const relay = latency({
    name: "processor_relay_seconds",
    help: "From a commit to the fact log's acknowledgement of what it put out",
  });
  const late = metrics.counter({
    name: "processor_late_frames_total",
    help: "Frames with samples that came too late to be counted; they are kept on the late subject",
  });
  const gaps = metrics.counter({
    name: "processor_data_gaps_total",
    help: "Times the log was trimmed before it was counted, or lost what was counted",
  });
  return {
    read: (ageMs) => readAge.observe(ageMs),
    committed: (recordCount, outputCount, oldestWaitSeconds) => {
      records.add(recordCount);
      outputs.add(outputCount);
      wait.observe(oldestWaitSeconds);
    },
    relayed: (seconds) => relay.observe(seconds * 1_000),
    lateFrames: (count) => late.add(count),
    dataGap: () => gaps.add(),
  };
}

function snapshotMetrics(metrics: Metrics, steadyClock: Clock): SnapshotMetrics {
  /** Since when each of our partitions has had its newest snapshot, or none since it began. */
  const sinceMs = new Map<number, number>();
  const age = "Since the partition of ours whose newest snapshot is the oldest got it, or began to run here";
  metrics.reading({ name: "processor_snapshot_age_seconds", help: age }, () => {
    const nowMs = steadyClock.nowMs();
    return (nowMs - Math.min(nowMs, ...sinceMs.values())) / 1_000;
  });
  const time = metrics.histogram({
    name: "processor_snapshot_seconds",
    help: "Time to read a partition's state and to store it as a snapshot",
  });
  const stored = metrics.counter({ name: "processor_snapshots_stored_total", help: "Snapshots stored" });
  const notStored = metrics.counter({
    name: "processor_snapshots_not_stored_total",
    help: "Snapshots that were due and did not get stored in time; their partitions went on",
    labels: ["reason"],
    fromZero: UNSTORED_REASONS.map((reason) => ({ reason })),
  });
  const size = metrics.gauge({ name: "processor_snapshot_size_bytes", help: "Size of the last snapshot" });
  return {
    partitionBegan: (partition) => void sinceMs.set(partition, steadyClock.nowMs()),
    partitionEnded: (partition) => void sinceMs.delete(partition),
    snapshotStored: (partition, bytes, seconds) => {
      sinceMs.set(partition, steadyClock.nowMs());
      stored.add();
      time.observe(seconds);
      size.set(bytes);
    },
    snapshotNotStored: (reason) => notStored.add(1, { reason }),
  };
}

function ownershipMetrics(metrics: Metrics): OwnershipMetrics {
  const recoveries = metrics.counter({
    name: "processor_recoveries_total",
    help: "Partitions taken over, by where their state came from",
    labels: ["source"],
    fromZero: RECOVERY_SOURCES.map((source) => ({ source })),
  });
  const lost = metrics.counter({
    name: "processor_partitions_lost_total",
    help: "Partitions that another owner took over, by how it was noticed",
    labels: ["reason"],
    fromZero: LOSS_REASONS.map((reason) => ({ reason })),
  });
  const failed = metrics.counter({
    name: "processor_partition_failures_total",
    help: "Partitions that had to recover after an error",
  });
  const owned = metrics.gauge({
    name: "processor_partitions_owned_count",
    help: "Partitions that run in this process",
  });
  const takeovers = metrics.counter({
    name: "processor_takeovers_total",
    help: "Partitions taken, by why they could be: handed-over, no-responders, silence, cut-off, expired, own, free",
    labels: ["reason"],
    fromZero: TAKE_REASONS.map((reason) => ({ reason })),
  });
  const gap = metrics.histogram({
    name: "processor_handover_gap_seconds",
    help: "From when a partition's former owner was last known to work, to when it runs here",
    labels: ["reason"],
    fromZero: TAKE_REASONS.map((reason) => ({ reason })),
  });
  const membershipFailures = metrics.counter({
    name: "processor_membership_failures_total",
    help: "Times that members or leases could not be read or written; nothing is taken or given back meanwhile",
  });
  return {
    recovered: (source) => recoveries.add(1, { source }),
    partitionLost: (reason) => lost.add(1, { reason }),
    partitionFailed: () => failed.add(),
    partitionsOwned: (count) => owned.set(count),
    takenOver: (reason, gapSeconds) => {
      takeovers.add(1, { reason });
      gap.observe(gapSeconds, { reason });
    },
    membershipFailed: () => membershipFailures.add(),
  };
}
