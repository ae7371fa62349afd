import { StepClock } from "@burnline/std";
import { eventLogSuite, liveChannelSuite, snapshotStoreSuite, stateStoreSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
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
    wakeUpMsMax: 2,
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

test("the live channel reports a subscriber's error", () => {
  const errors: unknown[] = [];
  const channel = new MemoryLiveChannel((error) => errors.push(error));
  channel.subscribe("", () => {
    throw new Error("broken");
  });
  channel.publish("live.r.24", new Uint8Array());
  expect(errors).toEqual([new Error("broken")]);
});
