import type { RunnerObserver } from "@burnline/stream";
import type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";

/** Turns what the partitions report into metrics and log lines. */
export function observeRunners(metrics: ProcessorMetrics, logger: ProcessorLogger): RunnerObserver {
  return {
    recovered: (partition, source, position) => {
      metrics.partitionBegan(partition);
      metrics.recovered(source);
      if (source === "snapshot")
        logger.warn({ partition, position }, "the state store had lost this partition; recovered it from a snapshot");
    },
    disbelieved: (partition, source, why) =>
      logger.warn({ partition, source, why }, "a state is not believed and left aside; the log is replayed instead"),
    committed: (_, records, outputs, oldestWaitMs) => metrics.committed(records, outputs, oldestWaitMs / 1000),
    read: (_, ageMs) => metrics.read(ageMs),
    relayed: (_, tookMs) => metrics.relayed(tookMs / 1_000),
    snapshotStored: (partition, bytes, tookMs) => metrics.snapshotStored(partition, bytes, tookMs / 1_000),
    dataGap: (partition, firstMissing, firstPresent) => {
      metrics.dataGap();
      logger.error(
        { partition, firstMissing, firstPresent },
        "records are gone from the log, trimmed before they were counted or lost with its tail; totals are marked degraded",
      );
    },
    lost: (partition, why) => {
      metrics.partitionLost(why);
      logger.warn({ partition, why }, "another owner has the partition");
    },
  };
}
