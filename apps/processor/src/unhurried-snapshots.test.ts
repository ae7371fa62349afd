import { MemorySnapshotStore, StorageError } from "@burnline/runtime";
import type { SnapshotStore, StoredSnapshot } from "@burnline/stream";
import { snapshotStoreSuite } from "@burnline/stream/testing";
import { beforeEach, expect, test } from "vitest";
import { UnhurriedSnapshots } from "./unhurried-snapshots.ts";

const SNAPSHOT = { partition: 3, position: 10, bytes: Uint8Array.of(1) };

/** A store of which a test says how it answers. */
class TestStore implements SnapshotStore {
  readonly held = new MemorySnapshotStore();
  answer: () => Promise<void> = async () => undefined;

  async put(snapshot: StoredSnapshot): Promise<boolean> {
    await this.answer();
    return this.held.put(snapshot);
  }

  list(partition: number): Promise<readonly StoredSnapshot[]> {
    return this.held.list(partition);
  }
}

let store: TestStore;
let counted: string[];
let warnings: string[];
let endWait: () => void;
let fatal: unknown[];
let unhurried: UnhurriedSnapshots;

beforeEach(() => {
  store = new TestStore();
  counted = [];
  warnings = [];
  fatal = [];
  unhurried = new UnhurriedSnapshots(store, {
    metrics: { snapshotNotStored: (reason) => void counted.push(reason) },
    logger: { warn: (_: unknown, message = "") => void warnings.push(message) },
    sleep: () =>
      new Promise((resolve) => {
        endWait = resolve;
      }),
    onFatal: (error) => void fatal.push(error),
  });
});

snapshotStoreSuite("Unhurried snapshots", async () => {
  const held = new MemorySnapshotStore();
  const nothing = () => undefined;
  const options = { metrics: { snapshotNotStored: nothing }, logger: { warn: nothing }, onFatal: nothing };
  const again = () => new UnhurriedSnapshots(held, { ...options, sleep: () => new Promise(() => undefined) });
  return { store: again(), reopen: async () => again(), close: async () => undefined };
});

test("a store that fails stops nobody: it is counted each time and said once, until it works again", async () => {
  store.answer = () => Promise.reject(new StorageError("failed", "maximum consumers limit reached"));
  expect(await unhurried.put(SNAPSHOT)).toBe(false);
  expect(await unhurried.put(SNAPSHOT)).toBe(false);
  expect(counted).toEqual(["failed", "failed"]);
  expect(warnings).toHaveLength(1);
  store.answer = async () => undefined;
  expect(await unhurried.put(SNAPSHOT)).toBe(true);
  store.answer = () => Promise.reject(new StorageError("unreachable", "gone"));
  await unhurried.put({ ...SNAPSHOT, position: 11 });
  expect(warnings).toHaveLength(2);
});

test("a store that takes long is waited for a moment; what it takes later is there, and no second one waits behind it", async () => {
  const gate = Promise.withResolvers<void>();
  store.answer = () => gate.promise;
  const put = unhurried.put(SNAPSHOT);
  endWait();
  expect(await put).toBe(false);
  expect(await unhurried.put({ ...SNAPSHOT, position: 11 })).toBe(false);
  expect(counted).toEqual(["slow", "busy"]);
  gate.resolve();
  await gate.promise;
  await new Promise(setImmediate);
  expect((await unhurried.list(3)).map(({ position }) => position)).toEqual([10]);
  expect(await unhurried.put({ ...SNAPSHOT, position: 12 })).toBe(true);
});

test("a mistake of ours is not taken for a failing store, however late it comes to light", async () => {
  const mistake = new TypeError("ours");
  store.answer = () => Promise.reject(mistake);
  await expect(unhurried.put(SNAPSHOT)).rejects.toBe(mistake);
  const gate = Promise.withResolvers<void>();
  store.answer = () => gate.promise;
  const put = unhurried.put(SNAPSHOT);
  endWait();
  await put;
  gate.reject(mistake);
  await new Promise(setImmediate);
  expect(fatal).toEqual([mistake]);
});
