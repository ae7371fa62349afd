/** What the processor counts for the outside. */
export interface ProcessorMetrics {
  /** processor_records_committed_total, processor_outputs_committed_total, processor_commit_wait_seconds */
  committed(records: number, outputs: number, oldestWaitSeconds: number): void;
  /** processor_recoveries_total{source} */
  recovered(source: string): void;
  /** processor_snapshots_stored_total, processor_snapshot_size_bytes */
  snapshotStored(bytes: number): void;
  /** processor_data_gaps_total */
  dataGap(): void;
  /** processor_partitions_lost_total{reason} */
  partitionLost(reason: string): void;
  /** processor_partition_failures_total */
  partitionFailed(): void;
}

export interface ProcessorLogger {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
