import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { CountingOperator } from "@burnline/stream/testing";
import { afterEach, describe, expect, test } from "vitest";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { commitFrom, expectStateAt, RedisTestBench, redisCommand } from "./testing/redis-test-bench.ts";
import { wallClock } from "./wall-clock.ts";

const PARTITION = 7;
const TTL_MS = 60_000;
const SUBJECT = "race.r.7.tel.a";

const bench = new RedisTestBench();
afterEach(() => bench.close());

const storeOn = (connection: RedisConnection) => new RedisStateStore(connection, { race: "r" });

/**
 * Redis then answers when the write is in its file. With everysec, as production has it, it may answer up to 2 s before,
 * while a former fsync is still under way: a kill -9 of the server takes such a write back.
 */
const ALWAYS = { args: ["--appendfsync", "always"] };

describe("kill -9 of the server", () => {
  test("after its restart everything committed is there, the owner goes on, and whom it has replaced is fenced", async () => {
    const server = await bench.startServer(ALWAYS);
    const store = storeOn(await bench.connect(server));
    const former = (await store.acquire(PARTITION, "former", TTL_MS))!;
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS, { takeOverEpoch: former.epoch }))!;
    for (let position = 0; position < 50; position++) await store.commit(lease, commitFrom(position));
    await server.restart();
    await expectStateAt(store, lease, 50);
    expect(await store.commit(former, commitFrom(50))).toBe("fenced");
    expect(await store.commit(lease, commitFrom(50))).toBe("committed");
    expect((await store.acquire(PARTITION, "owner", TTL_MS))?.epoch).toBe(3);
    expect(await store.commit(lease, commitFrom(51))).toBe("fenced");
  });

  test("commits under way while it restarts come out right, each once", async () => {
    const server = await bench.startServer(ALWAYS);
    const store = storeOn(await bench.connect(server));
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    let restarting: Promise<void> | undefined;
    for (let position = 0; position < 300; position++) {
      const outcome = store.commit(lease, commitFrom(position));
      if (position === 100) restarting = server.restart();
      expect(await outcome).toBe("committed");
    }
    await restarting;
    await expectStateAt(store, lease, 300);
  });

  test("with everysec, whatever it takes back, the owner or its heir comes to the exact sums", async () => {
    const server = await bench.startServer();
    const race = newRace(await bench.connect(server));
    for (let round = 1; round <= 4; round++) {
      await race.append(12);
      await race.run(12 * round - 6);
      await server.restart();
      await race.run(12 * round);
    }
    race.expectExact(48);
  });
});

describe("a runner on a store that forgets", () => {
  test("FLUSHALL: the owner is fenced, and whoever takes the partition has the exact sums from snapshot and log", async () => {
    const connection = await bench.connect(await bench.startServer());
    const race = newRace(connection);
    await race.append(30);
    await race.run(20);
    await redisCommand(connection, "FLUSHALL");
    await race.append(30);
    expect(await race.run(60)).toEqual(["beginning", "snapshot"]);
    race.expectExact(60);
  });

  test("keys that were evicted or deleted are noticed by load and by commit, never used", async () => {
    for (const [key, when] of [
      ["entries", "load"],
      ["outbox", "load"],
      ["entries", "commit"],
      ["outbox", "commit"],
    ] as const) {
      const connection = await bench.connect(await bench.startServer());
      const damaged: number[] = [];
      const store = new RedisStateStore(connection, { race: "r", onDamage: (partition) => damaged.push(partition) });
      const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
      await store.commit(lease, commitFrom(0));
      await redisCommand(connection, "DEL", `burnline:{r:7}:${key}`);
      if (when === "commit") expect(await store.commit(lease, commitFrom(1))).toBe("conflict");
      expect(await store.load(lease)).toEqual({ position: 0, schemaVersion: 0, entries: new Map() });
      expect(damaged).toEqual([PARTITION]);
      expect(await store.outbox(lease, 10)).toEqual([]);
      expect(await store.commit(lease, commitFrom(0))).toBe("committed");
      expect((await store.outbox(lease, 10)).map(({ sequence }) => sequence)).toEqual([2]);
    }
  });
});

test("a version that does not know when the log took a record moves the position alone: the time is then not known", async () => {
  const connection = await bench.connect(await bench.startServer());
  const store = storeOn(connection);
  const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
  await store.commit(lease, { ...commitFrom(0), nextAppendedAtMs: 1_700_000_000_123 });
  expect(await store.load(lease)).toMatchObject({ position: 1, appendedAtMs: 1_700_000_000_123 });
  await redisCommand(connection, "HSET", "burnline:{r:7}:meta", "p", "2");
  expect((await store.load(lease))?.appendedAtMs).toBeUndefined();
});

