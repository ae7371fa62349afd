import { StepClock } from "@burnline/std";
import { encodeSnapshot, type SnapshotStore, type StoredSnapshot } from "@burnline/stream";
import { snapshotStoreSuite } from "@burnline/stream/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { MemorySnapshotStore } from "./memory-snapshot-store.ts";
import { Metrics } from "./metrics.ts";
import { StorageError } from "./storage-error.ts";
import { createFarSnapshotMetrics } from "./tiered-snapshot-metrics.ts";
import { TieredSnapshotStore } from "./tiered-snapshot-store.ts";

const INTERVAL_MS = 60_000;
const PAUSE_MS = 10_000;
const GONE = new StorageError("unreachable", "Nobody answers.");

/** A far store that a test can stop and break. */
class FarStore implements SnapshotStore {
  readonly stored = new MemorySnapshotStore();
  readonly puts: string[] = [];
  lists = 0;
  gate: Promise<void> | undefined;
  isBroken = false;

  async put(snapshot: StoredSnapshot): Promise<boolean> {
    this.puts.push(`${snapshot.partition}@${snapshot.position}`);
    await this.gate;
    if (this.isBroken) throw GONE;
    return this.stored.put(snapshot);
  }

  async list(partition: number): Promise<readonly StoredSnapshot[]> {
    this.lists++;
    await this.gate;
    if (this.isBroken) throw GONE;
    return this.stored.list(partition);
  }
}

let clock: StepClock;
let near: MemorySnapshotStore;
let far: FarStore;
let metrics: Metrics;
let warnings: string[];
let store: TieredSnapshotStore;

function tier(nearStore: SnapshotStore = near, farListMsMax = 5_000): TieredSnapshotStore {
  metrics = new Metrics(["processor"]);
  const farMetrics = createFarSnapshotMetrics(metrics, "processor");
  const logger = { warn: (_: unknown, message = "") => warnings.push(message) };
  const timing = { farIntervalMs: INTERVAL_MS, farPauseMs: PAUSE_MS, farListMsMax, clock };
  return new TieredSnapshotStore(nearStore, far, { ...timing, metrics: farMetrics, logger });
}

beforeEach(() => {
  clock = new StepClock(0);
  near = new MemorySnapshotStore();
  far = new FarStore();
  warnings = [];
  store = tier();
});

