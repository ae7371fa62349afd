import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RedisConnection, redisScript } from "./redis-connection.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { type RealServer, startRedisServer } from "./testing/real-servers.ts";
import { commitFrom, expectStateAt, RedisTestBench, redisCommand } from "./testing/redis-test-bench.ts";
import type { TcpProxy } from "./testing/tcp-proxy.ts";

const PARTITION = 7;
/** Longer than any test. */
const TTL_MS = 60_000;
/** Short, because each lost reply costs one. */
const COMMAND_TIMEOUT_MS = 150;

const bench = new RedisTestBench();
let server: RealServer;
let proxy: TcpProxy;
/** Straight to the server, for what the proxy must not see. */
let direct: RedisConnection;
let race = 0;

beforeAll(async () => {
  server = await startRedisServer();
});
beforeEach(async () => {
  race += 1;
  proxy = await bench.startProxy(server.port);
  direct = await bench.connect(server);
});
afterEach(() => bench.close());
afterAll(() => server.stop());

async function storeBehindProxy(): Promise<RedisStateStore> {
  const connection = await bench.connect(proxy, { commandTimeoutMs: COMMAND_TIMEOUT_MS });
  return new RedisStateStore(connection, { race: `race-${race}` });
}

/** Until the server holds this position, whoever has the lease. */
async function expectPosition(position: number): Promise<void> {
  const key = `burnline:{race-${race}:${PARTITION}}:meta`;
  await expect.poll(async () => String(await direct.evaluate(POSITION, [key], []))).toBe(String(position));
}

const POSITION = redisScript("return redis.call('HGET', KEYS[1], 'p')");

const storeOf = (connection: RedisConnection) => new RedisStateStore(connection, { race: `race-${race}` });

describe("a reply that never comes", () => {
  test("a commit that was done is found to be done, and done once", async () => {
    const store = await storeBehindProxy();
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    proxy.swallowReplies();
    expect(await store.commit(lease, commitFrom(1))).toBe("committed");
    await expectStateAt(store, lease, 2);
    expect(await store.commit(lease, commitFrom(2))).toBe("committed");
    await expectStateAt(store, lease, 3);
  });

  test("a commit that never arrived is done by asking again", async () => {
    const store = await storeBehindProxy();
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    proxy.holdRequests();
    const outcome = store.commit(lease, commitFrom(0));
    await proxy.held();
    proxy.dropHeld();
    expect(await outcome).toBe("committed");
    await expectStateAt(store, lease, 1);
  });

  test("a commit that arrives after it was asked for again changes nothing, then or later", async () => {
    const store = await storeBehindProxy();
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    // The position stands still: only the number of the write tells the late one from a new one.
    const still = { ...commitFrom(0), nextPosition: 0 };
    proxy.holdRequests();
    expect(await store.commit(lease, still)).toBe("committed");
    expect(await store.commit(lease, { ...still, changes: new Map(), outbox: [] })).toBe("committed");
    const before = await store.load(lease);
    await proxy.deliverHeld();
    expect(await store.load(lease)).toEqual(before);
    expect(await store.outbox(lease, 10)).toHaveLength(1);
  });

  test("a reset that arrives late does not take later commits away", async () => {
    const store = await storeBehindProxy();
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    proxy.holdRequests();
    expect(await store.reset(lease, { position: 0, schemaVersion: 1, entries: new Map() })).toBe("committed");
    await store.commit(lease, commitFrom(0));
    await proxy.deliverHeld();
    await expectStateAt(store, lease, 1);
  });

  test("a commit whose owner was replaced while it waited is fenced, whether it had arrived or not", async () => {
    for (const arrives of [true, false]) {
      race += 1;
      const store = await storeBehindProxy();
      const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
      if (arrives) proxy.swallowReplies();
      else proxy.holdRequests();
      const outcome = store.commit(lease, commitFrom(0));
      const heir = storeOf(direct);
      if (arrives) await expectPosition(1);
      else await proxy.held();
      const next = (await heir.acquire(PARTITION, "heir", TTL_MS, { takeOverEpoch: lease.epoch }))!;
      expect(await outcome).toBe("fenced");
      expect((await heir.load(next))?.position).toBe(arrives ? 1 : 0);
    }
  });

  test("a lease that was taken is found to be taken, under one epoch", async () => {
    const store = await storeBehindProxy();
    proxy.swallowReplies();
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    expect(lease.epoch).toBe(1);
    expect(await store.commit(lease, commitFrom(0))).toBe("committed");
  });

  test("sixty-four partitions that lose a connection at once each find out for themselves", async () => {
    const store = await storeBehindProxy();
    const leases = await Promise.all(
      Array.from({ length: 64 }, async (_, partition) => (await store.acquire(partition, "owner", TTL_MS))!),
    );
    proxy.swallowReplies();
    expect(new Set(await Promise.all(leases.map((lease) => store.commit(lease, commitFrom(0)))))).toEqual(
      new Set(["committed"]),
    );
    for (const lease of leases) await expectStateAt(store, lease, 1);
  });

  test("when nothing comes through for too long the call fails and says so", async () => {
    const connection = await bench.connect(proxy, { commandTimeoutMs: 50, operationTimeoutMs: 1_000 });
    const store = storeOf(connection);
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    proxy.setTarget(1);
    proxy.cut();
    await expect(store.commit(lease, commitFrom(0))).rejects.toMatchObject({
      name: "StorageError",
      fault: "unreachable",
    });
    proxy.setTarget(server.port);
    expect(await store.commit(lease, commitFrom(0))).toBe("committed");
  });
});

