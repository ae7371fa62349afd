import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { REDIS_MEMBERS_MAX, RedisMembership } from "./redis-membership.ts";
import { claimRedisRace } from "./redis-race.ts";
import { REDIS_OUTBOX_RECORDS_MAX } from "./redis-scripts.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { freePort, NOBODYS_PORT } from "./testing/real-servers.ts";
import { commitFrom, expectStateAt, RedisTestBench, redisCommand } from "./testing/redis-test-bench.ts";

const TTL_MS = 60_000;
const bench = new RedisTestBench();
afterEach(() => bench.close());

/** A logger that remembers its lines. */
function remembering() {
  const lines: string[] = [];
  return {
    lines,
    logger: createLogger({ service: "test", level: "warn", format: "lines", write: (line) => lines.push(line) }),
  };
}

describe("connecting", () => {
  test("a server as it should be is taken without a word", async () => {
    const { lines, logger } = remembering();
    await bench.connect(await bench.startServer(), { logger });
    expect(lines).toEqual([]);
  });

  test("what may cost a replay is warned of in one line with the command that mends it", async () => {
    const { lines, logger } = remembering();
    const args = ["--appendonly", "no", "--save", "", "--maxmemory-policy", "allkeys-lru"];
    await bench.connect(await bench.startServer({ args }), { logger });
    expect(lines.map((line) => line.split("\n").length)).toEqual([2, 2]);
    expect(lines[0]).toContain("CONFIG SET maxmemory-policy noeviction");
    expect(lines[1]).toContain("CONFIG SET appendonly yes");
  });

  test("RDB files count as writing to disk", async () => {
    const { lines, logger } = remembering();
    await bench.connect(await bench.startServer({ args: ["--appendonly", "no", "--save", "60 1"] }), { logger });
    expect(lines).toEqual([]);
  });

  test.each(["allkeys-lru", "volatile-lru"])("a server that evicts by %s is refused", async (policy) => {
    const server = await bench.startServer({ args: ["--maxmemory", "100mb", "--maxmemory-policy", policy] });
    await expect(bench.connect(server)).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringMatching(`maxmemory-policy ${policy}.*CONFIG SET maxmemory-policy noeviction`),
    });
  });

  test("settings that may not be read are known all the same, or said to be unknown", async () => {
    const { lines, logger } = remembering();
    const user = ["--user", "app", "on", ">pw", "~*", "+@all", "-config"];
    for (const appendonly of ["yes", "no"]) {
      const server = await bench.startServer({ args: [...user, "--appendonly", appendonly] });
      await bench.connect(`redis://app:pw@127.0.0.1:${server.port}`, { logger });
    }
    expect(lines).toEqual([expect.stringContaining("see to it that it writes to disk")]);
  });

  test("a wrong, missing or needless password is refused at once, and never printed", async () => {
    const closed = await bench.startServer({ args: ["--requirepass", "right"] });
    const open = await bench.startServer();
    const startMs = performance.now();
    for (const [credentials, { port }] of [
      [":wrong@", closed],
      ["", closed],
      ["user:needless@", open],
    ] as const) {
      const failure = await bench.connect(`redis://${credentials}127.0.0.1:${port}`).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "StorageError", fault: "refused" });
      expect(String(failure)).toMatch(/check user and password in the address \(--redis\)/);
      expect(String(failure)).not.toMatch(/:wrong|needless@/);
    }
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await bench.connect(`redis://:right@127.0.0.1:${closed.port}`);
  });

  test("nobody there: waits for the start time, then says what to check", async () => {
    const failure = bench.connect({ port: NOBODYS_PORT }, { startTimeoutMs: 300 });
    await expect(failure).rejects.toMatchObject({
      fault: "unreachable",
      message: expect.stringContaining("check that it runs, its address"),
    });
  });

  test("a server that comes up a little later is waited for", async () => {
    const port = await freePort();
    const connecting = bench.connect({ port });
    await bench.startServer({ port });
    expect(await redisCommand(await connecting, "PING")).toBe("PONG");
  });

  test("TLS to a server that has none, and an address that is none", async () => {
    const { port } = await bench.startServer();
    await expect(bench.connect(`rediss://127.0.0.1:${port}`, { startTimeoutMs: 300 })).rejects.toMatchObject({
      fault: "unreachable",
      message: expect.stringContaining("rediss with TLS"),
    });
    await expect(bench.connect("localhost:6379")).rejects.toMatchObject({ fault: "unusable" });
  });

  test("TLS with the right authority, and a refusal without it", async () => {
    const { certificate, args } = bench.makeTlsSettings();
    const port = await freePort();
    await bench.startServer({ port, args: ["--port", "0", "--tls-port", `${port}`, ...args] });
    const address = `rediss://localhost:${port}`;
    const connection = await bench.connect(address, { tls: { ca: certificate } });
    expect(await redisCommand(connection, "PING")).toBe("PONG");
    await expect(bench.connect(address)).rejects.toMatchObject({
      fault: "refused",
      message: expect.stringContaining("certificate"),
    });
  });

  test("a user that may not PING is served without a word", async () => {
    const { lines, logger } = remembering();
    const args = ["--user", "app", "on", ">pw", "~*", "&*", "+@all", "-ping"];
    const server = await bench.startServer({ args });
    const address = `redis://app:pw@127.0.0.1:${server.port}`;
    const connection = await bench.connect(address, { logger, commandTimeoutMs: 200 });
    await sleep(1_000);
    expect(await redisCommand(connection, "ECHO", "still there")).toEqual(Buffer.from("still there"));
    expect(lines).toEqual([]);
  });

  test("a closed connection says so", async () => {
    const connection = await bench.connect(await bench.startServer());
    await connection.close();
    const store = new RedisStateStore(connection, { race: "r" });
    await expect(store.acquire(0, "owner", TTL_MS)).rejects.toMatchObject({ fault: "closed" });
  });
});

