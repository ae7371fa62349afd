import { StepClock } from "@burnline/std";
import { eventLogSuite, liveChannelSuite, partitionRunnerSuite, snapshotStoreSuite } from "@burnline/stream/testing";
import { afterAll, beforeAll } from "vitest";
import { MemoryStateStore } from "./memory-state-store.ts";
import { NatsEventLog } from "./nats-event-log.ts";
import { connectNats, type NatsLink } from "./nats-link.ts";
import { NatsLiveChannel } from "./nats-live-channel.ts";
import { NatsSnapshotStore } from "./nats-snapshot-store.ts";
import type { NatsStreamOptions } from "./nats-stream.ts";
import { addressedLayout, partitionTokenLayout } from "./nats-subjects.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";
import { wallClock } from "./wall-clock.ts";

const LIMITS: Omit<NatsStreamOptions, "name"> = {
  replicas: 1,
  maxAgeMs: 3_600_000,
  maxBytes: 256 * 1024 * 1024,
  discard: "new",
  duplicateWindowMs: 120_000,
};
/** How long after a test's beginning its records may be appended; less than the 2 s for which a record is live. */
const APPENDED_WITHIN_MS = 1_000;
const WAKE_UP_MS_MAX = 25;

let server: RealServer;
let serial = 0;

beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const connect = (): Promise<NatsLink> => connectNats({ servers: [server.url], name: "suite" });

eventLogSuite("NATS", async () => {
  const name = `LOG_${serial++}`;
  const options = { ...LIMITS, name, layout: addressedLayout(name.toLowerCase()) };
  let link = await connect();
  let log = await NatsEventLog.open(link, options);
  return {
    log,
    reopen: async () => {
      await log.close();
      await link.close();
      link = await connect();
      log = await NatsEventLog.open(link, options);
      return log;
    },
    trim: (trimmed, before) => (trimmed as NatsEventLog).trim(before),
    wakeUpMsMax: WAKE_UP_MS_MAX,
    close: async () => {
      await log.close();
      await link.manager.streams.delete(name);
      await link.close();
    },
  };
});

liveChannelSuite("NATS", async () => {
  const link = await connect();
  return {
    channel: new NatsLiveChannel(link),
    settle: () => link.connection.flush(),
    close: () => link.close(),
  };
});

const openSnapshots = (link: NatsLink, bucket: string) =>
  NatsSnapshotStore.open(link, { bucket, replicas: 1, maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 });

snapshotStoreSuite("NATS", async () => {
  const bucket = `snap_${serial++}`;
  let link = await connect();
  return {
    store: await openSnapshots(link, bucket),
    reopen: async () => {
      await link.close();
      link = await connect();
      return openSnapshots(link, bucket);
    },
    close: () => link.close(),
  };
});

partitionRunnerSuite("NATS with the state in memory", new StepClock(0), async (clock) => {
  // Records bear the server's time, so each test starts at the time that it will be when they are appended.
  clock.advance(wallClock.nowMs() + APPENDED_WITHIN_MS - clock.nowMs());
  const name = `RUN_${serial++}`;
  const link = await connect();
  // The suite's records are of the race r.
  const log = await NatsEventLog.open(link, { ...LIMITS, name, layout: partitionTokenLayout("race.r") });
  const snapshots = await openSnapshots(link, `snap_${serial++}`);
  const withNewState = () => ({ log, snapshots, state: new MemoryStateStore(clock) });
  return {
    ports: withNewState(),
    loseState: async () => withNewState(),
    trim: (before) => log.trim(before),
    close: async () => {
      await log.close();
      await link.manager.streams.delete(name);
      await link.close();
    },
  };
});
