import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SnapshotStore } from "../ports.ts";

export interface SnapshotStoreFixture {
  readonly store: SnapshotStore;
  /** The same data through a new client, as after a restart of the process. */
  reopen(): Promise<SnapshotStore>;
  close(): Promise<void>;
}

/** The laws of `SnapshotStore`. */
export function snapshotStoreSuite(name: string, open: () => Promise<SnapshotStoreFixture>): void {
  describe(`${name} as a snapshot store`, () => {
    let fixture: SnapshotStoreFixture;
    let store: SnapshotStore;

    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const put = (position: number, fill = position, partition = 7) =>
      store.put({ partition, position, bytes: new Uint8Array(3).fill(fill) });
    const positions = async (from: SnapshotStore, partition = 7) =>
      (await from.list(partition)).map(({ position }) => position);

    test("an unknown partition has no snapshot", async () => {
      expect(await store.list(7)).toEqual([]);
    });

    test("snapshots are listed newest first, byte for byte", async () => {
      expect(await put(10)).toBe(true);
      expect(await put(20)).toBe(true);
      const [newest, elder] = await store.list(7);
      expect(newest).toEqual({ partition: 7, position: 20, bytes: Uint8Array.of(20, 20, 20) });
      expect(elder).toEqual({ partition: 7, position: 10, bytes: Uint8Array.of(10, 10, 10) });
    });

    test("only the newest three are kept", async () => {
      for (const position of [1, 2, 3, 4, 5]) await put(position);
      expect(await positions(store)).toEqual([5, 4, 3]);
    });

    test("a lower position than the newest is refused and changes nothing", async () => {
      await put(20);
      expect(await put(19)).toBe(false);
      expect(await positions(store)).toEqual([20]);
    });

    test("the same position again replaces its bytes", async () => {
      await put(20, 1);
      expect(await put(20, 2)).toBe(true);
      const held = await store.list(7);
      expect(held.map(({ bytes }) => bytes[0])).toEqual([2]);
    });

    test("partitions do not see each other", async () => {
      await put(20, 1, 7);
      expect(await put(5, 1, 8)).toBe(true);
      expect(await positions(store, 8)).toEqual([5]);
    });

    test("a large snapshot comes back whole", async () => {
      const bytes = Uint8Array.from({ length: 512 * 1024 }, (_, index) => index % 251);
      await store.put({ partition: 7, position: 1, bytes });
      const [held] = await store.list(7);
      expect(held!.bytes.byteLength).toBe(bytes.byteLength);
      expect(Buffer.compare(held!.bytes, bytes)).toBe(0);
    });

    test("snapshots survive reopening", async () => {
      await put(10);
      await put(20);
      const again = await fixture.reopen();
      expect(await positions(again)).toEqual([20, 10]);
      expect(await again.put({ partition: 7, position: 15, bytes: new Uint8Array() })).toBe(false);
    });
  });
}
