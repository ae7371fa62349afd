import { LogGapError, type LogRecord } from "@burnline/stream";

/** Records that were fetched and wait to be read, with a gap between them where the log was trimmed. */
export class ReadAhead {
  #records: LogRecord[] = [];
  #head = 0;
  #bytes = 0;
  #gap: { readonly error: LogGapError; readonly index: number } | undefined;

  get records(): number {
    return this.#records.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Neither a record nor a gap to be told of. */
  get isEmpty(): boolean {
    return this.records === 0 && this.#gap === undefined;
  }

  push(record: LogRecord): void {
    this.#records.push(record);
    this.#bytes += record.payload.byteLength;
  }

  /**
   * Stands in front of what is behind it; if that was read already, it is told next. A second one in front of which nobody
   * read the first is one with it.
   */
  pushGap(error: LogGapError): void {
    const behind = this.#records.findIndex(({ position }, at) => at >= this.#head && position >= error.firstPresent);
    const index = this.#gap?.index ?? (behind < 0 ? this.#records.length : behind);
    const firstMissing = this.#gap?.error.firstMissing ?? error.firstMissing;
    this.#gap = { error: new LogGapError(firstMissing, error.firstPresent), index };
  }

  /** @throws LogGapError in the place of the gap, once. */
  take(maxRecords: number): readonly LogRecord[] {
    if (this.#gap?.index === this.#head) {
      const { error } = this.#gap;
      this.#gap = undefined;
      throw error;
    }
    const end = Math.min(this.#head + maxRecords, this.#gap?.index ?? this.#records.length);
    const taken = this.#records.slice(this.#head, end);
    this.#head += taken.length;
    for (const { payload } of taken) this.#bytes -= payload.byteLength;
    if (this.isEmpty) {
      this.#records = [];
      this.#head = 0;
    }
    return taken;
  }
}
