import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LEASE_MS, LeaseElection, RENEW_MS, RETRY_MS, type SeenLease } from "./lease-election.ts";

const WALL_MS = 1_770_000_000_000;

/** The one Lease of an API server, which refuses a write made from another version. */
class LeaseServer {
  lease: SeenLease | undefined;
  #version = 0;

  write({ record, version }: { record: SeenLease["record"]; version: string | undefined }): SeenLease | undefined {
    if (version !== this.lease?.version) return undefined;
    this.lease = { record, version: `${++this.#version}` };
    return this.lease;
  }
}

/** One try, as the shell makes it. */
function tryOnce(election: LeaseElection, server: LeaseServer, nowMs: number): void {
  election.observe(server.lease, nowMs);
  const move = election.next(nowMs, WALL_MS + nowMs);
  if (move.type === "wait") return;
  const written = server.write(move);
  if (written !== undefined) election.written(written, nowMs);
}

test("the first one that asks leads, the second one waits", () => {
  const server = new LeaseServer();
  const [first, second] = [new LeaseElection("a"), new LeaseElection("b")];
  tryOnce(first, server, 0);
  tryOnce(second, server, 1);
  expect([first.isLeader(2), second.isLeader(2)]).toEqual([true, false]);
  expect(server.lease?.record).toMatchObject({ holder: "a", transitions: 0, leaseMs: LEASE_MS });
});

test("a leader that renews stays leader, with the time at which it began", () => {
  const server = new LeaseServer();
  const [first, second] = [new LeaseElection("a"), new LeaseElection("b")];
  for (let nowMs = 0; nowMs < 10 * LEASE_MS; nowMs += RETRY_MS) {
    tryOnce(first, server, nowMs);
    tryOnce(second, server, nowMs + 1);
    expect([first.isLeader(nowMs + 1), second.isLeader(nowMs + 1)]).toEqual([true, false]);
  }
  expect(server.lease?.record).toMatchObject({ acquiredMs: WALL_MS, transitions: 0 });
});

test("one that died is followed when its record has not changed for the lease's time", () => {
  const server = new LeaseServer();
  const [first, second] = [new LeaseElection("a"), new LeaseElection("b")];
  tryOnce(first, server, 0);
  tryOnce(second, server, 1_000);
  tryOnce(second, server, 1_000 + LEASE_MS - 1);
  expect(second.isLeader(1_000 + LEASE_MS - 1)).toBe(false);
  tryOnce(second, server, 1_000 + LEASE_MS);
  expect(second.isLeader(1_000 + LEASE_MS)).toBe(true);
  expect(server.lease?.record).toMatchObject({ holder: "b", transitions: 1 });
});

test("one that releases is followed at the next try", () => {
  const server = new LeaseServer();
  const [first, second] = [new LeaseElection("a"), new LeaseElection("b")];
  tryOnce(first, server, 0);
  server.write(first.release()!);
  expect(first.isLeader(1)).toBe(false);
  tryOnce(second, server, 2);
  expect(second.isLeader(2)).toBe(true);
  expect(second.release()).toBeDefined();
});

test("one that gets nothing through stops before another one may begin", () => {
  const election = new LeaseElection("a");
  tryOnce(election, new LeaseServer(), 0);
  expect([election.isLeader(RENEW_MS - 1), election.isLeader(RENEW_MS)]).toEqual([true, false]);
  expect(RENEW_MS + RETRY_MS).toBeLessThan(LEASE_MS);
});

test("one that sees another's name has lost at once", () => {
  const [server, election] = [new LeaseServer(), new LeaseElection("a")];
  tryOnce(election, server, 0);
  server.write({ record: { ...server.lease!.record, holder: "b" }, version: server.lease!.version });
  election.observe(server.lease, 1);
  expect(election.isLeader(1)).toBe(false);
  expect(election.release()).toBeUndefined();
});

describe("however tries, silences and skewed clocks fall", () => {
  test("at most one leads", () => {
    const step = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      afterMs: fc.integer({ min: 0, max: 6_000 }),
      isCutOff: fc.boolean(),
      skewMs: fc.integer({ min: -1e9, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = new LeaseServer();
        const elections = ["a", "b", "c"].map((identity) => new LeaseElection(identity));
        let nowMs = 0;
        for (const { who, afterMs, isCutOff, skewMs } of steps) {
          nowMs += afterMs;
          const election = elections[who]!;
          if (!isCutOff) {
            election.observe(server.lease, nowMs);
            const move = election.next(nowMs, WALL_MS + nowMs + skewMs);
            const written = move.type === "write" ? server.write(move) : undefined;
            if (written !== undefined) election.written(written, nowMs);
          }
          expect(elections.filter((one) => one.isLeader(nowMs)).length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
