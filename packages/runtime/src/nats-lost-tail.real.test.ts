import { setTimeout as sleep } from "node:timers/promises";
import { StepClock } from "@burnline/std";
import { LogGapError, type LogReader } from "@burnline/stream";
import { logLossSuite } from "@burnline/stream/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { NatsEventLog } from "./nats-event-log.ts";
import { connectNats } from "./nats-link.ts";
import { partitionTokenLayout } from "./nats-subjects.ts";
import { openTestLog, readRecords, type TestLog, testLogOptions } from "./testing/nats-test-logs.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";
import { type KeptStore, keepStore } from "./testing/server-store.ts";
import { wallClock } from "./wall-clock.ts";

let kept: KeptStore[];
beforeEach(() => {
  kept = [];
});
afterEach(() => {
  for (const store of kept) store.forget();
});

logLossSuite("a NATS stream", new StepClock(0), async (clock) => {
  clock.advance(wallClock.nowMs() - clock.nowMs());
  const server = await startNatsServer();
  const link = await connectNats({ servers: [server.url], name: "suite" });
  const log = await NatsEventLog.open(link, {
    ...testLogOptions({ layout: partitionTokenLayout("race.r") }),
  });
  // What the snapshots hold is not what was lost: the far ones are kept elsewhere.
  return {
    ports: { log, snapshots: new MemorySnapshotStore(), state: new MemoryStateStore(clock) },
    keep: async () => {
      const store = await keepStore(server, link);
      kept.push(store);
      return () => store.putBack();
    },
    close: async () => {
      await log.close();
      await link.close();
      await server.stop();
    },
  };
});

type Range = [from: number, to: number];

/** Everything that such a reader gets, and is told to be missing, as ranges of positions. */
async function readAll(reader: LogReader): Promise<{ read: Range[]; missing: Range[] }> {
  const read: Range[] = [];
  const missing: Range[] = [];
  for (;;) {
    try {
      const records = await reader.next(500, 0);
      if (records.length === 0) return { read, missing };
      for (const { position } of records) {
        const last = read.at(-1);
        if (last !== undefined && last[1] + 1 === position) last[1] = position;
        else read.push([position, position]);
      }
    } catch (error) {
      if (!(error instanceof LogGapError)) throw error;
      missing.push([error.firstMissing, error.firstPresent - 1]);
    }
  }
}

describe("a gapless reader that lags behind", () => {
  const RECORDS = 5_000;
  let server: RealServer;
  let opened: TestLog;

  beforeEach(async () => {
    server = await startNatsServer();
    opened = await openTestLog(server.url);
  });
  afterEach(async () => {
    await opened.close();
    await server.stop();
  });

  const fill = (name: string) =>
    opened.log.append(Array.from({ length: RECORDS }, (_, index) => opened.record(`${name} ${index}`)));

  test("is told in its place what was trimmed in front of it, and gets all the rest", async () => {
    await fill("old");
    const reader = await opened.log.open({ partition: 3, after: 0, isGapless: true });
    await readRecords(reader, 10);
    await opened.log.trim(4_001);
    const { read, missing } = await readAll(reader);
    expect(missing).toHaveLength(1);
    const [firstMissing, lastMissing] = missing[0]!;
    expect(firstMissing).toBeGreaterThan(10);
    expect(lastMissing).toBe(4_000);
    expect(read).toEqual([
      [11, firstMissing - 1],
      [4_001, RECORDS],
    ]);
  });

  test("is told also when as much came meanwhile as was trimmed", async () => {
    await fill("old");
    const reader = await opened.log.open({ partition: 3, after: 0, isGapless: true });
    await readRecords(reader, 10);
    await opened.log.trim(RECORDS + 1);
    await fill("new");
    // Longer than the server needs for all of this: a reader that stands still for want of its state store.
    await sleep(1_500);
    const { read, missing } = await readAll(reader);
    expect(missing).toHaveLength(1);
    const [firstMissing, lastMissing] = missing[0]!;
    expect(lastMissing).toBe(RECORDS);
    expect(read).toEqual([
      [11, firstMissing - 1],
      [RECORDS + 1, 2 * RECORDS],
    ]);
  });

  test("is told what a server that was away forgot meanwhile", async () => {
    await fill("old");
    const reader = await opened.log.open({ partition: 3, after: 0, isGapless: true });
    await readRecords(reader, 10);
    const other = await openTestLog(server.url, opened.options);
    await server.restart();
    await other.log.trim(RECORDS + 1);
    await other.log.append([other.record("new")]);
    await other.close();
    const { read, missing } = await readAll(reader);
    expect(missing.at(-1)?.[1]).toBe(RECORDS);
    expect(read.at(-1)).toEqual([RECORDS + 1, RECORDS + 1]);
  });

  test("is told nothing while nothing is missing, however it is interrupted", async () => {
    await fill("old");
    const reader = await opened.log.open({ partition: 3, after: 0, isGapless: true });
    const records = await readRecords(reader, 10);
    // Trimmed is what it has: that is what retention does all the time.
    await opened.log.trim(records.length);
    await server.restart();
    await fill("new");
    await sleep(1_500);
    expect(await readAll(reader)).toEqual({ read: [[11, 2 * RECORDS]], missing: [] });
  });
});
