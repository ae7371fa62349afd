import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StepClock } from "@burnline/std";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { CountingOperator, logLossSuite, partitionRunnerSuite } from "@burnline/stream/testing";
import { describe, expect, test } from "vitest";
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

logLossSuite("a memory log", new StepClock(START_MS), async (clock) => {
  const log = new MemoryEventLog(clock);
  return {
    ports: { log, snapshots: new MemorySnapshotStore(), state: new MemoryStateStore(clock) },
    keep: async () => {
      const { last } = await log.bounds();
      return async () => {
        log.loseTail(last);
        // Records are told apart by the time at which the log took them, and a server needs some to start again.
        clock.advance(1);
      };
    },
    close: async () => {},
  };
});

describe("snapshots", () => {
  const TURN_MS = 100;
  const RACE_TURNS = 400;

  /** When (ms after the start) and where a partition's snapshots were taken, with so many records per turn of 100 ms. */
  async function snapshotsOf(partition: number, recordsPerTurn: number): Promise<{ ms: number; position: number }[]> {
    const clock = new StepClock(START_MS);
    const log = new MemoryEventLog(clock);
    const ports: RunnerPorts = {
      ...{ log, clock, state: new MemoryStateStore(clock), snapshots: new MemorySnapshotStore() },
      ...{ sink: { send: async () => {} }, live: { publish: () => {}, subscribe: () => () => {} } },
    };
    const taken: { ms: number; position: number }[] = [];
    const snapshotStored = () => taken.push({ ms: clock.nowMs() - START_MS, position: runner?.position ?? 0 });
    const options = { ...RUNNER_DEFAULTS, partition, ownerId: "a" };
    const runner = await PartitionRunner.acquire(ports, options, new CountingOperator(), { snapshotStored });
    const record = { partition, subject: `race.r.${partition}.tel.a`, payload: Uint8Array.of(1) };
    for (let turn = 0; turn < RACE_TURNS; turn++) {
      await log.append(Array.from({ length: recordsPerTurn }, () => record));
      clock.advance(TURN_MS);
      await runner?.step(0);
    }
    return taken;
  }

  test("come every 10 s, and each partition's at a time of its own", async () => {
    const { snapshotIntervalMs } = RUNNER_DEFAULTS;
    expect(snapshotIntervalMs).toBe(10_000);
    const firstMs: number[] = [];
    for (let partition = 0; partition < 64; partition++) {
      const taken = (await snapshotsOf(partition, 1)).map(({ ms }) => ms);
      expect(taken.slice(1).map((ms, index) => ms - taken[index]!)).toEqual(
        taken.slice(1).map(() => snapshotIntervalMs),
      );
      firstMs.push(taken[0]!);
    }
    // Spread over one interval: nowhere more than twice their share of a second.
    expect(Math.min(...firstMs)).toBe(snapshotIntervalMs);
    expect(Math.max(...firstMs)).toBeGreaterThan(1.95 * snapshotIntervalMs);
    for (let second = 10; second < 20; second++) {
      const due = firstMs.filter((ms) => Math.floor(ms / 1_000) === second).length;
      expect(due).toBeLessThanOrEqual(13);
    }
  });

  test("come after 5,000 records where more come in than 500 a second", async () => {
    expect(RUNNER_DEFAULTS.snapshotRecords).toBe(5_000);
    const taken = await snapshotsOf(0, 250);
    expect(taken.map(({ position }) => position)).toEqual(taken.map((_, index) => 5_000 * (index + 1)));
    expect(taken).toHaveLength((RACE_TURNS * 250) / 5_000);
  });
});
