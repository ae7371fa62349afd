import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StepClock } from "@burnline/std";
import { partitionRunnerSuite } from "@burnline/stream/testing";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { openSqlite } from "./sqlite-database.ts";
import { SqliteEventLog } from "./sqlite-event-log.ts";
import { SqliteSnapshotStore } from "./sqlite-snapshot-store.ts";
import { SqliteStateStore } from "./sqlite-state-store.ts";

const START_MS = 1_700_000_000_000;

partitionRunnerSuite("memory", new StepClock(START_MS), async (clock) => {
  const log = new MemoryEventLog(clock);
  const snapshots = new MemorySnapshotStore();
  const withNewState = () => ({ log, snapshots, state: new MemoryStateStore(clock) });
  return {
    ports: withNewState(),
    loseState: async () => withNewState(),
    trim: (before) => log.trim(before),
    close: async () => {},
  };
});

partitionRunnerSuite("SQLite", new StepClock(START_MS), async (clock) => {
  const folder = mkdtempSync(join(tmpdir(), "burnline-"));
  const other = mkdtempSync(join(tmpdir(), "burnline-"));
  const db = openSqlite(folder);
  const emptyDb = openSqlite(other);
  const log = new SqliteEventLog(db, "race", clock);
  const snapshots = new SqliteSnapshotStore(db);
  return {
    ports: { log, snapshots, state: new SqliteStateStore(db, clock) },
    loseState: async () => ({ log, snapshots, state: new SqliteStateStore(emptyDb, clock) }),
    trim: (before) => log.trim(before),
    close: async () => {
      db.close();
      emptyDb.close();
      rmSync(folder, { recursive: true });
      rmSync(other, { recursive: true });
    },
  };
});
