import { StepClock } from "@burnline/std";
import { membershipSuite, partitionRunnerSuite, stateStoreSuite } from "@burnline/stream/testing";
import { afterAll, beforeAll } from "vitest";
import { createLogger } from "./log.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { connectRedis, type RedisConnection, redisScript } from "./redis-connection.ts";
import { RedisMembership } from "./redis-membership.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { type RealServer, startRedisCluster, startRedisServer } from "./testing/real-servers.ts";
import { onClock, setTestClock, TEST_NOW_MS_LUA } from "./testing/redis-test-clock.ts";

const START_MS = 1_700_000_000_000;
const FLUSH = redisScript("return redis.call('FLUSHALL')");

let single: RealServer;
let cluster: RealServer;
beforeAll(async () => {
  single = await startRedisServer();
  cluster = await startRedisCluster();
});
afterAll(async () => {
  await single.stop();
  await cluster.stop();
});

const logger = createLogger({ service: "test", level: "silent", format: "json" });
const PLACES = {
  Redis: () => single.url,
  "Redis Cluster": () => cluster.url.replace("redis:", "redis+cluster:"),
};
let races = 0;

/** An empty race of its own and the way to connect to it again. */
function newRace(address: string) {
  races += 1;
  const race = `race-${races}`;
  const connect = async () => {
    const connection = await connectRedis({ address, logger });
    return { connection, store: new RedisStateStore(connection, { race, nowMsLua: TEST_NOW_MS_LUA }) };
  };
  const open = (connection: RedisConnection) =>
    new RedisMembership(connection, { race, partitions: 64, nowMsLua: TEST_NOW_MS_LUA });
  return { connect, open };
}

for (const [name, address] of Object.entries(PLACES)) {
  stateStoreSuite(name, async () => {
    const { connect } = newRace(address());
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

  partitionRunnerSuite(`memory log and ${name} state`, new StepClock(START_MS), async (clock) => {
    const { connect } = newRace(address());
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

  membershipSuite(name, async () => {
    const { connect, open } = newRace(address());
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
}
