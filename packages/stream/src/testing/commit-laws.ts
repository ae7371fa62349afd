import { expect, test } from "vitest";
import type { StateStore } from "../ports.ts";
import { commitOf, outboxRecord, takeLease } from "./state-records.ts";

/** All of a commit or nothing, from the position that it names. */
export function commitLaws(store: () => StateStore): void {
  test("a partition that was never committed is at position 0 with nothing", async () => {
    const lease = await takeLease(store());
    expect(await store().load(lease)).toEqual({ position: 0, schemaVersion: 0, entries: new Map() });
  });

  test("I7: position, schema version, changes and outbox come together", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf());
    const changes = new Map([
      ["car/24", null],
      ["car/5", Uint8Array.of(9)],
    ]);
    const second = commitOf({
      previousPosition: 10,
      nextPosition: 25,
      schemaVersion: 2,
      changes,
      outbox: [outboxRecord("a")],
    });
    expect(await store().commit(lease, second)).toBe("committed");
    const state = await store().load(lease);
    expect(state).toEqual({ position: 25, schemaVersion: 2, entries: new Map([["car/5", Uint8Array.of(9)]]) });
    expect(await store().outbox(lease, 10)).toHaveLength(1);
  });

  test("a commit from another position is a conflict and writes nothing", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf());
    const before = await store().load(lease);
    for (const previousPosition of [0, 9, 11]) {
      const changes = new Map([["car/24", Uint8Array.of(66)]]);
      const stray = commitOf({ previousPosition, nextPosition: 30, changes, outbox: [outboxRecord("stray")] });
      expect(await store().commit(lease, stray)).toBe("conflict");
    }
    expect(await store().load(lease)).toEqual(before);
    expect(await store().outbox(lease, 10)).toEqual([]);
  });

  test("a retry of a commit that was in is told apart by re-reading the position", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
    expect(await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }))).toBe("conflict");
    expect((await store().load(lease))?.position).toBe(10);
    expect(await store().outbox(lease, 10)).toHaveLength(1);
  });

  test("a position that would move back is a programmer's error and writes nothing", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf());
    await expect(store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 9 }))).rejects.toThrow(
      "a commit never moves the position back",
    );
    expect((await store().load(lease))?.position).toBe(10);
  });

  test("two commits from one position: the first wins", async () => {
    const lease = await takeLease(store());
    const outcomes = await Promise.all([
      store().commit(lease, commitOf()),
      store().commit(lease, commitOf({ nextPosition: 11 })),
    ]);
    expect(outcomes).toEqual(["committed", "conflict"]);
    expect((await store().load(lease))?.position).toBe(10);
  });

  test("the position may stand still while the state changes", async () => {
    const lease = await takeLease(store());
    expect(await store().commit(lease, commitOf({ nextPosition: 0 }))).toBe("committed");
    expect((await store().load(lease))?.entries.size).toBe(1);
  });

  test("partitions of one store do not touch each other", async () => {
    const seven = await takeLease(store(), "owner", 7);
    const eight = await takeLease(store(), "owner", 8);
    await store().commit(seven, commitOf({ outbox: [outboxRecord("a")] }));
    expect(await store().load(eight)).toEqual({ position: 0, schemaVersion: 0, entries: new Map() });
    expect(await store().outbox(eight, 10)).toEqual([]);
  });
}

/** A store that goes back together with its log may say nothing. */
export function appendedLaws(store: () => StateStore): void {
  const known = (appendedAtMs: number) => expect.toBeOneOf([appendedAtMs, undefined]);

  test("when the log took the record at the position is that of the last commit or reset, or not known", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf({ nextAppendedAtMs: 1_700_000_000_123 }));
    expect((await store().load(lease))?.appendedAtMs).toEqual(known(1_700_000_000_123));
    await store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 11 }));
    expect((await store().load(lease))?.appendedAtMs).toBeUndefined();
    const state = { position: 5, appendedAtMs: 1_700_000_000_456, schemaVersion: 1, entries: new Map() };
    await store().reset(lease, state);
    expect((await store().load(lease))?.appendedAtMs).toEqual(known(1_700_000_000_456));
    await store().reset(lease, { position: 5, schemaVersion: 1, entries: new Map() });
    expect((await store().load(lease))?.appendedAtMs).toBeUndefined();
  });
}

export function resetLaws(store: () => StateStore): void {
  test("a reset leaves the snapshot and nothing else", async () => {
    const lease = await takeLease(store());
    await store().commit(lease, commitOf({ nextPosition: 50, outbox: [outboxRecord("a")] }));
    const snapshot = { position: 20, schemaVersion: 3, entries: new Map([["car/5", Uint8Array.of(5)]]) };
    expect(await store().reset(lease, snapshot)).toBe("committed");
    expect(await store().load(lease)).toEqual(snapshot);
    expect(await store().outbox(lease, 10)).toEqual([]);
    expect(await store().commit(lease, commitOf({ previousPosition: 20, nextPosition: 21 }))).toBe("committed");
  });
}
