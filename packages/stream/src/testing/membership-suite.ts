import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Member, Membership } from "../membership.ts";
import type { StateStore } from "../ports.ts";

export interface MembershipFixture {
  readonly membership: Membership;
  /** The leases that the membership shows are this store's. */
  readonly store: StateStore;
  /** Another process's client of the same race. */
  openAnother(): Promise<Membership>;
  /** Lets this much time pass on the clock that heartbeats and leases run by. */
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const TTL_MS = 1_500;
const LEASE_TTL_MS = 2_000;
/** A real server's clock goes on between a call and the next. */
const CLOCK_TOLERANCE_MS = 500;

function member(memberId: string, overrides: Partial<Member> = {}): Member {
  return {
    memberId,
    beat: 1,
    weight: 0,
    isDraining: false,
    logSilentMs: 0,
    isCutOff: false,
    partitions: [],
    ...overrides,
  };
}

/** The laws of `Membership`. */
export function membershipSuite(name: string, open: () => Promise<MembershipFixture>): void {
  describe(`${name} as a membership`, () => {
    let fixture: MembershipFixture;
    let membership: Membership;

    beforeEach(async () => {
      fixture = await open();
      membership = fixture.membership;
    });
    afterEach(() => fixture.close());

    heartbeatLaws(() => fixture);
    leaseLaws(() => fixture);

    test("nobody is there at first, and nothing is owned", async () => {
      expect(await membership.members()).toEqual([]);
      expect(await membership.leases()).toEqual([]);
    });
  });
}

function heartbeatLaws(fixture: () => MembershipFixture): void {
  test("every process sees all members, whole and sorted by id", async () => {
    const { membership, openAnother } = fixture();
    const other = await openAnother();
    const ten = member("p-10", { beat: 7, weight: 3, partitions: [load(4, 1), load(63, 2)] });
    const nine = member("p-9", { isDraining: true, logSilentMs: 12.5, isCutOff: true });
    const upper = member("P-9");
    await membership.heartbeat(nine, TTL_MS);
    await other.heartbeat(ten, TTL_MS);
    await other.heartbeat(upper, TTL_MS);
    expect(await membership.members()).toEqual([upper, ten, nine]);
    expect(await other.members()).toEqual([upper, ten, nine]);
  });

  test("a heartbeat takes the place of the former one", async () => {
    const { membership } = fixture();
    await membership.heartbeat(member("a", { partitions: [load(1, 1)] }), TTL_MS);
    await membership.heartbeat(member("a", { beat: 2, isDraining: true }), TTL_MS);
    expect(await membership.members()).toEqual([member("a", { beat: 2, isDraining: true })]);
  });

  test("who stops sending heartbeats is gone after the ttl, who goes on stays", async () => {
    const { membership, advance } = fixture();
    await membership.heartbeat(member("frozen"), TTL_MS);
    await membership.heartbeat(member("going"), TTL_MS);
    await advance(TTL_MS - 700);
    await membership.heartbeat(member("going", { beat: 2 }), TTL_MS);
    expect((await membership.members()).map(({ memberId }) => memberId)).toEqual(["frozen", "going"]);
    await advance(700);
    expect((await membership.members()).map(({ memberId }) => memberId)).toEqual(["going"]);
  });

  test("who was forgotten comes back with its next heartbeat", async () => {
    const { membership, advance } = fixture();
    await membership.heartbeat(member("a"), TTL_MS);
    await advance(TTL_MS);
    await membership.heartbeat(member("a", { beat: 2 }), TTL_MS);
    expect(await membership.members()).toEqual([member("a", { beat: 2 })]);
  });

  test("leaving takes one member off at once, and its leases stay", async () => {
    const { membership, store } = fixture();
    await membership.heartbeat(member("a"), TTL_MS);
    await membership.heartbeat(member("b"), TTL_MS);
    await store.acquire(3, "a", LEASE_TTL_MS);
    await membership.leave("a");
    await membership.leave("never there");
    expect((await membership.members()).map(({ memberId }) => memberId)).toEqual(["b"]);
    expect((await membership.leases()).map(({ partition }) => partition)).toEqual([3]);
  });
}

function leaseLaws(fixture: () => MembershipFixture): void {
  test("leases are seen with owner, epoch and what is left of them, by partition", async () => {
    const { membership, store, openAnother } = fixture();
    await store.acquire(10, "a", LEASE_TTL_MS);
    await store.acquire(9, "b", LEASE_TTL_MS);
    for (const seen of [await membership.leases(), await (await openAnother()).leases()]) {
      expect(seen.map(({ partition, ownerId, epoch }) => [partition, ownerId, epoch])).toEqual([
        [9, "b", 1],
        [10, "a", 1],
      ]);
      for (const { expiresInMs } of seen) {
        expect(expiresInMs).toBeGreaterThan(LEASE_TTL_MS - CLOCK_TOLERANCE_MS);
        expect(expiresInMs).toBeLessThanOrEqual(LEASE_TTL_MS);
      }
    }
  });

  test("a lease that ran out shows it, and with its epoch it can be taken", async () => {
    const { membership, store, advance } = fixture();
    await store.acquire(3, "a", LEASE_TTL_MS);
    await advance(LEASE_TTL_MS);
    const [lease] = await membership.leases();
    expect(lease?.expiresInMs).toBeLessThanOrEqual(0);
    expect(await store.acquire(3, "b", LEASE_TTL_MS, { takeOverEpoch: lease!.epoch })).toBeDefined();
    expect((await membership.leases())[0]).toMatchObject({ ownerId: "b", epoch: 2 });
  });

  test("a released partition is not among the leases", async () => {
    const { membership, store } = fixture();
    const lease = await store.acquire(3, "a", LEASE_TTL_MS);
    await store.release(lease!);
    expect(await membership.leases()).toEqual([]);
  });

  test("of two that saw the same lease of a dead owner one takes it over", async () => {
    const { membership, store, openAnother } = fixture();
    await store.acquire(3, "dead", LEASE_TTL_MS);
    const [mine] = await membership.leases();
    const [theirs] = await (await openAnother()).leases();
    expect(theirs?.epoch).toBe(mine?.epoch);
    const first = await store.acquire(3, "b", LEASE_TTL_MS, { takeOverEpoch: mine!.epoch });
    const second = await store.acquire(3, "c", LEASE_TTL_MS, { takeOverEpoch: theirs!.epoch });
    expect([first?.epoch, second]).toEqual([2, undefined]);
  });
}

function load(partition: number, weight: number) {
  return { partition, weight };
}
