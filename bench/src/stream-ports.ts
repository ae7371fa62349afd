import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  MemoryEventLog,
  MemoryLiveChannel,
  MemorySnapshotStore,
  MemoryStateStore,
  openSqlite,
  SqliteEventLog,
  SqliteSnapshotStore,
  SqliteStateStore,
  wallClock,
} from "@burnline/runtime";
import type { EventLog, OutboxSink, RunnerPorts } from "@burnline/stream";

/** The ports of one run, new and empty. */
export interface BenchPorts extends RunnerPorts {
  /** What the operator said, behind the outbox. */
  readonly facts: EventLog;
  /** Closes everything and removes what was written. */
  readonly remove: () => void;
}

export function openMemoryPorts(): BenchPorts {
  const facts = new MemoryEventLog(wallClock);
  return {
    log: new MemoryEventLog(wallClock),
    state: new MemoryStateStore(wallClock),
    snapshots: new MemorySnapshotStore(),
    live: new MemoryLiveChannel(),
    clock: wallClock,
    sleep: (ms) => sleep(ms),
    sink: sinkTo(facts),
    facts,
    remove: () => {},
  };
}

/** One database file for logs, state and snapshots, as in a data folder of the standalone form. */
export function openSqlitePorts(): BenchPorts {
  const folder = mkdtempSync(join(tmpdir(), "burnline-bench-"));
  const db = openSqlite(folder);
  const facts = new SqliteEventLog(db, "fact", wallClock);
  return {
    log: new SqliteEventLog(db, "race", wallClock),
    state: new SqliteStateStore(db, wallClock),
    snapshots: new SqliteSnapshotStore(db),
    live: new MemoryLiveChannel(),
    clock: wallClock,
    sleep: (ms) => sleep(ms),
    sink: sinkTo(facts),
    facts,
    remove: () => {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function sinkTo(facts: EventLog): OutboxSink {
  return {
    send: async (records) => {
      await facts.append(
        records.map(({ id, subject, payload }) => ({ partition: 0, subject, payload, messageId: id })),
      );
    },
  };
}
