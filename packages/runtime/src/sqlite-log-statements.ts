import type { StatementSync } from "node:sqlite";
import type { SqliteDatabase } from "./sqlite-database.ts";

export type LogStatements = ReturnType<typeof prepareLogStatements>;

/** Makes the tables of a log if they are missing, and prepares all that is ever asked of them. */
export function prepareLogStatements(db: SqliteDatabase, name: string) {
  const table = `log_${name}`;
  // The payload comes last: SQLite then finds the small columns without walking through a long record.
  // The partition index also holds the subject, so a search by subject does not touch the records.
  db.exec(`
    CREATE TABLE IF NOT EXISTS ${table} (
      position INTEGER PRIMARY KEY, partition INTEGER NOT NULL, subject_id INTEGER NOT NULL,
      appended_at_ms INTEGER NOT NULL, message_id TEXT, payload BLOB NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ${table}_by_partition ON ${table} (partition, position, subject_id);
    CREATE UNIQUE INDEX IF NOT EXISTS ${table}_by_message_id ON ${table} (message_id) WHERE message_id IS NOT NULL;
    CREATE TABLE IF NOT EXISTS ${table}_subjects (id INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE);
    INSERT INTO logs (name, last_position) VALUES ('${name}', 0) ON CONFLICT (name) DO NOTHING`);

  const record = "position, partition, subject_id, appended_at_ms, payload";
  const byPartition = `${table} INDEXED BY ${table}_by_partition`;
  const wanted = "subject_id IN (SELECT value FROM json_each(?))";
  const prepare = (sql: string): StatementSync => db.prepare(sql);
  return {
    insert: prepare(
      `INSERT INTO ${table} (position, partition, subject_id, appended_at_ms, message_id, payload)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) WHERE message_id IS NOT NULL DO NOTHING`,
    ),
    positionOfId: prepare(`SELECT position FROM ${table} WHERE message_id = ?`),
    at: prepare(`SELECT ${record} FROM ${table} WHERE position = ?`),
    ofLog: prepare(`SELECT ${record} FROM ${table} WHERE position > ? ORDER BY position LIMIT ?`),
    ofLogWanted: prepare(
      `SELECT ${record} FROM ${table} WHERE position > ? AND position <= ? AND ${wanted} ORDER BY position LIMIT ?`,
    ),
    ofPartition: prepare(
      `SELECT ${record} FROM ${byPartition} WHERE partition = ? AND position > ? ORDER BY position LIMIT ?`,
    ),
    ofPartitionWanted: prepare(
      `SELECT ${record} FROM ${byPartition} WHERE partition = ? AND position > ? AND position <= ? AND ${wanted}
       ORDER BY position LIMIT ?`,
    ),
    newest: prepare(
      `SELECT position FROM ${byPartition} WHERE partition = ? AND ${wanted} ORDER BY position DESC LIMIT 1`,
    ),
    bounds: prepare(`SELECT min(position) AS first FROM ${table}`),
    lastPosition: prepare(`SELECT max(position) AS last FROM ${table}`),
    firstOfPartition: prepare(`SELECT min(position) AS first FROM ${byPartition} WHERE partition = ?`),
    lastOfPartition: prepare(`SELECT max(position) AS last FROM ${byPartition} WHERE partition = ?`),
    partitionBehind: prepare(`SELECT min(partition) AS partition FROM ${byPartition} WHERE partition > ?`),
    lastKept: prepare(`SELECT last_position FROM logs WHERE name = '${name}'`),
    keepLast: prepare(`UPDATE logs SET last_position = max(last_position, ?) WHERE name = '${name}'`),
    trim: prepare(
      `DELETE FROM ${table} WHERE position IN (SELECT position FROM ${table} WHERE position < ? ORDER BY position LIMIT ?)`,
    ),
    trimOlder: prepare(
      `DELETE FROM ${table} WHERE position IN (
         SELECT position FROM ${table} WHERE position > ? AND position <= ? AND appended_at_ms < ? AND ${wanted})`,
    ),
    durable: prepare(`SELECT subject_prefix, floor FROM durables WHERE log = '${name}' AND name = ?`),
    durableAcks: prepare(`SELECT position FROM durable_acks WHERE log = '${name}' AND name = ? ORDER BY position`),
    addDurable: prepare(
      `INSERT INTO durables (log, name, subject_prefix, floor) VALUES ('${name}', ?, ?, 0) ON CONFLICT DO NOTHING`,
    ),
    setFloor: prepare(`UPDATE durables SET floor = max(floor, ?) WHERE log = '${name}' AND name = ?`),
    addAck: prepare(`INSERT INTO durable_acks (log, name, position) VALUES ('${name}', ?, ?) ON CONFLICT DO NOTHING`),
    dropAcks: prepare(`DELETE FROM durable_acks WHERE log = '${name}' AND name = ? AND position <= ?`),
  };
}
