import type { Clock } from "@burnline/std";
import type { IngestMetrics } from "./ingest-metrics.ts";

/** Readings closer together than this give the same rate. */
const READING_INTERVAL_MS = 1_000;

/** What the autoscaler looks at, beside how busy the process is. */
export interface ScaleReading {
  /** Bytes of admitted frames per second since the last reading. */
  readonly bytesPerSecond: number;
}

/** Measures how much comes in through this process. */
export class IngestScale {
  readonly #clock: Clock;
  #bytes = 0;
  #bytesPerSecond = 0;
  #readMs: number;

  /** @param clock must not go back */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#readMs = clock.nowMs();
  }

  /** The same metrics, with an eye on the bytes. */
  watch(metrics: IngestMetrics): IngestMetrics {
    return {
      ...metrics,
      frameAdmitted: (samples, bytes) => {
        this.#bytes += bytes;
        metrics.frameAdmitted(samples, bytes);
      },
    };
  }

  read(): ScaleReading {
    const nowMs = this.#clock.nowMs();
    const tookMs = nowMs - this.#readMs;
    if (tookMs >= READING_INTERVAL_MS) {
      this.#bytesPerSecond = Math.round((this.#bytes / tookMs) * 1_000);
      this.#bytes = 0;
      this.#readMs = nowMs;
    }
    return { bytesPerSecond: this.#bytesPerSecond };
  }
}
