import { assert } from "@burnline/std";
import type { LogPosition, LogReader, LogRecord } from "@burnline/stream";
import { READ_BATCH_RECORDS_MAX } from "./log-reader.ts";
import { natsFault } from "./nats-error.ts";
import type { NatsFeed } from "./nats-feed.ts";

/** Records that the server holds but does not deliver in this time are a failure. */
const CATCH_UP_MS_MAX = 5_000;

export interface NatsReaderOptions {
  readonly stream: string;
  /** Where the next record behind a position stands, asked of the stream itself; undefined: there is none. */
  readonly findNext: (after: LogPosition) => Promise<LogPosition | undefined>;
  readonly onClose: () => void;
}

/**
 * Reads from a position on. `next` with a wait takes what arrives; without a wait, and with nothing here, it asks the
 * stream whether there is more, so that [] means the end and not merely "nothing yet": one round trip.
 */
export class NatsReader implements LogReader {
  readonly #feed: NatsFeed;
  readonly #options: NatsReaderOptions;
  #isBusy = false;
  #isClosed = false;

  constructor(feed: NatsFeed, options: NatsReaderOptions) {
    this.#feed = feed;
    this.#options = options;
  }

  async next(maxRecords: number, waitMs: number): Promise<readonly LogRecord[]> {
    assert(!this.#isBusy, "a reader has one next() at a time");
    this.#isBusy = true;
    try {
      const limit = Math.min(maxRecords, READ_BATCH_RECORDS_MAX);
      const deadlineMs = waitMs > 0 ? performance.now() + waitMs : 0;
      while (!this.#isClosed) {
        const records = this.#feed.take(limit);
        if (records.length > 0) return records;
        if (waitMs > 0) {
          const leftMs = deadlineMs - performance.now();
          if (leftMs <= 0) break;
          await this.#feed.arrival(leftMs);
        } else if (!(await this.#catchUp())) break;
      }
      return [];
    } finally {
      this.#isBusy = false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#options.onClose();
    this.#feed.close();
  }

  /** False at the end of the stream; otherwise the next record has arrived. */
  async #catchUp(): Promise<boolean> {
    const next = await this.#options.findNext(this.#feed.received);
    if (next === undefined) return false;
    const deadlineMs = performance.now() + CATCH_UP_MS_MAX;
    while (!this.#isClosed && !this.#feed.isReady && this.#feed.received < next) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw natsFault("unreachable", `stream ${this.#options.stream}`, `record ${next} is held back`);
      await this.#feed.arrival(leftMs);
    }
    return true;
  }
}