describe("fail-over to a replica that lost the last second", () => {
  test("an epoch that is issued again does not let its former holder in", async () => {
    const { master, replica, proxy, promote } = await replicated();
    const stale = storeOn(await bench.connect(proxy));
    const first = (await stale.acquire(PARTITION, "first", TTL_MS))!;
    await stale.commit(first, commitFrom(0));
    await promote.freeze();
    // Only the master that is about to die hears of this.
    const lost = (await stale.acquire(PARTITION, "lost", TTL_MS, { takeOverEpoch: first.epoch }))!;
    expect(await stale.commit(lost, commitFrom(1))).toBe("committed");
    await promote.finish();
    const store = storeOn(await bench.connect(replica));
    const heir = (await store.acquire(PARTITION, "heir", TTL_MS, { takeOverEpoch: first.epoch }))!;
    expect(heir.epoch).toBe(lost.epoch);
    expect(heir.token).not.toBe(lost.token);
    expect(await stale.commit(lost, commitFrom(1))).toBe("fenced");
    expect(await stale.commit(lost, commitFrom(2))).toBe("fenced");
    expect(await stale.renew(lost, TTL_MS)).toBe(false);
    await expectStateAt(store, heir, 1);
    expect(master.port).not.toBe(replica.port);
  });

  test("a frozen master is left for the one that its name leads to by now, though it takes connections", async () => {
    const { master, proxy, promote, replica } = await replicated();
    const store = storeOn(await bench.connect(proxy, { operationTimeoutMs: 20_000 }));
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    await promote.freeze();
    await master.kill("SIGSTOP");
    const before = proxy.accepted();
    const committing = store.commit(lease, commitFrom(1));
    // On this one the master never says its first word.
    await expect.poll(() => proxy.accepted(), { timeout: 10_000 }).toBeGreaterThan(before);
    proxy.setTarget(replica.port);
    expect(await committing).toBe("committed");
    await expectStateAt(store, lease, 2);
  });

  test("a connection that is lost and made again to a frozen server is given up as well", async () => {
    const [server, frozen] = [await bench.startServer(), await bench.startServer()];
    const proxy = await bench.startProxy(server.port);
    const store = storeOn(await bench.connect(proxy, { commandTimeoutMs: 200, operationTimeoutMs: 20_000 }));
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await frozen.kill("SIGSTOP");
    proxy.setTarget(frozen.port);
    const before = proxy.accepted();
    proxy.cut();
    await expect.poll(() => proxy.accepted(), { timeout: 10_000 }).toBeGreaterThan(before);
    proxy.setTarget(server.port);
    expect(await store.commit(lease, commitFrom(0))).toBe("committed");
  });

  test("an owner whose last commits are gone learns it as a conflict, and replays to the exact sums", async () => {
    const { proxy, replica, promote } = await replicated();
    const race = newRace(await bench.connect(proxy));
    await race.append(10);
    await race.run(10);
    await promote.freeze();
    await race.append(10);
    await race.run(20);
    await promote.finish();
    await race.append(10);
    expect(await race.run(30)).toEqual(["beginning", "store"]);
    race.expectExact(30);
    expect(race.lost).toEqual(["conflict"]);
    expect(String(await redisCommand(await bench.connect(replica), "ROLE"))).toContain("master");
  });
});

/** A master behind a proxy and its replica, which is stopped in time and then takes the master's place. */
async function replicated() {
  // Without the 5 s that a master waits for more replicas before it copies itself.
  const master = await bench.startServer({ args: ["--repl-diskless-sync-delay", "0"] });
  const replica = await bench.startServer({ args: ["--replicaof", "127.0.0.1", String(master.port)] });
  const proxy = await bench.startProxy(master.port);
  const onReplica = await bench.connect(replica);
  await expect
    .poll(async () => String(await redisCommand(onReplica, "INFO", "replication")), { timeout: 20_000 })
    .toContain("master_link_status:up");
  const freeze = async () => {
    const onMaster = await bench.connect(master);
    // WAIT looks at this connection's last write: when that has arrived, all before it has. From here on nothing does.
    await redisCommand(onMaster, "SET", "last", "write");
    await expect.poll(() => redisCommand(onMaster, "WAIT", "1", "500"), { timeout: 20_000 }).toBe(1);
    await redisCommand(onReplica, "REPLICAOF", "NO", "ONE");
  };
  const finish = async () => {
    proxy.setTarget(replica.port);
    proxy.cut();
    await master.kill("SIGKILL");
  };
  return { master, replica, proxy, promote: { freeze, finish } };
}

/** One partition with a log that is never lost, run by as many owners as it takes. */
function newRace(connection: RedisConnection) {
  const store = storeOn(connection);
  const log = new MemoryEventLog(wallClock);
  const sent = new Map<string, string>();
  const lost: string[] = [];
  const sources: string[] = [];
  const ports: RunnerPorts = {
    log,
    state: store,
    snapshots: new MemorySnapshotStore(),
    clock: wallClock,
    live: { publish: () => undefined, subscribe: () => () => undefined },
    sink: {
      send: async (records) => {
        for (const { id, payload } of records) {
          const bytes = Buffer.from(payload).toString();
          // The same id twice is a repetition, byte for byte.
          expect(sent.get(id) ?? bytes).toBe(bytes);
          sent.set(id, bytes);
        }
      },
    },
  };
  const options = {
    ...RUNNER_DEFAULTS,
    partition: PARTITION,
    ownerId: "owner",
    recordsPerCommitMax: 3,
    snapshotIntervalMs: 0,
  };
  let operator = new CountingOperator();
  let runner: PartitionRunner | undefined;
  const acquire = async () => {
    operator = new CountingOperator();
    const observer = {
      recovered: (_: number, source: string) => sources.push(source),
      lost: (_: number, why: string) => lost.push(why),
    };
    runner = await PartitionRunner.acquire(ports, options, operator, observer);
    return runner!;
  };
  let appended = 0;
  return {
    lost,
    append: async (count: number) => {
      for (let i = 0; i < count; i++) {
        appended += 1;
        await log.append([{ partition: PARTITION, subject: SUBJECT, payload: Uint8Array.of(appended) }]);
      }
    },
    /** Until this position is committed. → where the owners, the first included, got their state from. */
    run: async (position: number) => {
      runner ??= await acquire();
      while (runner.position < position) if ((await runner.step(0)) === "lost") runner = await acquire();
      return sources;
    },
    expectExact: (records: number) => {
      expect(operator.sums.get(SUBJECT)).toBe((records * (records + 1)) / 2);
      expect(sent.size).toBe(records);
    },
  };
}
