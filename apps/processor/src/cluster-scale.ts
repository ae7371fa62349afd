import { performance } from "node:perf_hooks";
import type { Clock } from "@burnline/std";

/** What the autoscaler looks at, per process. */
export interface ScaleReading {
  /** Share of the time since the last reading in which the event loop was busy, 0 to 1. */
  readonly busy: number;
  /** How far the partition that is furthest behind is behind the log, in seconds. */
  readonly lagSeconds: number;
  /** Partitions that nobody alive has, as seen from here. */
  readonly unowned: number;
}

/** Readings closer together than this give the same share. */
const BUSY_INTERVAL_MS = 1_000;
/** A lag that was measured longer ago says nothing any more: there is a record every second while a race runs. */
const LAG_VALID_MS = 10_000;

/** Measures how much this process has to do. */
export class ClusterScale {
  readonly #clock: Clock;
  readonly #lags = new Map<number, { lagMs: number; atMs: number }>();
  #utilization = performance.eventLoopUtilization();
  #readMs: number;
  #busy = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#readMs = clock.nowMs();
  }

  committed(partition: number, lagMs: number): void {
    this.#lags.set(partition, { lagMs, atMs: this.#clock.nowMs() });
  }

  forget(partition: number): void {
    this.#lags.delete(partition);
  }

  read(unowned: number): ScaleReading {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readMs >= BUSY_INTERVAL_MS) {
      const utilization = performance.eventLoopUtilization();
      this.#busy = performance.eventLoopUtilization(utilization, this.#utilization).utilization;
      this.#utilization = utilization;
      this.#readMs = nowMs;
    }
    const lags = [...this.#lags.values()].map(({ lagMs, atMs }) => (nowMs - atMs <= LAG_VALID_MS ? lagMs : 0));
    const rounded = (value: number) => Math.round(value * 1_000) / 1_000;
    return { busy: rounded(this.#busy), lagSeconds: rounded(Math.max(0, ...lags) / 1_000), unowned };
  }
}
