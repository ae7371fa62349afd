import { randomUUID } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import type { Clock } from "@burnline/std";
import { assert } from "@burnline/std";
import type {
  AcquireOptions,
  Commit,
  CommitOutcome,
  Lease,
  PartitionState,
  StateStore,
  StoredOutboxRecord,
} from "@burnline/stream";
import type { SqliteDatabase } from "./sqlite-database.ts";

type Statements = ReturnType<typeof prepareStatements>;

/** Leases, state, position and outbox in the data folder's database; each write is checked and done in one transaction. */
export class SqliteStateStore implements StateStore {
  readonly #db: SqliteDatabase;
  readonly #clock: Clock;
  readonly #makeUuid: () => string;
  readonly #sql: Statements;

  constructor(db: SqliteDatabase, clock: Clock, makeUuid: () => string = randomUUID) {
    this.#db = db;
    this.#clock = clock;
    this.#makeUuid = makeUuid;
    this.#sql = db.guarded(() => prepareStatements((sql) => db.prepare(sql)));
  }

  acquire(
    partition: number,
    ownerId: string,
    ttlMs: number,
    { takeOverEpoch }: AcquireOptions = {},
  ): Promise<Lease | undefined> {
    return this.#db.write(() => {
      const nowMs = this.#clock.nowMs();
      const row = this.#sql.partition.get(partition);
      if (row === undefined) this.#sql.addPartition.run(partition);
      const isHeld = typeof row?.token === "string" && row.owner_id !== ownerId && Number(row.expires_at_ms) > nowMs;
      if (isHeld && Number(row.epoch) !== takeOverEpoch) return undefined;
      const epoch = Number(row?.epoch ?? 0) + 1;
      const token = `${epoch}:${this.#makeUuid()}`;
      this.#sql.setLease.run(token, ownerId, epoch, nowMs + ttlMs, partition);
      return { partition, token, epoch };
    });
  }

  renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#db.write(
      () => this.#sql.renew.run(this.#clock.nowMs() + ttlMs, lease.partition, lease.token).changes !== 0,
    );
  }

  async release(lease: Lease): Promise<void> {
    await this.#db.write(() => this.#sql.release.run(lease.partition, lease.token));
  }

  async load(lease: Lease): Promise<PartitionState | undefined> {
    return this.#db.guarded(() => {
      const row = this.#sql.partition.get(lease.partition);
      if (row?.token !== lease.token) return undefined;
      const entries = new Map<string, Uint8Array>();
      for (const { key, value } of this.#sql.entries.all(lease.partition)) entries.set(String(key), toBytes(value));
      return { position: Number(row.position), schemaVersion: Number(row.schema_version), entries };
    });
  }

  commit(lease: Lease, commit: Commit): Promise<CommitOutcome> {
    const { partition, token } = lease;
    const { previousPosition, nextPosition, schemaVersion, changes, outbox } = commit;
    return this.#db.write(() => {
      assert(nextPosition >= previousPosition, "a commit never moves the position back");
      const row = this.#sql.partition.get(partition);
      if (row?.token !== token) return "fenced";
      if (row.position !== previousPosition) return "conflict";
      for (const [key, value] of changes) {
        if (value === null) this.#sql.deleteEntry.run(partition, key);
        else this.#sql.putEntry.run(partition, key, value);
      }
      let sequence = Number(row.outbox_sequence);
      for (const { id, subject, payload } of outbox) {
        sequence += 1;
        this.#sql.addOutbox.run(partition, sequence, id, subject, payload);
      }
      this.#sql.setPosition.run(nextPosition, schemaVersion, sequence, partition);
      return "committed";
    });
  }

  reset(lease: Lease, state: PartitionState): Promise<CommitOutcome> {
    const { partition, token } = lease;
    return this.#db.write(() => {
      const row = this.#sql.partition.get(partition);
      if (row?.token !== token) return "fenced";
      this.#sql.deleteEntries.run(partition);
      this.#sql.trimOutbox.run(partition, Number(row.outbox_sequence));
      for (const [key, value] of state.entries) this.#sql.putEntry.run(partition, key, value);
      this.#sql.setPosition.run(state.position, state.schemaVersion, Number(row.outbox_sequence), partition);
      return "committed";
    });
  }

  async outbox(lease: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]> {
    return this.#db.guarded(() => {
      if (this.#sql.partition.get(lease.partition)?.token !== lease.token) return [];
      return this.#sql.outbox.all(lease.partition, maxRecords).map(({ sequence, id, subject, payload }) => ({
        sequence: Number(sequence),
        id: String(id),
        subject: String(subject),
        payload: toBytes(payload),
      }));
    });
  }

  trimOutbox(lease: Lease, throughSequence: number): Promise<CommitOutcome> {
    const { partition, token } = lease;
    return this.#db.write(() => {
      if (this.#sql.partition.get(partition)?.token !== token) return "fenced";
      this.#sql.trimOutbox.run(partition, throughSequence);
      return "committed";
    });
  }
}

function toBytes(value: unknown): Uint8Array {
  assert(value instanceof Uint8Array, "a BLOB column holds bytes");
  return value;
}

function prepareStatements(prepare: (sql: string) => StatementSync) {
  return {
    partition: prepare(
      `SELECT token, owner_id, epoch, expires_at_ms, position, schema_version, outbox_sequence
       FROM partitions WHERE partition = ?`,
    ),
    addPartition: prepare("INSERT INTO partitions VALUES (?, NULL, '', 0, 0, 0, 0, 0)"),
    setLease: prepare(
      "UPDATE partitions SET token = ?, owner_id = ?, epoch = ?, expires_at_ms = ? WHERE partition = ?",
    ),
    renew: prepare("UPDATE partitions SET expires_at_ms = ? WHERE partition = ? AND token = ?"),
    release: prepare("UPDATE partitions SET token = NULL WHERE partition = ? AND token = ?"),
    setPosition: prepare(
      "UPDATE partitions SET position = ?, schema_version = ?, outbox_sequence = ? WHERE partition = ?",
    ),
    entries: prepare("SELECT key, value FROM entries WHERE partition = ? ORDER BY key"),
    putEntry: prepare(
      `INSERT INTO entries (partition, key, value) VALUES (?, ?, ?)
       ON CONFLICT (partition, key) DO UPDATE SET value = excluded.value`,
    ),
    deleteEntry: prepare("DELETE FROM entries WHERE partition = ? AND key = ?"),
    deleteEntries: prepare("DELETE FROM entries WHERE partition = ?"),
    addOutbox: prepare("INSERT INTO outbox (partition, sequence, id, subject, payload) VALUES (?, ?, ?, ?, ?)"),
    outbox: prepare("SELECT sequence, id, subject, payload FROM outbox WHERE partition = ? ORDER BY sequence LIMIT ?"),
    trimOutbox: prepare("DELETE FROM outbox WHERE partition = ? AND sequence <= ?"),
  };
}
