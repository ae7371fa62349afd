import { expect, test } from "vitest";
import type { Lease } from "../ports.ts";
import { commitOf, outboxRecord, type StateStoreFixture, TTL_MS, takeLease } from "./state-records.ts";

/** Who has a partition, and what the others may do meanwhile: nothing. */
export function leaseLaws(fixture: () => StateStoreFixture): void {
  test("a lease excludes every other owner until it runs out by the clock", async () => {
    const { store, advance } = fixture();
    await takeLease(store, "first");
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
    await takeLease(store, "first", 7);
    await takeLease(store, "second", 8);
  });

  test("renewing keeps the others out for another ttl", async () => {
    const { store, advance } = fixture();
    const lease = await takeLease(store, "first");
    await advance(1_500);
    expect(await store.renew(lease, TTL_MS)).toBe(true);
    await advance(1_500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
  });

  test("a lease that ran out but was not taken is still its owner's", async () => {
    const { store, advance } = fixture();
    const lease = await takeLease(store, "first");
    await advance(TTL_MS + 500);
    expect(await store.commit(lease, commitOf())).toBe("committed");
    expect(await store.renew(lease, TTL_MS)).toBe(true);
    expect(await store.acquire(7, "second", TTL_MS)).toBeUndefined();
  });

  test("a commit does not prolong the lease", async () => {
    const { store, advance } = fixture();
    const lease = await takeLease(store, "first");
    await advance(1_500);
    await store.commit(lease, commitOf());
    await advance(500);
    expect(await store.acquire(7, "second", TTL_MS)).toBeDefined();
  });

  test("a released lease is free at once and worth nothing to who released it", async () => {
    const { store } = fixture();
    const lease = await takeLease(store, "first");
    await store.release(lease);
    expect(await store.renew(lease, TTL_MS)).toBe(false);
    expect(await store.load(lease)).toBeUndefined();
    expect(await store.commit(lease, commitOf())).toBe("fenced");
    await takeLease(store, "second");
  });

  test("an owner that comes back under its own name takes over at once, and its former token is fenced", async () => {
    const { store } = fixture();
    const before = await takeLease(store, "owner");
    const after = await takeLease(store, "owner");
    expect(after.token).not.toBe(before.token);
    expect(await store.commit(before, commitOf())).toBe("fenced");
    expect(await store.commit(after, commitOf())).toBe("committed");
  });

  test("a lease may be taken early by who names its epoch, and the former owner is fenced", async () => {
    const { store } = fixture();
    const dead = await takeLease(store, "dead");
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
    const owner = await takeLease(store, "owner");
    for (const takeOverEpoch of [owner.epoch - 1, owner.epoch + 1]) {
      expect(await store.acquire(7, "next", TTL_MS, { takeOverEpoch })).toBeUndefined();
    }
    expect(await store.commit(owner, commitOf())).toBe("committed");
  });

  test("of many that take over early at once exactly one gets the lease", async () => {
    const { store } = fixture();
    const { epoch } = await takeLease(store, "dead");
    const tries = Array.from({ length: 8 }, (_, index) =>
      store.acquire(7, `owner-${index}`, TTL_MS, { takeOverEpoch: epoch }),
    );
    expect((await Promise.all(tries)).filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  test("a free partition is taken whatever epoch is named", async () => {
    const { store } = fixture();
    await store.release(await takeLease(store, "former"));
    expect(await store.acquire(7, "next", TTL_MS, { takeOverEpoch: 40 })).toBeDefined();
  });

  test("epochs rise and tokens never repeat", async () => {
    const { store } = fixture();
    const leases: Lease[] = [];
    for (let round = 0; round < 5; round++) {
      const lease = await takeLease(store, `owner-${round}`);
      leases.push(lease);
      await store.release(lease);
    }
    expect(leases.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(leases.map(({ token }) => token)).size).toBe(5);
    for (const { token, epoch } of leases) expect(token.startsWith(`${epoch}:`)).toBe(true);
  });

  test("I11: a zombie with an old token changes nothing, whatever it calls", async () => {
    const { store, advance } = fixture();
    const zombie = await takeLease(store, "zombie");
    await store.commit(zombie, commitOf({ outbox: [outboxRecord("a")] }));
    await advance(TTL_MS);
    const owner = await takeLease(store, "owner");
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