describe("connections that break", () => {
  test("CLIENT KILL again and again in the middle of commits loses and doubles nothing", async () => {
    const store = storeOf(await bench.connect(server));
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    const killer = await bench.connect(server, { name: "killer" });
    let kills = 0;
    for (let position = 0; position < 400; position++) {
      const outcome = store.commit(lease, commitFrom(position));
      // Sent at the same moment on another connection: sometimes before the commit is done, sometimes before its reply.
      if (position % 8 === 7) kills += Number(await redisCommand(killer, "CLIENT", "KILL", "TYPE", "normal"));
      expect(await outcome).toBe("committed");
    }
    expect(kills).toBeGreaterThanOrEqual(50);
    await expectStateAt(store, lease, 400);
  });

  test("SCRIPT FLUSH costs one more round, nothing else", async () => {
    const store = storeOf(direct);
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    for (let position = 0; position < 20; position++) {
      await redisCommand(direct, "SCRIPT", "FLUSH");
      expect(await store.commit(lease, commitFrom(position))).toBe("committed");
    }
    await expectStateAt(store, lease, 20);
  });

  test("a server that is stopped and goes on is waited for", async () => {
    const own = await bench.startServer();
    const store = storeOf(await bench.connect(own, { commandTimeoutMs: COMMAND_TIMEOUT_MS }));
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await own.kill("SIGSTOP");
    const outcome = store.commit(lease, commitFrom(0));
    setTimeout(() => void own.kill("SIGCONT"), 3 * COMMAND_TIMEOUT_MS);
    expect(await outcome).toBe("committed");
    await expectStateAt(store, lease, 1);
  });

  test("an event loop that stood still takes its replies late and keeps its connection", async () => {
    const connection = await bench.connect(server, { commandTimeoutMs: 100 });
    const store = storeOf(connection);
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    const before = await redisCommand(connection, "CLIENT", "ID");
    for (let position = 0; position < 5; position++) {
      const outcome = store.commit(lease, commitFrom(position));
      // The commit leaves, then this process does nothing for twice as long as a reply may take.
      await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
      expect(await outcome).toBe("committed");
    }
    expect(await redisCommand(connection, "CLIENT", "ID")).toBe(before);
    await expectStateAt(store, lease, 5);
  });
});
