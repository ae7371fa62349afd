/** Records fetched ahead of who reads them; at the cap the server is not asked for more. */
const RECORDS_MAX = 1_000;
/**
 * Bytes fetched ahead. 64 readers of one connection stay under the 64 MiB that a server queues for a connection before
 * it cuts it as a slow consumer (max_pending).
 */
const BYTES_MAX = 512 * 1024;
/** A record that is larger raises the limit of its reader, up to the largest that a server can be set to take. */
const RECORD_BYTES_MAX = 64 * 1024 * 1024;

export interface PullRequest {
  readonly records: number;
  readonly bytes: number;
}

/** How much a feed may still ask its consumer for: what was asked for and what waits to be read both count. */
export class PullBudget {
  #records = 0;
  #bytes = 0;
  #bytesMax = BYTES_MAX;

  /** Whether an answer is outstanding. */
  get isOutstanding(): boolean {
    return this.#records > 0;
  }

  /** The next request, counted as made; undefined while less than half of the budget is free. */
  request(waitingRecords: number, waitingBytes: number): PullRequest | undefined {
    const records = RECORDS_MAX - waitingRecords - this.#records;
    const bytes = this.#bytesMax - waitingBytes - this.#bytes;
    if (records < RECORDS_MAX / 2 || bytes < this.#bytesMax / 2) return undefined;
    this.#records += records;
    this.#bytes += bytes;
    return { records, bytes };
  }

  /** @returns whether all that was asked for has come. */
  delivered(bytes: number): boolean {
    this.#give(1, bytes);
    return !this.isOutstanding;
  }

  /**
   * A request is over with this much of it left; undefined: all of it. A request ends by bytes whenever the next record
   * does not fit; only if plenty was left the limit is too low for the records.
   */
  ended(left: PullRequest | undefined, isByBytes: boolean): void {
    const { records, bytes } = left ?? { records: this.#records, bytes: this.#bytes };
    this.#give(records, bytes);
    if (isByBytes && bytes > this.#bytesMax / 4) this.#bytesMax = Math.min(RECORD_BYTES_MAX, 4 * this.#bytesMax);
  }

  /** The consumer is gone, and all requests with it. */
  reset(): void {
    this.#give(this.#records, this.#bytes);
  }

  #give(records: number, bytes: number): void {
    this.#records = Math.max(0, this.#records - records);
    this.#bytes = this.#records === 0 ? 0 : Math.max(0, this.#bytes - bytes);
  }
}
