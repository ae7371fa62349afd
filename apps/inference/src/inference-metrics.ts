import type { Metrics } from "@burnline/runtime";
import type { Outcome } from "./forecaster.ts";

/** What inference counts for the outside. Names and units are those of the exported metrics. */
export interface InferenceMetrics {
  /** inference_windows_total{outcome} */
  countWindows(outcome: Outcome, count: number): void;
  /** inference_batch_windows_count, inference_run_seconds */
  observeRun(windows: number, seconds: number): void;
}

/** Windows per run of the model, up to a full batch. */
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 40, 80, 160, 256];

/** A run blocks the event loop, so its buckets are fine below the 2 ms that it may take. */
const RUN_BUCKETS_SECONDS = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05];

export function inferenceMetrics(metrics: Metrics): InferenceMetrics {
  const windows = metrics.counter({
    name: "inference_windows_total",
    help: "Window facts by what became of them",
    labels: ["outcome"],
  });
  const batch = metrics.histogram({
    name: "inference_batch_windows_count",
    help: "Windows in one run of the model",
    buckets: BATCH_BUCKETS,
  });
  const run = metrics.histogram({
    name: "inference_run_seconds",
    help: "One run of the model, which blocks the event loop",
    buckets: RUN_BUCKETS_SECONDS,
  });
  return {
    countWindows: (outcome, count) => windows.add(count, { outcome }),
    observeRun: (count, seconds) => {
      batch.observe(count);
      run.observe(seconds);
    },
  };
}

/** What the service did since it started. */
export interface InferenceStats {
  /** Windows by what became of them. */
  readonly windows: Readonly<Partial<Record<Outcome, number>>>;
  /** Runs of the model. */
  readonly batches: number;
  readonly largestBatch: number;
  /** Longest single run of the model, which is how long the event loop stood still. */
  readonly longestRunMs: number;
  readonly queued: number;
}

/** Counts every window exactly once by its outcome, and how long the model blocked the event loop. */
export class InferenceCounts {
  readonly #metrics: InferenceMetrics | undefined;
  readonly #windows = new Map<Outcome, number>();
  #batches = 0;
  #largestBatch = 0;
  #longestRunMs = 0;

  constructor(metrics?: InferenceMetrics) {
    this.#metrics = metrics;
  }

  countWindows(outcome: Outcome, count: number): void {
    if (count === 0) return;
    this.#windows.set(outcome, (this.#windows.get(outcome) ?? 0) + count);
    this.#metrics?.countWindows(outcome, count);
  }

  async timeRun<T>(windows: number, run: () => Promise<T>): Promise<T> {
    const beganMs = performance.now();
    try {
      return await run();
    } finally {
      const tookMs = performance.now() - beganMs;
      this.#batches++;
      this.#largestBatch = Math.max(this.#largestBatch, windows);
      this.#longestRunMs = Math.max(this.#longestRunMs, tookMs);
      this.#metrics?.observeRun(windows, tookMs / 1e3);
    }
  }

  stats(queued: number): InferenceStats {
    return {
      windows: Object.fromEntries(this.#windows),
      batches: this.#batches,
      largestBatch: this.#largestBatch,
      longestRunMs: this.#longestRunMs,
      queued,
    };
  }
}
