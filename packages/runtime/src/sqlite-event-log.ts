import { setImmediate as nextTurn } from "node:timers/promises";
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
import { DurableGroup } from "./durable-group.ts";
import { PositionedReader, type RecordSource, type Scan } from "./log-reader.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";
import { type LogStatements, prepareLogStatements } from "./sqlite-log-statements.ts";
import { SqliteSubjects } from "./sqlite-subjects.ts";
import { type RecordFilter, WaitingReaders } from "./waiting-readers.ts";

/** Positions looked at per scan when only some subjects are wanted. */
const SCAN_POSITIONS_MAX = 4_096;

/** Records removed per transaction, so that trimming never holds up the appends for long. */
const TRIM_RECORDS_PER_STEP = 2_000;

type Row = Record<string, unknown>;

/**
 * One named log of the data folder. The last position of each partition is held in memory, so a reader whose partition
 * is quiet costs no query.
 */
export class SqliteEventLog implements EventLog, RecordSource {
  readonly name: string;
  readonly waiting = new WaitingReaders();
  /** The state is in the same file, and goes back together with the log. */
  readonly tailsLost = [];
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;
  readonly #sql: LogStatements;
  readonly #subjects: SqliteSubjects;
  readonly #groups = new Map<string, DurableGroup>();
  readonly #lastByPartition = new Map<number, LogPosition>();
  /** The last position in the database, and the last one given inside the transaction that is being made. */
  #last: LogPosition = 0;
  #lastGiven: LogPosition = 0;
  /** Known until something is trimmed. */
  #first: LogPosition | undefined;

