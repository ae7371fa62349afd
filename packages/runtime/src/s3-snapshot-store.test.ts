import type { StoredSnapshot } from "@burnline/stream";
import { snapshotStoreSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
import type { ObjectClient } from "./s3-object-client.ts";
import { S3SnapshotStore } from "./s3-snapshot-store.ts";
import { StorageError } from "./storage-error.ts";

/** A bucket in this process. */
class MemoryObjects implements ObjectClient {
  readonly objects = new Map<string, Uint8Array>();
  mayDelete = true;
  deletes = 0;
  onPut: () => Promise<void> = async () => {};

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.onPut();
    this.objects.set(key, bytes);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.objects.get(key);
  }

  async list(prefix: string): Promise<readonly string[]> {
    return [...this.objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  }

  async delete(key: string): Promise<void> {
    this.deletes++;
    if (!this.mayDelete) throw new StorageError("refused", "No.");
    this.objects.delete(key);
  }
}

const OPTIONS = { prefix: "p", race: "r" };
const snapshotAt = (position: number): StoredSnapshot => ({ partition: 7, position, bytes: Uint8Array.of(position) });
const positionsOf = async (store: S3SnapshotStore) => (await store.list(7)).map(({ position }) => position);

snapshotStoreSuite("S3 on objects in memory", async () => {
  const objects = new MemoryObjects();
  const open = () => new S3SnapshotStore(objects, OPTIONS);
  return { store: open(), reopen: async () => open(), close: async () => {} };
});

test("of two writers the higher position is first, though the lower one came last", async () => {
  const objects = new MemoryObjects();
  const [slow, fast] = [new S3SnapshotStore(objects, OPTIONS), new S3SnapshotStore(objects, OPTIONS)];
  objects.onPut = async () => {
    objects.onPut = async () => {};
    expect(await fast.put(snapshotAt(20))).toBe(true);
  };
  // It looked before the other one wrote.
  expect(await slow.put(snapshotAt(10))).toBe(true);
  expect(await positionsOf(slow)).toEqual([20, 10]);
  expect(await slow.put(snapshotAt(15))).toBe(false);
});

test("a snapshot is stored though old ones may not be deleted; they go later, a few at a time", async () => {
  const objects = new MemoryObjects();
  const warnings: unknown[] = [];
  const store = new S3SnapshotStore(objects, {
    ...OPTIONS,
    logger: { warn: (fields: unknown) => warnings.push(fields) },
  });
  objects.mayDelete = false;
  for (let position = 1; position <= 30; position++) expect(await store.put(snapshotAt(position))).toBe(true);
  expect(await positionsOf(store)).toEqual([30, 29, 28]);
  expect(objects.objects.size).toBe(30);
  expect(warnings).toHaveLength(objects.deletes);

  objects.mayDelete = true;
  objects.deletes = 0;
  await store.put(snapshotAt(31));
  expect(objects.deletes).toBe(10);
  for (let position = 32; position <= 34; position++) await store.put(snapshotAt(position));
  expect(await positionsOf(store)).toEqual([34, 33, 32]);
  expect(objects.objects.size).toBe(3);
});
