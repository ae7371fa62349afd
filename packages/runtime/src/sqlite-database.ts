import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { assert } from "@burnline/std";
import { StorageError, toStorageError } from "./storage-error.ts";

export const DATABASE_FILE = "burnline.db";
const LOCK_FILE = "burnline.lock";

/** "BRNL": tells a foreign SQLite file from ours. */
const APPLICATION_ID = 0x42524e4c;
const SCHEMA_VERSION = 1;

/** Writes that may wait for the next group commit; one more is refused ("overloaded"). 20 s of a 40-car race. */
export const WRITES_WAITING_MAX = 20_000;

/** WAL pages between checkpoints. Bigger than SQLite's 1,000: hot state pages are then copied back less often. */
const CHECKPOINT_PAGES = 8_000;

export interface SqliteOptions {
  /**
   * "process" (default): synchronous=NORMAL. Nothing acknowledged is lost when the process dies, also by kill -9: it is
   * in the operating system's cache. A power cut or kernel crash may take back the last seconds, log, state and
   * snapshots together to one earlier moment, without damage; the feed's source would have to send them again.
   * "full": synchronous=FULL. A commit waits for the disk; a power cut loses nothing acknowledged. Costs one fsync per
   * group commit: about 1 ms on NVMe, 10 ms and more on a spinning disk.
   */
  readonly durability?: "process" | "full";
  /** The database file grows no further than this; then writes fail as on a full disk. Default: no limit but the disk. */
  readonly bytesMax?: number;
}

/** One write inside a group commit. */
interface WaitingWrite {
  /** Runs inside the transaction; a throw takes back only this write. */
  readonly run: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (reason: unknown) => void;
  readonly committed: (() => void) | undefined;
  readonly rolledBack: (() => void) | undefined;
}

export interface WriteHooks {
  /** After the commit, before the promise resolves. */
  readonly committed?: () => void;
  /** What `run` did is not in the database; it may be called again. */
  readonly rolledBack?: () => void;
}

/**
 * The one database of a data folder, its lock and its one writer. Everything written in one turn of the event loop goes
 * into one transaction (group commit), in the order of the calls; each promise resolves when its transaction is in.
 */
export class SqliteDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #logNames = new Set<string>();
  #waiting: WaitingWrite[] = [];
  #isFlushPlanned = false;
  #isClosed = false;

  constructor(path: string, database: DatabaseSync, lock: DatabaseSync) {
    this.path = path;
    this.#database = database;
    this.#lock = lock;
  }

  /** A prepared statement, kept for the next use. */
  prepare(sql: string): StatementSync {
    this.#assertOpen();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#assertOpen();
    this.guarded(() => this.#database.exec(sql));
  }

  /** Runs a read; what SQLite throws comes out as a StorageError. */
  guarded<T>(work: () => T): T {
    this.#assertOpen();
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, this.path);
    }
  }

  /** Queues a write for the group commit at the end of this turn of the event loop. */
  write<T>(run: () => T, hooks: WriteHooks = {}): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#isClosed) reject(this.#closedError());
    else if (this.#waiting.length >= WRITES_WAITING_MAX) {
      reject(
        new StorageError(
          "overloaded",
          `${WRITES_WAITING_MAX} writes wait for ${this.path}: the disk or the processor is too slow for this load.`,
        ),
      );
    } else {
      this.#waiting.push({ run, resolve, reject, committed: hooks.committed, rolledBack: hooks.rolledBack });
      if (!this.#isFlushPlanned) {
        this.#isFlushPlanned = true;
        setImmediate(() => this.#flush());
      }
    }
    return promise;
  }

  /** A log's positions live in memory, so two objects must not write one log. */
  claimLog(name: string): void {
    assert(!this.#logNames.has(name), `log ${name} of ${this.path} is already open in this process`);
    this.#logNames.add(name);
  }

  /** Finishes the waiting writes and gives the folder free. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#statements.clear();
    this.#database.close();
    this.#lock.close();
  }

  #flush(): void {
    this.#isFlushPlanned = false;
    const group = this.#waiting;
    if (group.length === 0 || this.#isClosed) return;
    this.#waiting = [];
    if (this.#commitGroup(group) || group.length === 1) return;
    // One bad write must not take its neighbours with it: each gets a transaction of its own.
    for (const write of group) this.#commitGroup([write]);
  }

  /** False when nothing was written; the writes of a group of more than one are then still unanswered. */
  #commitGroup(group: readonly WaitingWrite[]): boolean {
    const values: unknown[] = [];
    try {
      this.prepare("BEGIN IMMEDIATE").run();
      for (const write of group) values.push(write.run());
      this.prepare("COMMIT").run();
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      for (const write of group.slice(0, values.length + 1)) write.rolledBack?.();
      if (group.length === 1) group[0]?.reject(toStorageError(error, this.path));
      return false;
    }
    group.forEach((write, index) => {
      write.committed?.();
      write.resolve(values[index] as never);
    });
    return true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw this.#closedError();
  }

  #closedError(): StorageError {
    return new StorageError("closed", `${this.path} is closed already.`);
  }
}

