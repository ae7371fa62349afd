import { StepClock } from "@burnline/std";
import { membershipSuite, partitionRunnerSuite, stateStoreSuite } from "@burnline/stream/testing";
import { afterAll, beforeAll } from "vitest";
import { createLogger } from "./log.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { connectRedis, type RedisConnection, redisScript } from "./redis-connection.ts";
import { RedisMembership } from "./redis-membership.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { type RealServer, startRedisServer } from "./testing/real-servers.ts";
import { onClock, setTestClock, TEST_NOW_MS_LUA } from "./testing/redis-test-clock.ts";

const START_MS = 1_700_000_000_000;
const FLUSH = redisScript("return redis.call('FLUSHALL')");

let server: RealServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.stop());

const logger = createLogger({ service: "test", level: "silent", format: "json" });
let races = 0;

/** An empty race of its own and the way to connect to it again. */
function newRace() {
  races += 1;
  const race = `race-${races}`;
  const connect = async () => {
    const connection = await connectRedis({ address: server.url, logger });
    return { connection, store: new RedisStateStore(connection, { race, nowMsLua: TEST_NOW_MS_LUA }) };
  };
  const open = (connection: RedisConnection) =>
    new RedisMembership(connection, { race, partitions: 64, nowMsLua: TEST_NOW_MS_LUA });
  return { connect, open };
}

stateStoreSuite("Redis", async () => {
  const { connect } = newRace();
  const clock = new StepClock(START_MS);
  let { connection, store } = await connect();
  await setTestClock(connection, clock.nowMs());
  return {
    store,
    reopen: async () => {
      await connection.close();
      ({ connection, store } = await connect());
      return store;
    },
    advance: async (ms) => {
      clock.advance(ms);
      await setTestClock(connection, clock.nowMs());
    },
    close: () => connection.close(),
  };
});

partitionRunnerSuite("memory log and Redis state", new StepClock(START_MS), async (clock) => {
  const { connect } = newRace();
  const { connection, store } = await connect();
  const log = new MemoryEventLog(clock);
  const snapshots = new MemorySnapshotStore();
  const ports = { log, snapshots, state: onClock(store, connection, clock) };
  return {
    ports,
    loseState: async () => {
      await connection.evaluate(FLUSH, ["any"], []);
      return ports;
    },
    trim: (before) => log.trim(before),
    close: () => connection.close(),
  };
});

membershipSuite("Redis", async () => {
  const { connect, open } = newRace();
  const clock = new StepClock(START_MS);
  const { connection, store } = await connect();
  await setTestClock(connection, clock.nowMs());
  const others: RedisConnection[] = [];
  return {
    membership: open(connection),
    store,
    openAnother: async () => {
      const other = (await connect()).connection;
      others.push(other);
      return open(other);
    },
    advance: async (ms) => {
      clock.advance(ms);
      await setTestClock(connection, clock.nowMs());
    },
    close: async () => {
      for (const opened of [connection, ...others]) await opened.close();
    },
  };
});
