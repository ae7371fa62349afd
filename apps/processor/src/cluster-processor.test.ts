import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT, partitionOf } from "@burnline/contract";
import { HEARTBEAT_TTL_MS, RUNNER_DEFAULTS } from "@burnline/stream";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { type ClusterMember, MemoryCluster } from "./testing/memory-cluster.ts";

const CARS = Array.from({ length: 40 }, (_, index) => ({ car: `${index}`, partition: partitionOf(`${index}`) }));
/** So many are given back at the same time. */
const DRAINING_MAX = 8;
const WAIT = { timeout: 15_000, interval: 20 };

let cluster: MemoryCluster;
let members: ClusterMember[];

/** All partitions are owned, each member has its share of the cars, and it stays so. */
async function settled(...present: readonly ClusterMember[]): Promise<void> {
  const carsOf = ({ memberId }: ClusterMember) => {
    const owners = cluster.owners();
    return CARS.filter(({ partition }) => owners[partition] === memberId).length;
  };
  await vi.waitFor(() => {
    const owners = new Set(cluster.owners());
    expect(owners).toEqual(new Set(present.map(({ memberId }) => memberId)));
    const cars = present.map(carsOf);
    expect(Math.max(...cars) - Math.min(...cars)).toBeLessThanOrEqual(2);
  }, WAIT);
}

/** The longest standstill of any partition while something happens, this machine's own standstills aside. */
async function gapDuring(happening: () => Promise<void>): Promise<number> {
  await vi.waitFor(async () => expect(cluster.gapMs).toBeGreaterThan(0), WAIT);
  cluster.gapMs = 0;
  cluster.stallMs = 0;
  await happening();
  return cluster.gapMs - cluster.stallMs;
}

async function drained(): Promise<void> {
  await cluster.stopFeeding();
  await vi.waitFor(async () => expect(await cluster.unread()).toBe(0), WAIT);
  expect(cluster.fatal).toEqual([]);
}

beforeEach(async () => {
  cluster = new MemoryCluster(CARS);
  members = [await cluster.join("a"), await cluster.join("b"), await cluster.join("c")];
  cluster.startFeeding();
  await settled(...members);
});

describe("three processors share 64 partitions", { timeout: 60_000 }, () => {
  test("a join and a planned leave: each partition stands still for a moment only, and everything is counted", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    const joinGapMs = await gapDuring(async () => {
      members.push(await cluster.join("d"));
      await settled(...members);
    });
    const started = performance.now();
    const leaveGapMs = await gapDuring(async () => {
      await b.processor.stop();
      expect(performance.now() - started - cluster.stallMs).toBeLessThan(500);
      await settled(a, c, members[3]!);
    });
    expect(cluster.countOf(b)).toBe(0);
    expect(members[3]!.takeovers.map(({ reason }) => reason)).toContain("handed-over");
    await drained();
    await cluster.stop([a, c, members[3]!]);
    expect(cluster.owners()).toEqual(Array.from({ length: PARTITION_COUNT }));
    expect(joinGapMs).toBeLessThanOrEqual(250);
    expect(leaveGapMs).toBeLessThanOrEqual(250);
  });

  test("a death: peers that ask find out at once, without waiting for the lease", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    const gapMs = await gapDuring(async () => {
      cluster.kill(b);
      await settled(a, c);
    });
    const reasons = new Set([a, c].flatMap(({ takeovers }) => takeovers.slice(-5)).map(({ reason }) => reason));
    expect(reasons).toContain("no-responders");
    await drained();
    await cluster.stop([a, c]);
    expect(gapMs).toBeLessThanOrEqual(800);
  });

  test("a freeze: peers find out by the heartbeat, and the zombie that wakes up is refused and takes part again", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    const gapMs = await gapDuring(async () => {
      cluster.freeze(b);
      await settled(a, c);
    });
    cluster.thaw(b);
    await settled(a, b, c);
    await drained();
    await cluster.stop([a, b, c]);
    expect(b.lost()).toBeGreaterThan(0);
    expect(gapMs).toBeLessThanOrEqual(2_500);
  });

  test("a stop comes to its end within its deadline though neither log nor store answer, and the others take over", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    cluster.disconnect(b);
    const started = performance.now();
    await b.processor.stop();
    expect(performance.now() - started - cluster.stallMs).toBeLessThan(3_000);
    await settled(a, c);
    cluster.reconnect(b);
    await drained();
    await cluster.stop([a, c]);
  });

  test("a fact log that takes nothing for longer than a lease lasts moves nothing", async () => {
    const before = cluster.owners();
    const takeovers = members.map((member) => member.takeovers.length);
    cluster.refuseFacts();
    await sleep(2 * RUNNER_DEFAULTS.leaseTtlMs);
    expect(cluster.owners()).toEqual(before);
    cluster.takeFacts();
    await drained();
    expect(cluster.owners()).toEqual(before);
    expect(members.map((member) => member.takeovers.length)).toEqual(takeovers);
    expect(members.map((member) => member.lost())).toEqual([0, 0, 0]);
    await cluster.stop(members);
  });

  test("a stop while no fact is taken gives back at once what has none to say, and ends in its time with the rest", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    await c.processor.stop();
    await settled(a, b);
    cluster.refuseFacts();
    // Whoever has a car waits for the fact log by now.
    await sleep(500);
    const waiting = CARS.filter(({ partition }) => cluster.owners()[partition] === b.memberId);
    const waitingCount = new Set(waiting.map(({ partition }) => partition)).size;
    expect(waitingCount).toBeGreaterThan(DRAINING_MAX);
    const started = performance.now();
    const stopped = b.processor.stop();
    await vi.waitFor(() => expect(cluster.countOf(b)).toBe(waitingCount), { timeout: 1_000, interval: 20 });
    await stopped;
    expect(performance.now() - started - cluster.stallMs).toBeLessThan(3_000);
    cluster.takeFacts();
    await settled(a);
    await drained();
    await cluster.stop([a]);
  });

  test("what could not be taken before a stop had its time ends without a fault when it can", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    cluster.refuseFacts();
    await sleep(500);
    cluster.kill(c);
    // It cannot say the facts of the dead one either, so it takes the partition and never gets to run it.
    await vi.waitFor(() => expect(cluster.countOf(b)).toBeGreaterThan(b.processor.partitionsOwned()), WAIT);
    await b.processor.stop();
    cluster.takeFacts();
    await settled(a);
    await drained();
    await cluster.stop([a]);
  });

  test("who was told to stop while nobody answers for the others comes to its end", async () => {
    const [a, b, c] = members as [ClusterMember, ClusterMember, ClusterMember];
    cluster.kill(b);
    cluster.kill(c);
    await a.processor.stop();
    await cluster.stopFeeding();
    expect(cluster.countOf(a)).toBe(0);
    // Its last questions are answered when it has stopped; they lead to nothing any more.
    await sleep(300);
    expect(cluster.fatal).toEqual([]);
  });

  test("a log that is away from all for longer than every heartbeat moves nothing", async () => {
    const before = cluster.owners();
    const takeovers = members.map((member) => member.takeovers.length);
    cluster.canWork = false;
    await sleep(HEARTBEAT_TTL_MS + 500);
    cluster.canWork = true;
    await sleep(500);
    expect(cluster.owners()).toEqual(before);
    expect(members.map((member) => member.takeovers.length)).toEqual(takeovers);
    await drained();
    await cluster.stop(members);
  });
});
