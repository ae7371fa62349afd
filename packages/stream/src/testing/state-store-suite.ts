import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Lease, StateStore } from "../ports.ts";
import { commitModelLaw } from "./commit-model-law.ts";
import { commitOf, outboxRecord, type StateStoreFixture, TTL_MS } from "./state-records.ts";

/** The laws of `StateStore`; I7 and I11 of the architecture among them. */
export function stateStoreSuite(name: string, open: () => Promise<StateStoreFixture>): void {
  describe(`${name} as a state store`, () => {
    let fixture: StateStoreFixture;
    let store: StateStore;

    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    leaseLaws(() => fixture);
    commitLaws(() => store);
    outboxLaws(() => store);
    resetLaws(() => store);
    commitModelLaw(() => fixture);

    test("state, position, outbox and lease survive reopening", async () => {
      const lease = await take(store);
      await store.commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
      const again = await fixture.reopen();
      expect(await again.load(lease)).toEqual({
        position: 10,
        schemaVersion: 1,
        entries: new Map([["car/24", Uint8Array.of(1, 2, 3)]]),
      });
      expect((await again.outbox(lease, 10)).map(({ id }) => id)).toEqual(["a"]);
      expect(await again.acquire(7, "other", TTL_MS)).toBeUndefined();
      expect(await again.commit(lease, commitOf({ previousPosition: 10, nextPosition: 11 }))).toBe("committed");
    });
  });
}

async function take(store: StateStore, owner = "owner", partition = 7): Promise<Lease> {
  const lease = await store.acquire(partition, owner, TTL_MS);
  expect(lease).toBeDefined();
  return lease!;
}