  constructor(db: SqliteDatabase, name: string, clock: Clock) {
    assert(/^[a-z][a-z0-9_]{0,31}$/.test(name), `a log name is up to 32 of a-z, 0-9 and _, not "${name}"`);
    db.claimLog(name);
    this.name = name;
    this.#db = db;
    this.#clock = clock;
    this.#sql = db.guarded(() => prepareLogStatements(db, name));
    this.#subjects = db.guarded(() => new SqliteSubjects(db, `log_${name}_subjects`));
    db.guarded(() => this.#readLastPositions());
  }

  append(records: readonly LogAppend[]): Promise<readonly LogPosition[]> {
    let positions: readonly LogPosition[] = [];
    const run = () => {
      const appendedAtMs = this.#clock.nowMs();
      positions = records.map((record) => this.#insert(record, appendedAtMs));
      return positions;
    };
    const committed = () => {
      this.#subjects.committed();
      const lastBefore = this.#last;
      records.forEach(({ partition }, index) => {
        const position = positions[index] ?? 0;
        if (position <= lastBefore) return;
        this.#lastByPartition.set(partition, position);
        this.#last = Math.max(this.#last, position);
      });
      if (this.#last > lastBefore) this.waiting.wakeFor(records);
    };
    const rolledBack = () => {
      this.#subjects.rolledBack();
      this.#lastGiven = this.#last;
    };
    return this.#db.write(run, { committed, rolledBack });
  }

  #insert({ partition, subject, payload, messageId }: LogAppend, appendedAtMs: number): LogPosition {
    const position = this.#lastGiven + 1;
    const id = this.#subjects.intern(subject);
    const { changes } = this.#sql.insert.run(position, partition, id, appendedAtMs, messageId ?? null, payload);
    if (changes === 0) return Number(this.#sql.positionOfId.get(messageId ?? null)?.position);
    this.#lastGiven = position;
    return position;
  }

  async open(options: LogReaderOptions): Promise<LogReader> {
    return new PositionedReader(this, options);
  }

  async openDurable(name: string, subjectPrefix: string): Promise<DurableReader> {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = await this.#loadGroup(name, subjectPrefix);
      // Another call may have loaded it while this one waited for its first write.
      group = this.#groups.get(name) ?? group;
      this.#groups.set(name, group);
    }
    assert(group.subjectPrefix === subjectPrefix, `durable reader ${name} was opened with another subject prefix`);
    return group.join();
  }

  async #loadGroup(name: string, subjectPrefix: string): Promise<DurableGroup> {
    const row = this.#db.guarded(() => this.#sql.durable.get(name));
    if (row === undefined) await this.#db.write(() => this.#sql.addDurable.run(name, subjectPrefix));
    const acknowledged = this.#db.guarded(() => this.#sql.durableAcks.all(name)).map((ack) => Number(ack.position));
    const progress = { floor: Number(row?.floor ?? 0), acknowledged };
    return new DurableGroup(this, String(row?.subject_prefix ?? subjectPrefix), progress, (floor, acks) =>
      this.#db.write(() => {
        this.#sql.setFloor.run(floor, name);
        this.#sql.dropAcks.run(name, floor);
        for (const position of acks) this.#sql.addAck.run(name, position);
      }),
    );
  }

  async appendedAtMs(position: LogPosition): Promise<number | undefined> {
    return this.at([position])[0]?.appendedAtMs;
  }

  async bounds(): Promise<{ first: LogPosition; last: LogPosition }> {
    return { first: this.firstHeld(), last: this.#last };
  }

  async firstPosition(partition: number): Promise<LogPosition> {
    const first = this.#db.guarded(() => this.#sql.firstOfPartition.get(partition))?.first;
    return typeof first === "number" ? first : this.#last + 1;
  }

  async newest(partition: number, subjectPrefix: string): Promise<LogRecord | undefined> {
    const wanted = JSON.stringify(this.#subjects.idsWithPrefix(subjectPrefix));
    const position = this.#db.guarded(() => this.#sql.newest.get(partition, wanted))?.position;
    return typeof position === "number" ? this.at([position])[0] : undefined;
  }

  /** Forgets everything in front of this position, with its message ids. Positions are never given again. */
  async trim(before: LogPosition): Promise<void> {
    const limit = Math.min(before, this.#last + 1);
    await this.#db.write(() => this.#sql.keepLast.run(this.#last));
    for (;;) {
      const { changes } = await this.#db.write(() => this.#sql.trim.run(limit, TRIM_RECORDS_PER_STEP));
      this.#first = undefined;
      if (changes === 0) return;
      await nextTurn();
    }
  }

  /**
   * Forgets records with this subject prefix that are older than a moment: window facts that nobody can scroll back to.
   * @returns how many went.
   */
  async trimOlder(subjectPrefix: string, appendedBeforeMs: number): Promise<number> {
    const wanted = JSON.stringify(this.#subjects.idsWithPrefix(subjectPrefix));
    const last = this.#last;
    // The newest record may be among them; its position must not come again after a restart.
    await this.#db.write(() => this.#sql.keepLast.run(last));
    let removed = 0;
    for (let from = (await this.bounds()).first - 1; from < last; from += TRIM_RECORDS_PER_STEP) {
      const to = Math.min(from + TRIM_RECORDS_PER_STEP, last);
      const { changes } = await this.#db.write(() => this.#sql.trimOlder.run(from, to, appendedBeforeMs, wanted));
      this.#first = undefined;
      removed += Number(changes);
    }
    return removed;
  }

  lastPosition(partition: number | undefined): LogPosition {
    return partition === undefined ? this.#last : (this.#lastByPartition.get(partition) ?? 0);
  }

  firstHeld(): LogPosition {
    if (this.#first === undefined) {
      const first = this.#db.guarded(() => this.#sql.bounds.get())?.first;
      this.#first = typeof first === "number" ? first : undefined;
    }
    return this.#first ?? this.#last + 1;
  }

  scan(filter: RecordFilter, after: LogPosition, maxRecords: number): Scan {
    return this.#db.guarded(() =>
      filter.subjectPrefix === ""
        ? this.#scanAll(filter.partition, after, maxRecords)
        : this.#scanWanted(filter, after, maxRecords),
    );
  }

  #scanAll(partition: number | undefined, after: LogPosition, maxRecords: number): Scan {
    const rows =
      partition === undefined
        ? this.#sql.ofLog.all(after, maxRecords)
        : this.#sql.ofPartition.all(partition, after, maxRecords);
    const records = rows.map((row) => this.#toRecord(row));
    return { records, through: records.at(-1)?.position ?? this.#last };
  }

  #scanWanted({ partition, subjectPrefix }: RecordFilter, after: LogPosition, maxRecords: number): Scan {
    const to = Math.min(after + SCAN_POSITIONS_MAX, this.#last);
    const wanted = JSON.stringify(this.#subjects.idsWithPrefix(subjectPrefix));
    const rows =
      partition === undefined
        ? this.#sql.ofLogWanted.all(after, to, wanted, maxRecords)
        : this.#sql.ofPartitionWanted.all(partition, after, to, wanted, maxRecords);
    const records = rows.map((row) => this.#toRecord(row));
    return { records, through: records.length === maxRecords ? (records.at(-1)?.position ?? to) : to };
  }

  at(positions: readonly LogPosition[]): readonly LogRecord[] {
    return this.#db.guarded(() =>
      positions.flatMap((position) => {
        const row = this.#sql.at.get(position);
        return row === undefined ? [] : [this.#toRecord(row)];
      }),
    );
  }

  #toRecord(row: Row): LogRecord {
    return {
      position: row.position as number,
      partition: row.partition as number,
      subject: this.#subjects.subject(row.subject_id as number),
      appendedAtMs: row.appended_at_ms as number,
      payload: row.payload as Uint8Array,
    };
  }

  #readLastPositions(): void {
    const lastKept = Number(this.#sql.lastKept.get()?.last_position ?? 0);
    this.#last = Math.max(Number(this.#sql.lastPosition.get()?.last ?? 0), lastKept);
    this.#lastGiven = this.#last;
    let partition = this.#sql.partitionBehind.get(-1)?.partition;
    while (typeof partition === "number") {
      this.#lastByPartition.set(partition, Number(this.#sql.lastOfPartition.get(partition)?.last));
      partition = this.#sql.partitionBehind.get(partition)?.partition;
    }
  }
}
