import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { StepClock } from "@burnline/std";
import { encodeSnapshot, PartitionRunner, RUNNER_DEFAULTS, type StoredSnapshot } from "@burnline/stream";
import { CountingOperator, partitionRunnerSuite, snapshotStoreSuite } from "@burnline/stream/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { MemoryEventLog } from "./memory-event-log.ts";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { MemoryStateStore } from "./memory-state-store.ts";
import { S3ObjectClient, type S3Options } from "./s3-object-client.ts";
import { backUpToS3 } from "./s3-race-snapshots.ts";
import { S3SnapshotStore } from "./s3-snapshot-store.ts";
import { StorageError } from "./storage-error.ts";
import { NOBODYS_PORT, type RealServer, S3_KEYS, startS3Server } from "./testing/real-servers.ts";
import { TieredSnapshotStore } from "./tiered-snapshot-store.ts";
import { steadyClock } from "./wall-clock.ts";

const BUCKET = "burnline-test";
const PREFIX = "installation/one";
const START_MS = 1_700_000_000_000;
/** For tests in which nobody answers. */
const IMPATIENT = { attemptsMax: 2, connectMsMax: 300, attemptMsMax: 300, callMsMax: 1_000 };
const IMPATIENT_MS_MAX = 1_500;

const HALF_BYTES = 256 * 1024;
const QUIET = {
  clock: steadyClock,
  logger: createLogger({ service: "test", level: "silent", format: "json" }),
  metrics: { stored: () => {}, failed: () => {}, replaced: () => {} },
};

let server: RealServer;
let serial = 0;
const clients: S3ObjectClient[] = [];

beforeAll(async () => {
  server = await startS3Server();
  mkdirSync(join(server.folder, "data", BUCKET));
});
afterAll(() => server.stop());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

const optionsOf = (changes: Partial<S3Options> = {}): S3Options => ({
  ...{ endpoint: server.url, region: "us-east-1", bucket: BUCKET, credentials: S3_KEYS },
  ...changes,
});
async function connect(changes: Partial<S3Options> = {}): Promise<S3ObjectClient> {
  const client = await S3ObjectClient.open(optionsOf(changes));
  clients.push(client);
  return client;
}
const openStore = async (race: string, changes: Partial<S3Options> = {}) =>
  new S3SnapshotStore(await connect(changes), { prefix: PREFIX, race });
const newRace = () => `race-${serial++}`;
const snapshotAt = (position: number, partition = 7): StoredSnapshot => ({
  ...{ partition, position },
  bytes: encodeSnapshot({ position, schemaVersion: 1, entries: new Map([["sum", Uint8Array.of(position)]]) }),
});
const positionsOf = (snapshots: readonly StoredSnapshot[]) => snapshots.map(({ position }) => position);

snapshotStoreSuite("S3", async () => {
  const race = newRace();
  return { store: await openStore(race), reopen: () => openStore(race), close: async () => {} };
});

partitionRunnerSuite("S3, after state and near snapshots were lost", new StepClock(START_MS), async (clock) => {
  const log = new MemoryEventLog(clock);
  const race = newRace();
  const far = await openStore(race);
  const tier = (near: MemorySnapshotStore) => new TieredSnapshotStore(near, far, { farIntervalMs: 60_000, clock });
  const snapshots = tier(new MemorySnapshotStore());
  return {
    ports: { log, snapshots, state: new MemoryStateStore(clock) },
    loseState: async () => {
      await snapshots.close(10_000);
      return { log, snapshots: tier(new MemorySnapshotStore()), state: new MemoryStateStore(clock) };
    },
    trim: (before) => log.trim(before),
    close: () => snapshots.close(10_000),
  };
});

