import type { StatementSync } from "node:sqlite";
import { assert } from "@burnline/std";
import type { SnapshotStore, StoredSnapshot } from "@burnline/stream";
import { SNAPSHOTS_KEPT } from "./memory-snapshot-store.ts";
import type { SqliteDatabase } from "./sqlite-database.ts";

/** Snapshots in the data folder's database. */
export class SqliteSnapshotStore implements SnapshotStore {
  readonly #db: SqliteDatabase;
  readonly #newest: StatementSync;
  readonly #put: StatementSync;
  readonly #dropElders: StatementSync;
  readonly #list: StatementSync;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    this.#newest = db.prepare("SELECT max(position) AS newest FROM snapshots WHERE partition = ?");
    this.#put = db.prepare(
      `INSERT INTO snapshots (partition, position, bytes) VALUES (?, ?, ?)
       ON CONFLICT (partition, position) DO UPDATE SET bytes = excluded.bytes`,
    );
    this.#dropElders = db.prepare(
      `DELETE FROM snapshots WHERE partition = ?1 AND position NOT IN (
         SELECT position FROM snapshots WHERE partition = ?1 ORDER BY position DESC LIMIT ${SNAPSHOTS_KEPT})`,
    );
    this.#list = db.prepare("SELECT position, bytes FROM snapshots WHERE partition = ? ORDER BY position DESC");
  }

  put({ partition, position, bytes }: StoredSnapshot): Promise<boolean> {
    return this.#db.write(() => {
      if (position < Number(this.#newest.get(partition)?.newest ?? 0)) return false;
      this.#put.run(partition, position, bytes);
      this.#dropElders.run(partition);
      return true;
    });
  }

  async list(partition: number): Promise<readonly StoredSnapshot[]> {
    return this.#db.guarded(() =>
      this.#list.all(partition).map(({ position, bytes }) => {
        assert(bytes instanceof Uint8Array, "a BLOB column holds bytes");
        return { partition, position: Number(position), bytes };
      }),
    );
  }
}