const whole = (position: number, partition = 7): StoredSnapshot => ({
  ...{ partition, position },
  bytes: encodeSnapshot({ position, schemaVersion: 1, entries: new Map() }),
});
const torn = (position: number, partition = 7): StoredSnapshot => ({ partition, position, bytes: new Uint8Array(3) });
const positionsOf = (snapshots: readonly StoredSnapshot[]) => snapshots.map(({ position }) => position);
/** What a failing or finished call of the far store sets off takes some turns of the event loop. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const metric = async (name: string) =>
  (await metrics.render())
    .split("\n")
    .find((line) => line.startsWith(`processor_far_${name}`))
    ?.split(" ")
    .at(-1);

snapshotStoreSuite("memory with a broken far store behind it", async () => {
  const one = new MemorySnapshotStore();
  const broken = new FarStore();
  broken.isBroken = true;
  const open = () => new TieredSnapshotStore(one, broken, { farIntervalMs: INTERVAL_MS, clock: new StepClock(0) });
  return { store: open(), reopen: async () => open(), close: async () => {} };
});

describe("putting", () => {
  test("each goes near, and far at most once per interval and partition", async () => {
    for (let position = 1; position <= 14; position++) {
      await store.put(whole(position));
      await store.put(whole(position, 8));
      await settle();
      clock.advance(10_000);
    }
    expect(positionsOf(await near.list(7))).toEqual([14, 13, 12]);
    expect(far.puts).toEqual(["7@1", "8@1", "7@7", "8@7", "7@13", "8@13"]);
    expect(await metric("snapshot_put_seconds_count")).toBe("6");
  });

  test("a far store that does not answer holds nothing up; behind it waits the newest of each partition", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    far.gate = promise;
    for (let position = 1; position <= 100; position++) {
      expect(await store.put(whole(position))).toBe(true);
      expect(await store.put(whole(position, 8))).toBe(true);
      clock.advance(INTERVAL_MS);
    }
    expect(far.puts).toEqual(["7@1"]);
    // Of 7 those between the one on its way and the newest, of 8 all but the newest.
    expect(await metric("snapshots_replaced_total")).toBe("197");
    resolve();
    await settle();
    expect(far.puts.slice(1).sort()).toEqual(["7@100", "8@100"]);
  });

  test("a far store that fails is left alone for a while, then gets the newest", async () => {
    far.isBroken = true;
    await store.put(whole(1));
    await settle();
    clock.advance(PAUSE_MS - 1);
    expect(await store.put(whole(2))).toBe(true);
    await settle();
    expect(far.puts).toEqual(["7@1"]);
    expect(await metric('snapshot_failures_total{call="put"}')).toBe("1");
    far.isBroken = false;
    clock.advance(1);
    await store.put(whole(3, 8));
    await settle();
    expect(far.puts).toEqual(["7@1", "7@2", "8@3"]);
  });

  test("what the near store refuses does not go far", async () => {
    await near.put(whole(20));
    expect(await store.put(whole(19))).toBe(false);
    await settle();
    expect(far.puts).toEqual([]);
  });

  test("a near store that fails is said, and the far one gets the snapshot", async () => {
    const failing = tier({ put: () => Promise.reject(GONE), list: () => Promise.reject(GONE) });
    await expect(failing.put(whole(1))).rejects.toBe(GONE);
    await settle();
    expect(positionsOf(await failing.list(7))).toEqual([1]);
    await expect(failing.list(8)).rejects.toBe(GONE);
  });
});

describe("listing", () => {
  test("a near store that is well is enough", async () => {
    await far.stored.put(whole(30));
    await near.put(whole(10));
    await near.put(torn(20));
    expect(positionsOf(await store.list(7))).toEqual([20, 10]);
    expect(far.lists).toBe(0);
  });

  test("a near store that lost all, or holds nothing whole, has the far one's", async () => {
    await far.stored.put(whole(30));
    expect(positionsOf(await store.list(7))).toEqual([30]);
    await near.put(torn(20));
    expect(positionsOf(await store.list(7))).toEqual([30, 20]);
  });

  test("a far store that fails costs one recovery, not each", async () => {
    far.isBroken = true;
    expect(await store.list(7)).toEqual([]);
    expect(await store.list(8)).toEqual([]);
    expect(far.lists).toBe(1);
    expect(await metric('snapshot_failures_total{call="list"}')).toBe("1");
    far.isBroken = false;
    await far.stored.put(whole(30));
    clock.advance(PAUSE_MS);
    expect(positionsOf(await store.list(7))).toEqual([30]);
  });

  test("recoveries that fail together are one warning, and are all counted", async () => {
    far.isBroken = true;
    await Promise.all([store.list(7), store.list(8), store.list(9)]);
    expect(warnings).toEqual(["the far snapshot store failed, going on without it"]);
    expect(await metric('snapshot_failures_total{call="list"}')).toBe("3");
  });

  test("a far store that does not answer is not waited for", async () => {
    far.gate = new Promise(() => {});
    expect(await tier(near, 5).list(7)).toEqual([]);
    expect(far.lists).toBe(1);
  });
});

describe("closing", () => {
  test("gives the far store what it does not have, due or not", async () => {
    await store.put(whole(1));
    await store.put(whole(2));
    await store.put(whole(2, 8));
    await store.close(1_000);
    expect(positionsOf(await far.stored.list(7))).toEqual([2, 1]);
    expect(positionsOf(await far.stored.list(8))).toEqual([2]);
  });

  test("waits no longer than it may", async () => {
    far.gate = new Promise(() => {});
    await store.put(whole(1));
    await store.close(5);
    expect(await metric('snapshot_failures_total{call="put"}')).toBe("1");
  });
});
