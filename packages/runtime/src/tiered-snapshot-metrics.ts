import type { Metrics } from "./metrics.ts";

/** What a tiered store reports of its far side. */
export interface FarSnapshotMetrics {
  stored(bytes: number, seconds: number): void;
  failed(call: "put" | "list"): void;
  /** One that was due gave way to a newer one: the far store is too slow or does not answer. */
  replaced(): void;
}

/** Metrics of the far snapshot store of one service, `<service>_far_snapshot…`. */
export function createFarSnapshotMetrics(metrics: Metrics, service: string): FarSnapshotMetrics {
  const name = (rest: string) => `${service}_far_${rest}`;
  const stored = metrics.histogram({
    name: name("snapshot_put_seconds"),
    help: "Time of a snapshot to the far store (S3); its count is that of the snapshots stored",
  });
  const size = metrics.gauge({ name: name("snapshot_size_bytes"), help: "Size of the last one stored there" });
  const failures = metrics.counter({
    name: name("snapshot_failures_total"),
    help: "Calls of the far store that failed, by call; nothing waits for it",
    labels: ["call"],
    fromZero: [{ call: "put" }, { call: "list" }],
  });
  const replaced = metrics.counter({
    name: name("snapshots_replaced_total"),
    help: "Snapshots that were due and gave way to newer ones before the far store took them",
  });
  return {
    stored: (bytes, seconds) => {
      stored.observe(seconds);
      size.set(bytes);
    },
    failed: (call) => failures.add(1, { call }),
    replaced: () => replaced.add(),
  };
}
