import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StepClock } from "@burnline/std";
import { eventLogSuite, snapshotStoreSuite, stateStoreSuite } from "@burnline/stream/testing";
import { openSqlite, type SqliteDatabase } from "./sqlite-database.ts";
import { SqliteEventLog } from "./sqlite-event-log.ts";
import { SqliteSnapshotStore } from "./sqlite-snapshot-store.ts";
import { SqliteStateStore } from "./sqlite-state-store.ts";

const START_MS = 1_700_000_000_000;

/** A data folder that is opened, opened again and removed. */
function dataFolder() {
  const folder = mkdtempSync(join(tmpdir(), "burnline-"));
  let db: SqliteDatabase | undefined;
  return {
    open: (): SqliteDatabase => {
      db?.close();
      db = openSqlite(folder);
      return db;
    },
    close: async () => {
      db?.close();
      rmSync(folder, { recursive: true });
    },
  };
}

eventLogSuite("SQLite", async () => {
  const folder = dataFolder();
  const clock = new StepClock(START_MS);
  let log = new SqliteEventLog(folder.open(), "race", clock);
  return {
    log,
    reopen: async () => {
      log = new SqliteEventLog(folder.open(), "race", clock);
      return log;
    },
    trim: (_log, before) => log.trim(before),
    wakeUpMsMax: 10,
    close: folder.close,
  };
});

stateStoreSuite("SQLite", async () => {
  const folder = dataFolder();
  const clock = new StepClock(START_MS);
  return {
    store: new SqliteStateStore(folder.open(), clock),
    reopen: async () => new SqliteStateStore(folder.open(), clock),
    advance: async (ms) => clock.advance(ms),
    close: folder.close,
  };
});

snapshotStoreSuite("SQLite", async () => {
  const folder = dataFolder();
  return {
    store: new SqliteSnapshotStore(folder.open()),
    reopen: async () => new SqliteSnapshotStore(folder.open()),
    close: folder.close,
  };
});
