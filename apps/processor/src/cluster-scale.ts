import type { Metrics } from "@burnline/runtime";
import type { Clock } from "@burnline/std";

/** What the autoscaler looks at, beside how busy the process is. */
export interface ScaleReading {
  /** How far the partition that is furthest behind is behind the log, in seconds. */
  readonly lagSeconds: number;
  /** Partitions that nobody alive has, as seen from here. */
  readonly unowned: number;
}

/** A lag that was measured longer ago says nothing any more: there is a record every second while a race runs. */
const LAG_VALID_MS = 10_000;

/** Measures how far this process is behind. */
export class ClusterScale {
  readonly #clock: Clock;
  readonly #lags = new Map<number, { lagMs: number; atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  committed(partition: number, lagMs: number): void {
    this.#lags.set(partition, { lagMs, atMs: this.#clock.nowMs() });
  }

  forget(partition: number): void {
    this.#lags.delete(partition);
  }

  read(unowned: number): ScaleReading {
    const nowMs = this.#clock.nowMs();
    const lags = [...this.#lags.values()].map(({ lagMs, atMs }) => (nowMs - atMs <= LAG_VALID_MS ? lagMs : 0));
    return { lagSeconds: Math.round(Math.max(0, ...lags)) / 1_000, unowned };
  }
}

/** The same for people and alerts. */
export function registerScaleMetrics(metrics: Metrics, read: () => ScaleReading): void {
  const lag = "How far the partition of ours that is furthest behind is behind the log";
  metrics.reading({ name: "processor_lag_seconds", help: lag }, () => read().lagSeconds);
  const unowned = "Partitions that nobody alive has, as seen from here";
  metrics.reading({ name: "processor_unowned_partitions_count", help: unowned }, () => read().unowned);
}
