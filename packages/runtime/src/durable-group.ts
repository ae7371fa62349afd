import type { DurableReader, LogPosition, LogRecord } from "@burnline/stream";
import { type Look, Pull, READ_BATCH_RECORDS_MAX, type RecordSource } from "./log-reader.ts";
import type { RecordFilter } from "./waiting-readers.ts";

/** Records that a group may hold without acknowledging them; at the cap its readers wait for acknowledgements. */
export const DURABLE_IN_FLIGHT_RECORDS_MAX = 4_096;

/** What of a group survives the process. */
export interface GroupProgress {
  /** Everything up to and with this position is done. */
  readonly floor: LogPosition;
  /** Done out of order, behind the floor. */
  readonly acknowledged: readonly LogPosition[];
}

/** Keeps a group's progress. `newlyAcknowledged` lies behind the floor; kept positions up to the floor may go. */
export type StoreProgress = (floor: LogPosition, newlyAcknowledged: readonly LogPosition[]) => Promise<void>;

/**
 * The readers of one durable name in this process: they share the work, and what a reader held when it closed goes to
 * another.
 *
 *      cursor ──deliver──▶ in flight ──acknowledge──▶ acknowledged ──▶ floor moves over it
 *                  ▲            │ reader closed
 *                  └─ returned ◀┘
 */
export class DurableGroup {
  readonly #source: RecordSource;
  readonly #filter: RecordFilter;
  readonly #store: StoreProgress;
  readonly #inFlight = new Map<LogPosition, Pull>();
  readonly #readers = new Set<Pull>();
  readonly #acknowledged: Set<LogPosition>;
  #returned: LogPosition[] = [];
  #cursor: LogPosition;

  constructor(source: RecordSource, subjectPrefix: string, progress: GroupProgress, store: StoreProgress) {
    this.#source = source;
    this.#filter = { partition: undefined, subjectPrefix };
    this.#store = store;
    this.#cursor = progress.floor;
    this.#acknowledged = new Set(progress.acknowledged);
  }

  get subjectPrefix(): string {
    return this.#filter.subjectPrefix;
  }

  join(): DurableReader {
    const pull = new Pull(this.#source.waiting, this.#filter);
    this.#readers.add(pull);
    return {
      next: (maxRecords, waitMs) => pull.next(() => this.#look(pull, maxRecords), waitMs),
      acknowledge: (records) => this.#acknowledge(records),
      close: async () => this.#leave(pull),
    };
  }

  /** Ends all readers, as the death of their process would: what they held goes to whoever joins next. */
  abandon(): void {
    for (const reader of [...this.#readers]) this.#leave(reader);
  }

  #look(reader: Pull, maxRecords: number): Look {
    const room = DURABLE_IN_FLIGHT_RECORDS_MAX - this.#inFlight.size;
    const limit = Math.min(maxRecords, READ_BATCH_RECORDS_MAX, room);
    if (limit <= 0) return [];
    let records: readonly LogRecord[];
    let isUnfinished = false;
    if (this.#returned.length > 0) {
      records = this.#source.at(this.#returned.splice(0, limit));
      isUnfinished = records.length === 0;
    } else {
      if (this.#cursor >= this.#source.lastPosition(undefined)) return [];
      const scan = this.#source.scan(this.#filter, this.#cursor, limit);
      this.#cursor = scan.through;
      records = scan.records.filter((record) => !this.#acknowledged.has(record.position));
      isUnfinished = records.length === 0;
    }
    for (const record of records) this.#inFlight.set(record.position, reader);
    return isUnfinished ? "unfinished" : records;
  }

  async #acknowledge(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    const done = new Set(records.map((record) => record.position));
    for (const position of done) this.#inFlight.delete(position);
    if (this.#returned.length > 0) this.#returned = this.#returned.filter((position) => !done.has(position));
    const floor = this.#floor();
    for (const position of this.#acknowledged) if (position <= floor) this.#acknowledged.delete(position);
    const behindFloor = [...done].filter((position) => position > floor);
    for (const position of behindFloor) this.#acknowledged.add(position);
    this.#wakeOthers();
    await this.#store(floor, behindFloor);
  }

  #floor(): LogPosition {
    let lowestOpen = this.#returned[0] ?? Number.POSITIVE_INFINITY;
    for (const position of this.#inFlight.keys()) lowestOpen = Math.min(lowestOpen, position);
    return Math.min(lowestOpen - 1, this.#cursor);
  }

  #leave(reader: Pull): void {
    reader.close();
    this.#readers.delete(reader);
    const held = [...this.#inFlight].filter(([, holder]) => holder === reader).map(([position]) => position);
    if (held.length === 0) return;
    for (const position of held) this.#inFlight.delete(position);
    this.#returned = [...this.#returned, ...held].sort((a, b) => a - b);
    this.#wakeOthers();
  }

  /** There is room or returned work again: readers that wait for appends have to look once more. */
  #wakeOthers(): void {
    for (const reader of this.#readers) reader.wake();
  }
}
