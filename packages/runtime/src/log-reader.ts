import { setImmediate as nextTurn } from "node:timers/promises";
import { assert } from "@burnline/std";
import {
  LogGapError,
  type LogPosition,
  type LogReader,
  type LogReaderOptions,
  type LogRecord,
  LogTailLostError,
} from "@burnline/stream";
import type { RecordFilter, Wait, WaitingReaders } from "./waiting-readers.ts";

/** A caller that asks for more gets this many records at most: about 1.5 MB of frames, a few ms of reading. */
export const READ_BATCH_RECORDS_MAX = 1_000;

/** What a log inside this process offers to its readers. */
export interface RecordSource {
  readonly waiting: WaitingReaders;
  /** Last position appended to this partition (undefined: to the log), known without a look into the store. */
  lastPosition(partition: number | undefined): LogPosition;
  /** First position held, or last + 1 when there is none; known without a look into the store while nothing is trimmed. */
  firstHeld(): LogPosition;
  /** The positions behind which the log lost everything, while it was open. */
  readonly tailsLost: readonly LogPosition[];
  /**
   * The next matching records behind a position, and how far the search has come. A bounded piece of work: it may come
   * back with no record before the end of the log is reached.
   */
  scan(filter: RecordFilter, after: LogPosition, maxRecords: number): Scan;
  /** The records at these positions that are still held, in the given order. */
  at(positions: readonly LogPosition[]): readonly LogRecord[];
}

export interface Scan {
  readonly records: readonly LogRecord[];
  /** Everything up to and with this position has been considered. */
  readonly through: LogPosition;
}

/** Reads from a position on. */
export class PositionedReader implements LogReader {
  readonly #source: RecordSource;
  readonly #filter: RecordFilter;
  readonly #pull: Pull;
  readonly #isGapless: boolean;
  #cursor: LogPosition;
  /** How many losses of its tail this reader knows of. */
  #tailsLost: number;

  constructor(source: RecordSource, options: LogReaderOptions) {
    this.#source = source;
    this.#filter = { partition: options.partition, subjectPrefix: options.subjectPrefix ?? "" };
    this.#pull = new Pull(source.waiting, this.#filter);
    this.#isGapless = options.isGapless ?? false;
    this.#cursor = options.after;
    this.#tailsLost = source.tailsLost.length;
  }

  next(maxRecords: number, waitMs: number): Promise<readonly LogRecord[]> {
    const limit = Math.min(maxRecords, READ_BATCH_RECORDS_MAX);
    return this.#pull.next(() => this.#look(limit), waitMs);
  }

  async close(): Promise<void> {
    this.#pull.close();
  }

  #look(limit: number): Look {
    if (this.#isGapless) this.#sayWhatIsMissing();
    if (this.#cursor >= this.#source.lastPosition(this.#filter.partition)) return [];
    const { records, through } = this.#source.scan(this.#filter, this.#cursor, limit);
    this.#cursor = through;
    return records.length > 0 ? records : "unfinished";
  }

  #sayWhatIsMissing(): void {
    const lost = this.#source.tailsLost.slice(this.#tailsLost);
    if (lost.some((after) => after < this.#cursor)) throw new LogTailLostError(this.#cursor);
    this.#tailsLost += lost.length;
    const first = this.#source.firstHeld();
    if (first <= this.#cursor + 1) return;
    const gap = new LogGapError(this.#cursor + 1, first);
    this.#cursor = first - 1;
    throw gap;
  }
}

/** Records, or "unfinished": none yet, and the end of the log is not reached. */
export type Look = readonly LogRecord[] | "unfinished";

/** The waiting half of a reader: one `next` at a time, woken by appends, ended by `close`. */
export class Pull {
  readonly #waiting: WaitingReaders;
  readonly #filter: RecordFilter;
  #wait: Wait | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(waiting: WaitingReaders, filter: RecordFilter) {
    this.#waiting = waiting;
    this.#filter = filter;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  async next(look: () => Look, waitMs: number): Promise<readonly LogRecord[]> {
    assert(!this.#isBusy, "a reader has one next() at a time");
    this.#isBusy = true;
    try {
      const deadlineMs = performance.now() + waitMs;
      while (!this.#isClosed) {
        const found = look();
        if (found === "unfinished") {
          // A long stretch without a match must not hold up the rest of the process.
          await nextTurn();
          continue;
        }
        if (found.length > 0) return found;
        const leftMs = waitMs > 0 ? deadlineMs - performance.now() : 0;
        if (leftMs <= 0) break;
        // No await since the look, so an append cannot slip through between looking and waiting.
        this.#wait = this.#waiting.wait(this.#filter, leftMs);
        await this.#wait.done;
      }
      return [];
    } finally {
      this.#isBusy = false;
      this.#wait = undefined;
    }
  }

  wake(): void {
    this.#wait?.wake();
  }

  close(): void {
    this.#isClosed = true;
    this.wake();
  }
}