/**
 * Opens (or makes) the database of a data folder for this process alone.
 * @throws StorageError with one sentence that says what to do: locked, unusable, corrupt, newer, full.
 */
export function openSqlite(folder: string, options: SqliteOptions = {}): SqliteDatabase {
  const path = join(folder, DATABASE_FILE);
  let lock: DatabaseSync | undefined;
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    lock = lockFolder(folder);
    database = new DatabaseSync(path, { timeout: 0 });
    configure(database, path, options);
    return new SqliteDatabase(path, database, lock);
  } catch (error) {
    database?.close();
    lock?.close();
    throw toStorageError(error, error instanceof Error && "syscall" in error ? folder : path);
  }
}

/**
 * An exclusive transaction on a second file, held as long as the process lives. It is a lock of the operating system, so
 * it also goes away with kill -9 and never has to be cleaned up by hand.
 */
function lockFolder(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    const translated = toStorageError(error, join(folder, LOCK_FILE));
    if (!(translated instanceof StorageError) || translated.fault !== "locked") throw translated;
    throw new StorageError(
      "locked",
      `Another Burnline is using the data folder ${folder}: stop it, or choose another folder with --data.`,
      { cause: error },
    );
  }
}

function configure(database: DatabaseSync, path: string, options: SqliteOptions): void {
  const applicationId = readPragma(database, "application_id");
  const schemaVersion = readPragma(database, "user_version");
  const isEmpty = readPragma(database, "schema_version") === 0;
  if (!isEmpty && applicationId !== APPLICATION_ID) {
    throw new StorageError("corrupt", `${path} belongs to another program: choose another folder with --data.`);
  }
  if (schemaVersion > SCHEMA_VERSION) {
    throw new StorageError(
      "newer",
      `${path} was written by a newer Burnline (schema ${schemaVersion}, this one knows ${SCHEMA_VERSION}): install that version, or choose another folder with --data.`,
    );
  }
  const synchronous = options.durability === "full" ? "FULL" : "NORMAL";
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY`);
  if (options.bytesMax !== undefined) {
    const pages = Math.max(1, Math.floor(options.bytesMax / readPragma(database, "page_size")));
    database.exec(`PRAGMA max_page_count = ${pages}`);
  }
  if (isEmpty) {
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
  }
}

function readPragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0] ?? 0);
}

// Each log has tables of its own, made when it is first opened (sqlite-event-log.ts).
const SCHEMA = `
CREATE TABLE logs (name TEXT PRIMARY KEY, last_position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE durables (
  log TEXT NOT NULL, name TEXT NOT NULL, subject_prefix TEXT NOT NULL, floor INTEGER NOT NULL,
  PRIMARY KEY (log, name)
) WITHOUT ROWID;
CREATE TABLE durable_acks (
  log TEXT NOT NULL, name TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (log, name, position)
) WITHOUT ROWID;
CREATE TABLE partitions (
  partition INTEGER PRIMARY KEY, token TEXT, owner_id TEXT NOT NULL, epoch INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL, position INTEGER NOT NULL, schema_version INTEGER NOT NULL,
  outbox_sequence INTEGER NOT NULL
);
CREATE TABLE entries (
  partition INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (partition, key)
);
CREATE TABLE outbox (
  partition INTEGER NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, subject TEXT NOT NULL,
  payload BLOB NOT NULL, PRIMARY KEY (partition, sequence)
) WITHOUT ROWID;
CREATE TABLE snapshots (
  partition INTEGER NOT NULL, position INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (partition, position)
)`;
