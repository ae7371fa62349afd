import type { Outcome } from "./forecaster.ts";

/** Where the numbers go besides `stats()`; the runtime's metrics registry in a running service. */
export interface MeterSink {
  countWindows(outcome: Outcome, count: number): void;
  observeBatch(windows: number, seconds: number): void;
}

/** What the service did since it started. */
export interface InferenceStats {
  /** Windows by what became of them. */
  readonly windows: Readonly<Partial<Record<Outcome, number>>>;
  readonly batches: number;
  readonly largestBatch: number;
  /** Longest single run of the model, which is how long the event loop stood still. */
  readonly longestRunMs: number;
  readonly queued: number;
}

/** Counts every window exactly once by its outcome, and how long the model blocked the event loop. */
export class Meters {
  readonly #sink: MeterSink | undefined;
  readonly #windows = new Map<Outcome, number>();
  #batches = 0;
  #largestBatch = 0;
  #longestRunMs = 0;

  constructor(sink?: MeterSink) {
    this.#sink = sink;
  }

  countWindows(outcome: Outcome, count: number): void {
    if (count === 0) return;
    this.#windows.set(outcome, (this.#windows.get(outcome) ?? 0) + count);
    this.#sink?.countWindows(outcome, count);
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
      this.#sink?.observeBatch(windows, tookMs / 1e3);
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
