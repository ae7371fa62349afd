import { StepClock } from "@burnline/std";
import type { LogRecord } from "@burnline/stream";
import { eventLogSuite, liveChannelSuite, snapshotStoreSuite, stateStoreSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
import { DURABLE_IN_FLIGHT_RECORDS_MAX } from "./durable-group.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemoryLiveChannel } from "./memory-live-channel.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";

const START_MS = 1_700_000_000_000;

eventLogSuite("memory", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  return {
    log,
    reopen: async () => {
      log.abandonDurableReaders();
      return log;
    },
    trim: (_log, before) => log.trim(before),
    wakeUpMsMax: 5,
    close: async () => {},
  };
});

stateStoreSuite("memory", async () => {
  const clock = new StepClock(START_MS);
  const store = new MemoryStateStore(clock);
  return { store, reopen: async () => store, advance: async (ms) => clock.advance(ms), close: async () => {} };
});

snapshotStoreSuite("memory", async () => {
  const store = new MemorySnapshotStore();
  return { store, reopen: async () => store, close: async () => {} };
});

liveChannelSuite("memory", async () => {
  return { channel: new MemoryLiveChannel(), settle: async () => {}, close: async () => {} };
});

test("a full memory log refuses whole appends and takes more after a trim", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS), { bytesMax: 10 });
  const eight = { partition: 0, subject: "a", payload: new Uint8Array(8) };
  await log.append([eight]);
  await expect(log.append([eight])).rejects.toMatchObject({ fault: "full" });
  expect(await log.bounds()).toEqual({ first: 1, last: 1 });
  await log.trim(2);
  expect(await log.append([eight])).toEqual([2]);
});

test("a durable group that acknowledges nothing waits at its cap, and goes on when there is room", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  const one = { partition: 0, subject: "fact.x", payload: new Uint8Array(1) };
  await log.append(Array.from({ length: DURABLE_IN_FLIGHT_RECORDS_MAX + 1 }, () => one));
  const reader = await log.openDurable("inference", "fact.");
  const held: LogRecord[] = [];
  for (;;) {
    const records = await reader.next(1_000, 0);
    if (records.length === 0) break;
    held.push(...records);
  }
  expect(held).toHaveLength(DURABLE_IN_FLIGHT_RECORDS_MAX);
  const waiting = reader.next(1_000, 5_000);
  await reader.acknowledge(held.slice(0, 1));
  expect((await waiting).map(({ position }) => position)).toEqual([DURABLE_IN_FLIGHT_RECORDS_MAX + 1]);
});

test("a durable group does not stumble over records that retention took from it", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  const one = { partition: 0, subject: "fact.x", payload: new Uint8Array(1) };
  await log.append([one, one, one]);
  const reader = await log.openDurable("inference", "fact.");
  await reader.next(2, 0);
  await reader.close();
  await log.trim(3);
  const again = await log.openDurable("inference", "fact.");
  const records = await again.next(10, 0);
  expect(records.map(({ position }) => position)).toEqual([3]);
  await again.acknowledge(records);
  expect(await again.next(10, 0)).toEqual([]);
});

test("the live channel reports a subscriber's error", () => {
  const errors: unknown[] = [];
  const channel = new MemoryLiveChannel((error) => errors.push(error));
  channel.subscribe("", () => {
    throw new Error("broken");
  });
  channel.publish("live.r.24", new Uint8Array());
  expect(errors).toEqual([new Error("broken")]);
});
