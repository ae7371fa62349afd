import type { Clock } from "@burnline/std";
import { assert } from "@burnline/std";
import type {
  DurableReader,
  EventLog,
  LogAppend,
  LogPosition,
  LogReader,
  LogReaderOptions,
  LogRecord,
} from "@burnline/stream";
import { DurableGroup, type GroupProgress } from "./durable-group.ts";
import { PositionedReader, type RecordSource, type Scan } from "./log-reader.ts";
import { StorageError } from "./storage-error.ts";
import { type RecordFilter, WaitingReaders } from "./waiting-readers.ts";

/** Payload bytes held; at the cap an append is refused ("full") and nothing is lost. Trimming makes room. */
export const MEMORY_LOG_BYTES_MAX = 2 * 1024 ** 3;

/** Non-matching records looked at per scan. */
const SCAN_RECORDS_MAX = 4_096;

/**
 * An event log in this process, for tests, the simulation and headless reports. Deterministic: with `waitMs` 0 no timer
 * and no clock but the given one takes part. It lives as long as the object, so reopening means using it again.
 */
export class MemoryEventLog implements EventLog, RecordSource {
  readonly waiting = new WaitingReaders();
  readonly tailsLost: LogPosition[] = [];
  readonly #clock: Clock;
  readonly #bytesMax: number;
  readonly #records: LogRecord[] = [];
  readonly #byPartition = new Map<number, LogRecord[]>();
  readonly #idsByPosition = new Map<LogPosition, string>();
  readonly #positionsById = new Map<string, LogPosition>();
  readonly #groups = new Map<string, DurableGroup>();
  #last: LogPosition = 0;
  #bytes = 0;

  constructor(clock: Clock, options: { readonly bytesMax?: number } = {}) {
    this.#clock = clock;
    this.#bytesMax = options.bytesMax ?? MEMORY_LOG_BYTES_MAX;
  }

  async append(records: readonly LogAppend[]): Promise<readonly LogPosition[]> {
    const added = records.reduce((sum, record) => sum + record.payload.byteLength, 0);
    if (this.#bytes + added > this.#bytesMax) {
      throw new StorageError(
        "full",
        `The in-memory log holds its most of ${this.#bytesMax} bytes: use a data folder for a race this long.`,
      );
    }
    const positions = records.map((record) => this.#appendOne(record));
    this.waiting.wakeFor(records);
    return positions;
  }

  #appendOne({ partition, subject, payload, messageId }: LogAppend): LogPosition {
    const known = messageId === undefined ? undefined : this.#positionsById.get(messageId);
    if (known !== undefined) return known;
    this.#last += 1;
    const record = { position: this.#last, partition, subject, appendedAtMs: this.#clock.nowMs(), payload };
    this.#records.push(record);
    const ofPartition = this.#byPartition.get(partition);
    if (ofPartition === undefined) this.#byPartition.set(partition, [record]);
    else ofPartition.push(record);
    if (messageId !== undefined) {
      this.#positionsById.set(messageId, record.position);
      this.#idsByPosition.set(record.position, messageId);
    }
    this.#bytes += payload.byteLength;
    return record.position;
  }

  async open(options: LogReaderOptions): Promise<LogReader> {
    return new PositionedReader(this, options);
  }

  async openDurable(name: string, subjectPrefix: string): Promise<DurableReader> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      const start: GroupProgress = { floor: 0, acknowledged: [] };
      group = new DurableGroup(this, subjectPrefix, start, async () => {});
      this.#groups.set(name, group);
    }
    assert(group.subjectPrefix === subjectPrefix, `durable reader ${name} was opened with another subject prefix`);
    return group.join();
  }

  /** Ends all durable readers, as the death of their process would: what they did not acknowledge comes again. */
  abandonDurableReaders(): void {
    for (const group of this.#groups.values()) group.abandon();
  }

  async appendedAtMs(position: LogPosition): Promise<number | undefined> {
    return this.at([position])[0]?.appendedAtMs;
  }

  async bounds(): Promise<{ first: LogPosition; last: LogPosition }> {
    return { first: this.firstHeld(), last: this.#last };
  }

  async firstPosition(partition: number): Promise<LogPosition> {
    return this.#byPartition.get(partition)?.[0]?.position ?? this.#last + 1;
  }

  async newest(partition: number, subjectPrefix: string): Promise<LogRecord | undefined> {
    return this.#byPartition.get(partition)?.findLast((record) => record.subject.startsWith(subjectPrefix));
  }

  /** Forgets everything in front of this position, with its message ids. Positions are never given again. */
  async trim(before: LogPosition): Promise<void> {
    const removed = this.#records.splice(0, indexBehind(this.#records, before - 1));
    for (const ofPartition of this.#byPartition.values()) {
      ofPartition.splice(0, indexBehind(ofPartition, before - 1));
    }
    for (const record of removed) this.#forget(record);
  }

  /**
   * Loses everything behind this position, as a server does whose newest records never reached its disk: their positions
   * are given again. For tests and the simulation.
   */
  loseTail(after: LogPosition): void {
    const lost = this.#records.splice(indexBehind(this.#records, after));
    for (const ofPartition of this.#byPartition.values()) ofPartition.splice(indexBehind(ofPartition, after));
    for (const record of lost) this.#forget(record);
    this.#last = Math.min(this.#last, after);
    this.tailsLost.push(after);
  }

  #forget({ position, payload }: LogRecord): void {
    this.#bytes -= payload.byteLength;
    const id = this.#idsByPosition.get(position);
    if (id !== undefined) this.#positionsById.delete(id);
    this.#idsByPosition.delete(position);
  }

  lastPosition(partition: number | undefined): LogPosition {
    return partition === undefined ? this.#last : (this.#byPartition.get(partition)?.at(-1)?.position ?? 0);
  }

  firstHeld(): LogPosition {
    return this.#records[0]?.position ?? this.#last + 1;
  }

  scan(filter: RecordFilter, after: LogPosition, maxRecords: number): Scan {
    const source = filter.partition === undefined ? this.#records : (this.#byPartition.get(filter.partition) ?? []);
    const from = indexBehind(source, after);
    if (filter.subjectPrefix === "") {
      const records = source.slice(from, from + maxRecords);
      return { records, through: records.at(-1)?.position ?? this.#last };
    }
    const records: LogRecord[] = [];
    const end = Math.min(source.length, from + SCAN_RECORDS_MAX);
    for (let index = from; index < end; index++) {
      const record = source[index];
      if (record?.subject.startsWith(filter.subjectPrefix)) records.push(record);
      if (records.length === maxRecords) return { records, through: record?.position ?? after };
    }
    return { records, through: end === source.length ? this.#last : (source[end - 1]?.position ?? after) };
  }

  at(positions: readonly LogPosition[]): readonly LogRecord[] {
    return positions.flatMap((position) => {
      const record = this.#records[indexBehind(this.#records, position - 1)];
      return record?.position === position ? [record] : [];
    });
  }
}

/** Index of the first record behind a position, by halving. */
function indexBehind(records: readonly LogRecord[], position: LogPosition): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const record = records[middle];
    if (record !== undefined && record.position <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}
