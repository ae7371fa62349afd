import { setTimeout as sleep } from "node:timers/promises";
import type { Lease } from "@burnline/stream";
import { afterEach, expect, test } from "vitest";
import { RedisMembership } from "./redis-membership.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import type { RealServer } from "./testing/real-servers.ts";
import { clusterCommand, commitFrom, expectStateAt, RedisTestBench } from "./testing/redis-test-bench.ts";

const PARTITIONS = 16;
const TTL_MS = 60_000;
const bench = new RedisTestBench();
afterEach(() => bench.close());

/** Owns a partition and commits on and on; what it is told is wrong it reads again, as a runner's heir would. */
class Committer {
  readonly partition: number;
  readonly #store: RedisStateStore;
  #lease: Lease | undefined;
  #isDone = false;
  #running: Promise<void> | undefined;
  position = 0;
  /** Answered commits that were not there any more. */
  takenBack = 0;

  constructor(store: RedisStateStore, partition: number) {
    this.#store = store;
    this.partition = partition;
  }

  start(): void {
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isDone) {
      this.#lease ??= await this.#acquire();
      const outcome = await this.#store.commit(this.#lease, commitFrom(this.position));
      if (outcome === "committed") this.position++;
      else this.#lease = undefined;
      await sleep(2);
    }
  }

  async #acquire(): Promise<Lease> {
    const lease = await this.#store.acquire(this.partition, `owner-${this.partition}`, TTL_MS);
    if (lease === undefined) throw new Error(`partition ${this.partition} is somebody else's`);
    const position = (await this.#store.load(lease))?.position ?? 0;
    this.takenBack += this.position - position;
    this.position = position;
    return lease;
  }

  /** Each commit is in the store, once and in order. */
  async finish(): Promise<void> {
    this.#isDone = true;
    await this.#running;
    this.#lease ??= await this.#acquire();
    await expectStateAt(this.#store, this.#lease, this.position);
  }
}

async function startCommitting(nodes: readonly RealServer[]) {
  const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`).join(",");
  const connection = await bench.connect(`redis+cluster://${hosts}`, { operationTimeoutMs: 30_000 });
  const store = new RedisStateStore(connection, { race: "r" });
  const committers = Array.from({ length: PARTITIONS }, (_, partition) => new Committer(store, partition));
  for (const committer of committers) committer.start();
  await haveMoved(committers);
  return { connection, committers };
}

async function haveMoved(committers: readonly Committer[]): Promise<void> {
  const former = committers.map(({ position }) => position);
  const slowest = () => Math.min(...committers.map(({ position }, index) => position - (former[index] ?? 0)));
  await expect.poll(slowest, { timeout: 30_000, interval: 20 }).toBeGreaterThan(5);
}

test("slots that move to another node while their owners commit take every commit with them, once", async () => {
  const nodes = await bench.startClusterOf(3);
  const { committers } = await startCommitting(nodes);
  const askNode = await bench.connectBare(nodes[0]!.port);
  const ids = await Promise.all(
    nodes.slice(0, 2).map(async ({ port }) => String(await (await bench.connectBare(port))(["CLUSTER", "MYID"]))),
  );
  const slotsOf = async (id: string) => {
    const line = String(await askNode(["CLUSTER", "NODES"]))
      .split("\n")
      .find((text) => text.startsWith(id));
    return line?.split(" ").slice(8).join(" ");
  };
  const before = await slotsOf(ids[0]!);
  clusterCommand(
    "reshard",
    `127.0.0.1:${nodes[0]!.port}`,
    ...["--cluster-from", ids[0]!, "--cluster-to", ids[1]!, "--cluster-slots", "5000"],
  );
  expect(await slotsOf(ids[0]!)).not.toBe(before);
  await haveMoved(committers);
  for (const committer of committers) await committer.finish();
  expect(committers.reduce((sum, { takenBack }) => sum + takenBack, 0)).toBe(0);
});

test("a master that dies is replaced by its replica, and whoever lost a commit with it learns so and goes on", async () => {
  const nodes = await bench.startClusterOf(3);
  const { connection, committers } = await startCommitting(nodes);
  await nodes[1]!.kill("SIGKILL");
  await haveMoved(committers);
  for (const committer of committers) await committer.finish();
  const membership = new RedisMembership(connection, { race: "r", partitions: PARTITIONS });
  expect((await membership.leases()).map(({ partition }) => partition)).toEqual(
    committers.map(({ partition }) => partition),
  );
});

test("a master that freezes is left for its replica while it stays frozen, also when the address names only it", async () => {
  const nodes = await bench.startClusterOf(3);
  const { committers } = await startCommitting(nodes.slice(0, 1));
  await nodes[0]!.kill("SIGSTOP");
  await haveMoved(committers);
  for (const committer of committers) await committer.finish();
});

test("while a master is frozen and nobody takes its place, the partitions of the others go on", async () => {
  const nodes = await bench.startClusterOf(3, 60_000);
  const { committers } = await startCommitting(nodes.slice(0, 1));
  await nodes[0]!.kill("SIGSTOP");
  const stuck = await stuckOf(committers);
  expect(stuck.length).toBeGreaterThan(0);
  const others = committers.filter((committer) => !stuck.includes(committer));
  // Long enough for the connection to be given up some times.
  const untilMs = performance.now() + 4_000;
  while (performance.now() < untilMs) await haveMoved(others);
  expect(await stuckOf(committers)).toEqual(stuck);
  await nodes[0]!.kill("SIGCONT");
  await haveMoved(committers);
  for (const committer of committers) await committer.finish();
});

/** Those that commit nothing for a second. */
async function stuckOf(committers: readonly Committer[]): Promise<readonly Committer[]> {
  const former = committers.map(({ position }) => position);
  await sleep(1_000);
  return committers.filter(({ position }, index) => position === former[index]);
}

test("a cluster with a password is used with it, and refuses a wrong one and none at once, naming the setting", async () => {
  const node = await bench.startCluster(["--requirepass", "right"]);
  const connect = (credentials: string) =>
    bench.connect(`redis+cluster://${credentials}127.0.0.1:${node.port}`, { startTimeoutMs: 5_000 });
  const store = new RedisStateStore(await connect(":right@"), { race: "r" });
  const lease = (await store.acquire(0, "owner", TTL_MS))!;
  expect(await store.commit(lease, commitFrom(0))).toBe("committed");
  const startMs = performance.now();
  for (const credentials of [":wrong@", ""]) {
    const failure = await connect(credentials).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "StorageError", fault: "refused" });
    expect(String(failure)).toMatch(/check user and password in the address \(--redis\)/);
  }
  expect(performance.now() - startMs).toBeLessThan(4_000);
});