describe("limits", () => {
  test("a full memory refuses the whole commit, whatever it holds, and loses nothing", async () => {
    const server = await bench.startServer();
    const connection = await bench.connect(server);
    const store = new RedisStateStore(connection, { race: "r" });
    const lease = (await store.acquire(0, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    await redisCommand(connection, "CONFIG", "SET", "maxmemory", "1mb");
    const deletion = { ...commitFrom(1), changes: new Map([["car/24", null]]), outbox: [] };
    for (const commit of [commitFrom(1), deletion]) {
      await expect(store.commit(lease, commit)).rejects.toMatchObject({
        fault: "full",
        message: expect.stringContaining("maxmemory"),
      });
    }
    await redisCommand(connection, "CONFIG", "SET", "maxmemory", "0");
    await expectStateAt(store, lease, 1);
    expect(await store.commit(lease, commitFrom(1))).toBe("committed");
  });

  test("an outbox that nobody empties is full at its cap, and takes nothing by half", async () => {
    const store = new RedisStateStore(await bench.connect(await bench.startServer()), { race: "r" });
    const lease = (await store.acquire(0, "owner", TTL_MS))!;
    const outbox = Array.from({ length: REDIS_OUTBOX_RECORDS_MAX }, (_, i) => ({
      id: `${i}`,
      subject: "fact.r.lap.24",
      payload: new Uint8Array(1),
    }));
    expect(await store.commit(lease, { ...commitFrom(0), outbox })).toBe("committed");
    await expect(store.commit(lease, commitFrom(1))).rejects.toMatchObject({ fault: "full" });
    expect((await store.load(lease))?.position).toBe(1);
    expect(await store.trimOutbox(lease, REDIS_OUTBOX_RECORDS_MAX - 1)).toBe("committed");
    expect(await store.outbox(lease, 10)).toMatchObject([{ id: `${REDIS_OUTBOX_RECORDS_MAX - 1}` }]);
    expect(await store.commit(lease, commitFrom(1))).toBe("committed");
  });

  test("any bytes and any key come back as they were, also ten thousand at once", async () => {
    const store = new RedisStateStore(await bench.connect(await bench.startServer()), { race: "Nürburgring 24h" });
    const lease = (await store.acquire(0, "owner", TTL_MS))!;
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const entries = new Map(Array.from({ length: 10_000 }, (_, i) => [`車/${i}\r\n "'`, all.subarray(i % 256)]));
    const outbox = [{ id: "ö:1", subject: "fact.ß\0", payload: all }];
    await store.commit(lease, { ...commitFrom(0), changes: entries, outbox });
    expect((await store.load(lease))?.entries).toEqual(entries);
    expect(await store.outbox(lease, 1)).toEqual([{ ...outbox[0], sequence: 1 }]);
    const fewer = new Map([...entries.keys()].slice(1).map((key) => [key, null]));
    await store.commit(lease, { ...commitFrom(1), changes: fewer });
    expect((await store.load(lease))?.entries.size).toBe(1);
    await store.reset(lease, { position: 5, schemaVersion: 2, entries });
    expect(await store.load(lease)).toEqual({ position: 5, schemaVersion: 2, entries });
  });

  test("one member too many is refused until another one's heartbeat has run out", async () => {
    const connection = await bench.connect(await bench.startServer());
    const membership = new RedisMembership(connection, { race: "r", partitions: 1 });
    const beat = (id: number, ttlMs: number) =>
      membership.heartbeat(
        { memberId: `${id}`, beat: 1, weight: 0, isDraining: false, logSilentMs: 0, isCutOff: false, partitions: [] },
        ttlMs,
      );
    await beat(0, 0);
    await Promise.all(Array.from({ length: REDIS_MEMBERS_MAX }, (_, index) => beat(index + 1, TTL_MS)));
    await expect(beat(-1, TTL_MS)).rejects.toMatchObject({ fault: "overloaded" });
    expect(await membership.members()).toHaveLength(REDIS_MEMBERS_MAX);
    await beat(1, TTL_MS);
  });

  test("a race keeps the number of partitions it was begun with", async () => {
    const connection = await bench.connect(await bench.startServer());
    await claimRedisRace(connection, "r", 64);
    await claimRedisRace(connection, "r", 64);
    await claimRedisRace(connection, "other", 32);
    // Nothing but a hand makes a race begin anew under its name.
    expect(await redisCommand(connection, "PTTL", "burnline:{r}:race")).toBe(-1);
    await expect(claimRedisRace(connection, "r", 32)).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringMatching(/begun with 64 partitions and this Burnline divides a race into 32: .* --race/),
    });
    await redisCommand(connection, "HSET", "burnline:{r}:race", "layout", "2");
    await expect(claimRedisRace(connection, "r", 64)).rejects.toMatchObject({ fault: "newer" });
  });
});

