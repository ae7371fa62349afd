import { createLatencies, type Metrics } from "@burnline/runtime";
import type { Clock } from "@burnline/std";

/** What the processor counts for the outside. */
export interface ProcessorMetrics {
  /** `ageMs`: since the log took the oldest record of what was read. */
  read(ageMs: number): void;
  committed(records: number, outputs: number, oldestWaitSeconds: number): void;
  relayed(seconds: number): void;
  recovered(source: string): void;
  snapshotStored(partition: number, bytes: number, seconds: number): void;
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
  const recoveries = metrics.counter({
    name: "processor_recoveries_total",
    help: "Partitions taken over, by where their state came from",
    labels: ["source"],
  });
  const relay = latency({
    name: "processor_relay_seconds",
    help: "From a commit to the fact log's acknowledgement of what it put out",
  });
  const snapshotMs = new Map<number, number>();
  metrics.reading(
    { name: "processor_snapshot_age_seconds", help: "Age of the oldest newest snapshot of our partitions" },
    () => {
      const oldestMs = Math.min(steadyClock.nowMs(), ...snapshotMs.values());
      return (steadyClock.nowMs() - oldestMs) / 1_000;
    },
  );
  const snapshotTime = metrics.histogram({
    name: "processor_snapshot_seconds",
    help: "Time to read a partition's state and to store it as a snapshot",
  });
  const snapshots = metrics.counter({ name: "processor_snapshots_stored_total", help: "Snapshots stored" });
  const snapshotSize = metrics.gauge({ name: "processor_snapshot_size_bytes", help: "Size of the last snapshot" });
  const gaps = metrics.counter({
    name: "processor_data_gaps_total",
    help: "Times the log was trimmed before it was counted",
  });
  const lost = metrics.counter({
    name: "processor_partitions_lost_total",
    help: "Partitions that another owner took over, by how it was noticed",
    labels: ["reason"],
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
  });
  const gap = metrics.histogram({
    name: "processor_handover_gap_seconds",
    help: "From when a partition's former owner was last known to work, to when it runs here",
    labels: ["reason"],
  });
  const membershipFailures = metrics.counter({
    name: "processor_membership_failures_total",
    help: "Times that members or leases could not be read or written; nothing is taken or given back meanwhile",
  });
  return {
    committed: (recordCount, outputCount, oldestWaitSeconds) => {
      records.add(recordCount);
      outputs.add(outputCount);
      wait.observe(oldestWaitSeconds);
    },
    read: (ageMs) => readAge.observe(ageMs),
    relayed: (seconds) => relay.observe(seconds * 1_000),
    partitionBegan: (partition) => snapshotMs.set(partition, steadyClock.nowMs()),
    partitionEnded: (partition) => snapshotMs.delete(partition),
    recovered: (source) => recoveries.add(1, { source }),
    snapshotStored: (partition, bytes, seconds) => {
      snapshots.add();
      snapshotMs.set(partition, steadyClock.nowMs());
      snapshotTime.observe(seconds);
      snapshotSize.set(bytes);
    },
    dataGap: () => gaps.add(),
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
