import { afterEach, describe, expect, test } from "vitest";
import { RedisStateStore } from "./redis-state-store.ts";
import { commitFrom, expectStateAt, RedisTestBench } from "./testing/redis-test-bench.ts";

const TTL_MS = 60_000;
const bench = new RedisTestBench();
afterEach(() => bench.close());

describe.each([
  ["ask nobody", {}],
  ["ask for the same password", { own: "right" }],
])("behind sentinels that %s, a master with a password", (_what, own) => {
  async function start() {
    const master = await bench.startServer({ args: ["--requirepass", "right", "--masterauth", "right"] });
    const sentinel = await bench.startSentinel("race", master.port, { master: "right", ...own });
    return (credentials: string) =>
      bench.connect(`redis+sentinel://${credentials}127.0.0.1:${sentinel.port}/race`, { startTimeoutMs: 5_000 });
  }

  test("is used with it", async () => {
    const connect = await start();
    const store = new RedisStateStore(await connect(":right@"), { race: "r" });
    const lease = (await store.acquire(0, "owner", TTL_MS))!;
    expect(await store.commit(lease, commitFrom(0))).toBe("committed");
    await expectStateAt(store, lease, 1);
  });

  test("refuses a wrong one and none at once, naming the setting", async () => {
    const connect = await start();
    const startMs = performance.now();
    for (const credentials of [":wrong@", ""]) {
      const failure = await connect(credentials).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "StorageError", fault: "refused" });
      expect(String(failure)).toMatch(/check user and password in the address \(--redis\)/);
    }
    expect(performance.now() - startMs).toBeLessThan(4_000);
  });
});

test("a sentinel that is frozen is passed over for one that answers", async () => {
  const master = await bench.startServer();
  const sentinels = [await bench.startSentinel("race", master.port), await bench.startSentinel("race", master.port)];
  await sentinels[0]!.kill("SIGSTOP");
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const connection = await bench.connect(`redis+sentinel://${hosts}/race`, { commandTimeoutMs: 500 });
  const store = new RedisStateStore(connection, { race: "r" });
  expect(await store.acquire(0, "owner", TTL_MS)).toBeDefined();
});
