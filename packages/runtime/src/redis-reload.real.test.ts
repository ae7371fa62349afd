import type { Lease } from "@burnline/stream";
import { afterEach, describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { commitFrom, expectStateAt, RedisTestBench, redisCommand } from "./testing/redis-test-bench.ts";

const TTL_MS = 60_000;
const PARTITION = 7;
const bench = new RedisTestBench();
afterEach(() => bench.close());

const USERS = {
  /** As the documentation of Redis advises. */
  off: ["--user", "default", "off", "-@all"],
  /** Of what is read again, some is left out and some not. */
  partly: ["--user", "default", "off", "~*:meta", "~*:outbox", "+@all"],
};

const APP = ["--user", "app", "on", ">pw", "~*", "&*", "+@all"];
const MENDING = /: (?<command>ACL SETUSER default [a-z ]+[a-z])/;

async function storeUnder(defaultUser: readonly string[], ourUser: readonly string[] = APP) {
  // All that is appended is to be in the file when the server is killed.
  const server = await bench.startServer({ args: ["--appendfsync", "always", ...defaultUser, ...ourUser] });
  const damaged: number[] = [];
  const lines: string[] = [];
  const logger = createLogger({ service: "test", level: "warn", format: "lines", write: (line) => lines.push(line) });
  const connection = await bench.connect(`redis://app:pw@127.0.0.1:${server.port}`, { logger });
  const store = new RedisStateStore(connection, { race: "race", onDamage: (partition) => damaged.push(partition) });
  return { server, store, damaged, connection, lines };
}

const quiet = (position: number) => ({ ...commitFrom(position), changes: new Map(), outbox: [] });

// Found in the full profile of test:cluster. Redis checks the rights of the default user when it reads transactions of
// its append-only file (redis#14541, valkey#3983): it leaves out those that this user may not do, and keeps what was no
// transaction. A commit that changed nothing moved the position over commits that were left out: flags were gone.
describe("a Redis that leaves out transactions when it reads its append-only file", () => {
  test("a commit that changes nothing does not outlive one that does", async () => {
    const { server, store } = await storeUnder(USERS.off);
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    await store.trimOutbox(lease, 1);
    await store.commit(lease, quiet(1));
    await server.restart();
    const again = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    const state = await store.load(again);
    expect(state).toMatchObject({ position: 0, entries: new Map() });
    expect(await store.outbox(again, 10)).toEqual([]);
  });

  test("a state of which a part was left out is not used: it is damaged and begins anew", async () => {
    const { server, store, damaged } = await halfWritten();
    await server.restart();
    const again = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    expect(await store.load(again)).toMatchObject({ position: 0, entries: new Map() });
    expect(damaged).toEqual([PARTITION]);
    expect(await store.commit(again, commitFrom(0))).toBe("committed");
    await expectStateAt(store, again, 1);
  });

  test("a state that was reset does not begin its count anew: what was there before is not taken for it", async () => {
    const entries = new Map([["car/24", Buffer.from("another state")]]);
    const { server, store, damaged } = await halfWritten((of, lease) =>
      of.reset(lease, { position: 5, schemaVersion: 1, entries }),
    );
    await server.restart();
    const again = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    expect(await store.load(again)).toMatchObject({ position: 0, entries: new Map() });
    expect(damaged).toEqual([PARTITION]);
  });

  test.each<[string, readonly string[], boolean]>([
    ["off and may do nothing", USERS.off, true],
    ["kept from some keys", USERS.partly, true],
    ["left as it is", [], false],
  ])("is warned of when it is connected: its default user is %s", async (_how, user, isSaid) => {
    const { lines } = await storeUnder(user);
    expect(lines).toEqual(isSaid ? [expect.stringMatching(MENDING)] : []);
  });

  test("is mended by the command that the warning names", async () => {
    const users = bench.makeFile("user default off -@all\nuser app on >pw ~* &* +@all\n");
    const { server, store, connection, lines } = await storeUnder(["--aclfile", users], []);
    await redisCommand(connection, ...MENDING.exec(lines.join())!.groups!.command!.split(" "));
    await redisCommand(connection, "ACL", "SAVE");
    const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
    await store.commit(lease, commitFrom(0));
    await server.restart();
    await expectStateAt(store, (await store.acquire(PARTITION, "owner", TTL_MS))!, 1);
  });

  test("an owner that goes on as if nothing had happened is told so", async () => {
    const { server, store, lease } = await halfWritten();
    await server.restart();
    expect(await store.commit(lease, commitFrom(2))).toBe("conflict");
  });
});

/** One commit in the base of the file, which is always read, and one write behind it of which the entries will be left out. */
async function halfWritten(write: (store: RedisStateStore, lease: Lease) => Promise<unknown> = commitAgain) {
  const opened = await storeUnder(USERS.partly);
  const { store, connection } = opened;
  const lease = (await store.acquire(PARTITION, "owner", TTL_MS))!;
  await store.commit(lease, { ...commitFrom(0), outbox: [] });
  await redisCommand(connection, "BGREWRITEAOF");
  await expect
    .poll(async () => String(await redisCommand(connection, "INFO", "persistence")))
    .toMatch(/aof_rewrite_in_progress:0[\s\S]*aof_rewrite_scheduled:0/);
  await write(store, lease);
  return { ...opened, lease };
}

const commitAgain = (store: RedisStateStore, lease: Lease) => store.commit(lease, { ...commitFrom(1), outbox: [] });
