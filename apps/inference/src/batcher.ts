export interface BatcherOptions {
  /** Most items in one batch; more wait for the next. */
  readonly batchMax: number;
  /** How long the first item of a batch waits for company. */
  readonly delayMs: number;
  /** Items that may wait; one more pushes the oldest out. */
  readonly queueCap: number;
}

// 256 windows take about 0.1 ms in the model (models/burn-residual/1/card.md), far below the 2 ms that a run may block
// the event loop. 2 ms of waiting catches the windows of all cars, which the processor emits in one tick.
export const BATCHER_DEFAULTS: BatcherOptions = { batchMax: 256, delayMs: 2, queueCap: 1024 };

/**
 * Dynamic batching: a batch is due when it is full or when its first item has waited long enough. Knows no clock and no
 * model. At the cap the oldest item leaves and is handed back: a correction is worth the more the younger its window is.
 */
export class Batcher<Item> {
  readonly options: BatcherOptions;
  #waiting: { readonly item: Item; readonly sinceMs: number }[] = [];

  constructor(options: BatcherOptions = BATCHER_DEFAULTS) {
    const { batchMax, delayMs, queueCap } = options;
    const sound = Number.isInteger(batchMax) && batchMax >= 1 && Number.isInteger(queueCap) && delayMs >= 0;
    if (!sound || queueCap < batchMax) {
      throw new Error(`batcher needs 1 <= batchMax <= queueCap and delayMs >= 0, not ${JSON.stringify(options)}`);
    }
    this.options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** Takes items in; returns those that had to leave for them, oldest first. */
  push(items: readonly Item[], nowMs: number): Item[] {
    for (const item of items) this.#waiting.push({ item, sinceMs: nowMs });
    const excess = this.#waiting.length - this.options.queueCap;
    return excess > 0 ? this.#waiting.splice(0, excess).map(({ item }) => item) : [];
  }

  /** Ms until a batch is due; 0 = now; undefined = nothing waits. */
  dueInMs(nowMs: number): number | undefined {
    const oldest = this.#waiting[0];
    if (oldest === undefined) return undefined;
    if (this.#waiting.length >= this.options.batchMax) return 0;
    return Math.max(0, oldest.sinceMs + this.options.delayMs - nowMs);
  }

  /** The oldest items, in order, at most one batch; whether due or not. */
  take(): Item[] {
    return this.#waiting.splice(0, this.options.batchMax).map(({ item }) => item);
  }
}