describe("objects", () => {
  test("lie below prefix, race and partition, and their names sort as positions do", async () => {
    const store = await openStore("daytona");
    for (const position of [9, 10, 1_000_000_000_000]) await store.put(snapshotAt(position));
    expect(await (await connect()).list(`${PREFIX}/daytona/`)).toEqual([
      "installation/one/daytona/7/0000000000000009.snap",
      "installation/one/daytona/7/0000000000000010.snap",
      "installation/one/daytona/7/0001000000000000.snap",
    ]);
    expect(positionsOf(await store.list(7))).toEqual([1_000_000_000_000, 10, 9]);
  });

  test("of somebody else beside ours are neither read nor deleted", async () => {
    const race = newRace();
    const [client, store] = [await connect(), await openStore(race)];
    const foreign = [`${PREFIX}/${race}/7/read-me.txt`, `${PREFIX}/${race}/70/0000000000000001.snap`];
    for (const key of foreign) await client.put(key, Uint8Array.of(1));
    for (const position of [1, 2, 3, 4, 5]) await store.put(snapshotAt(position));
    expect(positionsOf(await store.list(7))).toEqual([5, 4, 3]);
    expect(await client.list(`${PREFIX}/${race}/7`)).toEqual(expect.arrayContaining(foreign));
  });

  test("of more than one page are all listed", async () => {
    const folder = `${PREFIX}/${newRace()}/7`;
    const path = join(server.folder, "data", BUCKET, folder);
    mkdirSync(path, { recursive: true });
    for (let position = 1; position <= 1_100; position++)
      writeFileSync(join(path, `${String(position).padStart(16, "0")}.snap`), "x");
    const keys = await (await connect()).list(`${folder}/`);
    expect(keys).toHaveLength(1_100);
    expect(keys.at(-1)).toBe(`${folder}/0000000000001100.snap`);
  });

  test("that are gone are undefined, and deleting them again is no error", async () => {
    const client = await connect();
    await client.delete("none");
    expect(await client.get("none")).toBeUndefined();
  });
});

describe("failures", () => {
  test("a damaged object is passed over for the one before it", async () => {
    const race = newRace();
    const store = await openStore(race);
    for (const position of [10, 20]) await store.put(snapshotAt(position));
    const path = join(server.folder, "data", BUCKET, PREFIX, race, "7", "0000000000000020.snap");
    writeFileSync(
      path,
      snapshotAt(20).bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
    );
    expect(await recoveredFrom(store)).toBe(10);
    // Cut in half: an upload that a worse server let through.
    writeFileSync(path, snapshotAt(20).bytes.slice(0, 30));
    expect(await recoveredFrom(store)).toBe(10);
  });

  test.each([
    [
      { bucket: "no-such-bucket" },
      "unusable",
      /^The bucket no-such-bucket at http\S+ does not exist: create it, or correct --s3-bucket\.$/,
    ],
    [
      { credentials: { ...S3_KEYS, secretKey: "wrong" } },
      "refused",
      /^S3 refuses us on burnline-test at http\S+ \(SignatureDoesNotMatch.*\): check --s3-access-key, --s3-secret-key/,
    ],
    [
      { credentials: { ...S3_KEYS, accessKey: "stranger" } },
      "refused",
      /^S3 refuses us on .* \((InvalidAccessKeyId|XAdminUserNotFound).*\): check --s3-access-key/,
    ],
    [{ bucket: "No_Bucket!" }, "unusable", /--s3-bucket/],
    [{ region: "mars-north-1" }, "unusable", /^The bucket .* cannot be used .*--s3-region/],
  ] as const)("%j is refused in a sentence that names the setting", async (changes, fault, sentence) => {
    const error = await failureOf((await connect(changes)).check());
    expect([error.fault, error.message]).toEqual([fault, expect.stringMatching(sentence)]);
    const putting = await failureOf((await openStore("r", changes)).put(snapshotAt(1)));
    expect([putting.fault, putting.message]).toEqual([fault, expect.stringMatching(sentence)]);
    const opening = backUpToS3(new MemorySnapshotStore(), optionsOf(changes), { id: "r", prefix: PREFIX }, QUIET);
    expect((await failureOf(opening)).message).toMatch(sentence);
    expect(error.message).not.toContain(S3_KEYS.secretKey);
  });

  test("nobody at the address is said, and does not keep a process from starting", async () => {
    const endpoint = `http://127.0.0.1:${NOBODYS_PORT}`;
    const error = await failureOf((await connect({ endpoint, limits: IMPATIENT })).check());
    expect(error.fault).toBe("unreachable");
    expect(error.message).toMatch(
      /^S3 did not answer for burnline-test at http\S+ \(.*ECONNREFUSED.*\): check --s3-end/,
    );
    const options = optionsOf({ endpoint, limits: IMPATIENT });
    const backed = await backUpToS3(new MemorySnapshotStore(), options, { id: "r", prefix: PREFIX }, QUIET);
    expect(await backed.store.put(snapshotAt(1))).toBe(true);
    expect(positionsOf(await backed.store.list(7))).toEqual([1]);
    await backed.close();
  });
});