describe("the server's own clock", () => {
  test("keeps others out for the lease's time and no longer", async () => {
    const connection = await bench.connect(await bench.startServer());
    const store = new RedisStateStore(connection, { race: "r" });
    const membership = new RedisMembership(connection, { race: "r", partitions: 2 });
    const startMs = performance.now();
    await store.acquire(1, "first", 300);
    expect((await membership.leases())[0]?.expiresInMs).toBeGreaterThan(0);
    await expect.poll(() => store.acquire(1, "second", 300), { interval: 5 }).toBeDefined();
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(299);
  });
});

describe("other ways to run it", () => {
  test("a Redis Cluster", async () => {
    const server = await bench.startCluster();
    const toNode = await bench.connectBare(server.port);
    await expect(bench.connect(server)).rejects.toMatchObject({ fault: "unusable" });
    const connection = await bench.connect(`redis+cluster://127.0.0.1:${server.port}`);
    await claimRedisRace(connection, "r", 8);
    const store = new RedisStateStore(connection, { race: "r" });
    for (let partition = 0; partition < 8; partition++) {
      const lease = (await store.acquire(partition, "owner", TTL_MS))!;
      await toNode(["SCRIPT", "FLUSH"]);
      expect(await store.commit(lease, commitFrom(0))).toBe("committed");
      await expectStateAt(store, lease, 1);
    }
    const membership = new RedisMembership(connection, { race: "r", partitions: 8 });
    expect((await membership.leases()).map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    await server.restart();
    const again = (await store.acquire(3, "owner", TTL_MS))!;
    await expectStateAt(store, again, 1);
  });

  test.each([
    ["dies", "SIGKILL"],
    ["freezes", "SIGSTOP"],
  ] as const)("sentinels, whose master %s while an owner commits", async (_what, signal) => {
    const master = await bench.startServer({ args: ["--repl-diskless-sync-delay", "0"] });
    const replica = await bench.startServer({ args: ["--replicaof", "127.0.0.1", String(master.port)] });
    const sentinel = await bench.startSentinel("race", master.port);
    const address = `redis+sentinel://127.0.0.1:${sentinel.port}/race`;
    const connection = await bench.connect(address, { operationTimeoutMs: 20_000 });
    const store = new RedisStateStore(connection, { race: "r" });
    const lease = (await store.acquire(0, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    const toSentinel = await bench.connectBare(sentinel.port);
    await expect(bench.connect(address.replace("/race", "/other"))).rejects.toMatchObject({
      fault: "unusable",
      message: expect.stringContaining("the master's name"),
    });
    await expect
      .poll(async () => JSON.stringify(await toSentinel(["SENTINEL", "REPLICAS", "race"])), { timeout: 20_000 })
      .toContain('"master-link-status":"ok"');
    await expect.poll(async () => redisCommand(connection, "WAIT", "1", "500"), { timeout: 20_000 }).toBe(1);
    await master.kill(signal);
    expect(await store.commit(lease, commitFrom(1))).toBe("committed");
    await expectStateAt(store, lease, 2);
    expect(String(await redisCommand(connection, "INFO", "server"))).toContain(`tcp_port:${replica.port}`);
  });
});