function leaseLaws(fixture: () => StateStoreFixture): void {
  test("a lease excludes every other owner until it runs out by the clock", async () => {
    const { store, advance } = fixture();
    await take(store, "first");
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
    await advance(TTL_MS - 500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
    await advance(500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeDefined();
  });

  test("of many that try at once exactly one gets the lease", async () => {
    const { store } = fixture();
    const tries = Array.from({ length: 8 }, (_, index) => store.acquire(7, `owner-${index}`, TTL_MS));
    expect((await Promise.all(tries)).filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  test("leases of different partitions are independent", async () => {
    const { store } = fixture();
    await take(store, "first", 7);
    await take(store, "second", 8);
  });

  test("renewing keeps the others out for another ttl", async () => {
    const { store, advance } = fixture();
    const lease = await take(store, "first");
    await advance(1_500);
    expect(await store.renew(lease, TTL_MS)).toBe(true);
    await advance(1_500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
  });

  test("a lease that ran out but was not taken is still its owner's", async () => {
    const { store, advance } = fixture();
    const lease = await take(store, "first");
    await advance(TTL_MS + 500);
    expect(await store.commit(lease, commitOf())).toBe("committed");
    expect(await store.renew(lease, TTL_MS)).toBe(true);
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
  });

  test("a commit does not prolong the lease", async () => {
    const { store, advance } = fixture();
    const lease = await take(store, "first");
    await advance(1_500);
    await store.commit(lease, commitOf());
    await advance(500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeDefined();
  });

  test("a released lease is free at once and worth nothing to who released it", async () => {
    const { store } = fixture();
    const lease = await take(store, "first");
    await store.release(lease);
    expect(await store.renew(lease, TTL_MS)).toBe(false);
    expect(await store.load(lease)).toBeUndefined();
    expect(await store.commit(lease, commitOf())).toBe("fenced");
    await take(store, "second");
  });

  test("an owner that comes back under its own name takes over at once, and its former token is fenced", async () => {
    const { store } = fixture();
    const before = await take(store, "owner");
    const after = await take(store, "owner");
    expect(after.token).not.toBe(before.token);
    expect(await store.commit(before, commitOf())).toBe("fenced");
    expect(await store.commit(after, commitOf())).toBe("committed");
  });

  test("a lease may be taken early by who names its epoch, and the former owner is fenced", async () => {
    const { store } = fixture();
    const dead = await take(store, "dead");
    await store.commit(dead, commitOf({ outbox: [outboxRecord("a")] }));
    const next = await store.acquire(7, "next", TTL_MS, { takeOverEpoch: dead.epoch });
    expect(next?.epoch).toBe(dead.epoch + 1);
    expect(await store.commit(dead, commitOf({ previousPosition: 10, nextPosition: 20 }))).toBe("fenced");
    expect(await store.renew(dead, TTL_MS)).toBe(false);
    expect((await store.load(next!))?.position).toBe(10);
    expect((await store.outbox(next!, 10)).map(({ id }) => id)).toEqual(["a"]);
  });

  test("an early take-over by another epoch than the lease's changes nothing", async () => {
    const { store } = fixture();
    const owner = await take(store, "owner");
    for (const takeOverEpoch of [owner.epoch - 1, owner.epoch + 1]) {
      expect(await store.acquire(7, "next", TTL_MS, { takeOverEpoch })).toBeUndefined();
    }
    expect(await store.commit(owner, commitOf())).toBe("committed");
  });

  test("of many that take over early at once exactly one gets the lease", async () => {
    const { store } = fixture();
    const { epoch } = await take(store, "dead");
    const tries = Array.from({ length: 8 }, (_, index) =>
      store.acquire(7, `owner-${index}`, TTL_MS, { takeOverEpoch: epoch }),
    );
    expect((await Promise.all(tries)).filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  test("a free partition is taken whatever epoch is named", async () => {
    const { store } = fixture();
    await store.release(await take(store, "former"));
    expect(await store.acquire(7, "next", TTL_MS, { takeOverEpoch: 40 })).toBeDefined();
  });

  test("epochs rise and tokens never repeat", async () => {
    const { store } = fixture();
    const leases: Lease[] = [];
    for (let round = 0; round < 5; round++) {
      const lease = await take(store, `owner-${round}`);
      leases.push(lease);
      await store.release(lease);
    }
    expect(leases.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(leases.map(({ token }) => token)).size).toBe(5);
    for (const { token, epoch } of leases) expect(token.startsWith(`${epoch}:`)).toBe(true);
  });

  test("I11: a zombie with an old token changes nothing, whatever it calls", async () => {
    const { store, advance } = fixture();
    const zombie = await take(store, "zombie");
    await store.commit(zombie, commitOf({ outbox: [outboxRecord("a")] }));
    await advance(TTL_MS);
    const owner = await take(store, "owner");
    const before = await store.load(owner);
    const outboxBefore = await store.outbox(owner, 10);
    const late = commitOf({ previousPosition: 10, nextPosition: 20, changes: new Map([["car/24", null]]) });
    expect(await store.commit(zombie, late)).toBe("fenced");
    expect(await store.reset(zombie, { position: 99, schemaVersion: 9, entries: new Map() })).toBe("fenced");
    expect(await store.trimOutbox(zombie, 1_000)).toBe("fenced");
    expect(await store.renew(zombie, TTL_MS)).toBe(false);
    expect(await store.load(zombie)).toBeUndefined();
    expect(await store.outbox(zombie, 10)).toEqual([]);
    await store.release(zombie);
    expect(await store.load(owner)).toEqual(before);
    expect(await store.outbox(owner, 10)).toEqual(outboxBefore);
    expect(await store.renew(owner, TTL_MS)).toBe(true);
  });
}

function commitLaws(store: () => StateStore): void {
  test("a partition that was never committed is at position 0 with nothing", async () => {
    const lease = await take(store());
    expect(await store().load(lease)).toEqual({ position: 0, schemaVersion: 0, entries: new Map() });
  });

  test("I7: position, schema version, changes and outbox come together", async () => {
    const lease = await take(store());
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
    const lease = await take(store());
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
    const lease = await take(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
    expect(await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }))).toBe("conflict");
    expect((await store().load(lease))?.position).toBe(10);
    expect(await store().outbox(lease, 10)).toHaveLength(1);
  });

  test("a position that would move back is a programmer's error and writes nothing", async () => {
    const lease = await take(store());
    await store().commit(lease, commitOf());
    await expect(store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 9 }))).rejects.toThrow(
      "a commit never moves the position back",
    );
    expect((await store().load(lease))?.position).toBe(10);
  });

  test("two commits from one position: the first wins", async () => {
    const lease = await take(store());
    const outcomes = await Promise.all([
      store().commit(lease, commitOf()),
      store().commit(lease, commitOf({ nextPosition: 11 })),
    ]);
    expect(outcomes).toEqual(["committed", "conflict"]);
    expect((await store().load(lease))?.position).toBe(10);
  });

  test("the position may stand still while the state changes", async () => {
    const lease = await take(store());
    expect(await store().commit(lease, commitOf({ nextPosition: 0 }))).toBe("committed");
    expect((await store().load(lease))?.entries.size).toBe(1);
  });

  test("partitions of one store do not touch each other", async () => {
    const seven = await take(store(), "owner", 7);
    const eight = await take(store(), "owner", 8);
    await store().commit(seven, commitOf({ outbox: [outboxRecord("a")] }));
    expect(await store().load(eight)).toEqual({ position: 0, schemaVersion: 0, entries: new Map() });
    expect(await store().outbox(eight, 10)).toEqual([]);
  });
}

function outboxLaws(store: () => StateStore): void {
  test("the outbox is in order of commit, and sequences rise", async () => {
    const lease = await take(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("b"), outboxRecord("a")] }));
    await store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 11, outbox: [outboxRecord("c")] }));
    const held = await store().outbox(lease, 10);
    expect(held.map(({ id }) => id)).toEqual(["b", "a", "c"]);
    expect(held.map(({ sequence }) => sequence)).toEqual(
      held.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
    );
    expect(held[0]).toMatchObject(outboxRecord("b"));
    expect((await store().outbox(lease, 2)).map(({ id }) => id)).toEqual(["b", "a"]);
  });

  test("trimming takes the sent ones, and a sequence is never given again", async () => {
    const lease = await take(store());
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a"), outboxRecord("b")] }));
    const [first, second] = await store().outbox(lease, 10);
    expect(await store().trimOutbox(lease, first!.sequence)).toBe("committed");
    expect((await store().outbox(lease, 10)).map(({ id }) => id)).toEqual(["b"]);
    await store().trimOutbox(lease, second!.sequence);
    expect(await store().outbox(lease, 10)).toEqual([]);
    await store().commit(lease, commitOf({ previousPosition: 10, nextPosition: 11, outbox: [outboxRecord("c")] }));
    const [third] = await store().outbox(lease, 10);
    expect(third!.sequence).toBeGreaterThan(second!.sequence);
  });

  test("a new owner finds what the former one left to be sent", async () => {
    const lease = await take(store(), "former");
    await store().commit(lease, commitOf({ outbox: [outboxRecord("a")] }));
    await store().release(lease);
    const next = await take(store(), "next");
    expect((await store().outbox(next, 10)).map(({ id }) => id)).toEqual(["a"]);
  });
}

function resetLaws(store: () => StateStore): void {
  test("a reset leaves the snapshot and nothing else", async () => {
    const lease = await take(store());
    await store().commit(lease, commitOf({ nextPosition: 50, outbox: [outboxRecord("a")] }));
    const snapshot = { position: 20, schemaVersion: 3, entries: new Map([["car/5", Uint8Array.of(5)]]) };
    expect(await store().reset(lease, snapshot)).toBe("committed");
    expect(await store().load(lease)).toEqual(snapshot);
    expect(await store().outbox(lease, 10)).toEqual([]);
    expect(await store().commit(lease, commitOf({ previousPosition: 20, nextPosition: 21 }))).toBe("committed");
  });
}