describe("a server", () => {
  let own: RealServer;

  beforeEach(async () => {
    own = await startS3Server();
    mkdirSync(join(own.folder, "data", BUCKET));
  });
  afterEach(() => own.stop());

  test("that is killed in the middle of a put leaves the snapshots of before, and takes the next one", async () => {
    const store = await openStore("r", { endpoint: own.url });
    await store.put(snapshotAt(10));
    const proxy = await startHalfway(own.port, HALF_BYTES);
    const limits = { ...IMPATIENT, attemptsMax: 1, attemptMsMax: 5_000, callMsMax: 5_000 };
    const cut = await openStore("r", { endpoint: `http://127.0.0.1:${proxy.port}`, limits });
    const bytes = new Uint8Array(4 * HALF_BYTES).fill(1);
    const failing = failureOf(cut.put({ partition: 7, position: 20, bytes }));
    await proxy.halfway;
    await own.kill("SIGKILL");
    await proxy.close();
    expect((await failing).fault).toBe("unreachable");
    await own.restart();
    expect(positionsOf(await store.list(7))).toEqual([10]);
    expect(await store.put({ partition: 7, position: 20, bytes })).toBe(true);
    expect(positionsOf(await store.list(7))).toEqual([20, 10]);
  });

  test("that stands still ends each call in its time; the near store notices nothing", async () => {
    const far = await openStore("r", { endpoint: own.url, limits: IMPATIENT });
    await far.put(snapshotAt(5));
    const failures: string[] = [];
    const tiered = new TieredSnapshotStore(new MemorySnapshotStore(), far, {
      ...{ farIntervalMs: 0, farPauseMs: 0, clock: steadyClock },
      metrics: { stored: () => {}, replaced: () => {}, failed: (call) => failures.push(call) },
    });
    await own.kill("SIGSTOP");
    const startMs = performance.now();
    const error = await failureOf(far.put(snapshotAt(10)));
    expect(error.fault).toBe("unreachable");
    expect(performance.now() - startMs).toBeLessThan(IMPATIENT_MS_MAX);

    const putMs = performance.now();
    for (const position of [20, 21, 22]) expect(await tiered.put(snapshotAt(position))).toBe(true);
    expect(performance.now() - putMs).toBeLessThan(IMPATIENT.attemptMsMax);
    // Nothing near, nothing far within the time: the recovery goes on with what it has.
    expect(await tiered.list(8)).toEqual([]);
    expect(failures).toContain("list");

    await own.kill("SIGCONT");
    await tiered.close(10_000);
    expect(positionsOf(await far.list(7))[0]).toBe(22);
  });

  test("that restarts is found again without a new client", async () => {
    const store = await openStore("r", { endpoint: own.url });
    await store.put(snapshotAt(10));
    await own.restart();
    expect(await store.put(snapshotAt(20))).toBe(true);
    expect(positionsOf(await store.list(7))).toEqual([20, 10]);
  });
});

/** Where a new owner goes on that has nothing but these snapshots and the log. */
async function recoveredFrom(snapshots: S3SnapshotStore): Promise<number | undefined> {
  const clock = new StepClock(START_MS);
  const log = new MemoryEventLog(clock);
  const record = { partition: 7, subject: "race.r.7.tel.a", payload: Uint8Array.of(1) };
  await log.append(Array.from({ length: 30 }, () => record));
  const runner = await PartitionRunner.acquire(
    {
      ...{ log, snapshots, clock, state: new MemoryStateStore(clock) },
      sink: { send: async () => {} },
      live: { publish: () => {}, subscribe: () => () => {} },
    },
    { ...RUNNER_DEFAULTS, partition: 7, ownerId: "heir" },
    new CountingOperator(),
  );
  return runner?.position;
}

/** A port in front of a server that lets so many bytes of the first request through, and then none. */
async function startHalfway(target: number, bytesMax: number) {
  const { promise: halfway, resolve } = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const behind = connectTcp(target, "127.0.0.1");
    let passed = 0;
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (bytes) => {
      const room = bytesMax - passed;
      passed += bytes.byteLength;
      if (room > 0) behind.write(bytes.subarray(0, room), () => passed >= bytesMax && resolve());
    });
    behind.on("data", (bytes) => client.write(bytes));
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has an address with a port");
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    listener.close();
    await once(listener, "close");
  };
  return { port: address.port, halfway, close };
}

async function failureOf(call: Promise<unknown>): Promise<StorageError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
