import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT } from "@burnline/contract";
import { RUNNER_DEFAULTS } from "@burnline/stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RealCluster, type RealProcessor } from "./testing/real-cluster.ts";

const CARS = Array.from({ length: 40 }, (_, index) => `${index}`);
const WAIT = { timeout: 30_000, interval: 25 };
const SHOWN_WITHIN_MS = 400;
const REST_MS = 2 * RUNNER_DEFAULTS.leaseRenewMs;

let cluster: RealCluster;

beforeEach(async () => {
  cluster = await RealCluster.start(CARS);
});
afterEach(() => cluster.stop());

/** All is owned, every process has a share (of cars, so of partitions it may be a small one), and all cars are shown. */
async function settled(...present: readonly RealProcessor[]): Promise<void> {
  await vi.waitFor(async () => {
    const owned = await Promise.all(present.map((processor) => processor.owned()));
    expect(owned.reduce((sum, count) => sum + count, 0)).toBe(PARTITION_COUNT);
    expect(Math.min(...owned)).toBeGreaterThan(PARTITION_COUNT / 16);
    expect(cluster.shown(SHOWN_WITHIN_MS)).toBe(CARS.length);
  }, WAIT);
}

/**
 * And nothing is being handed over any more. A partition's weight is its cars, which come in one after the other: what was
 * shared evenly at first is shared anew once they are known. What the sharing still wants begins with the next renewal.
 */
async function atRest(...present: readonly RealProcessor[]): Promise<readonly number[]> {
  const moves = () => present.map((processor) => processor.takeovers.length);
  for (;;) {
    await settled(...present);
    const before = moves();
    await sleep(REST_MS);
    if (moves().join() === before.join()) return before;
  }
}

async function gapDuring(happening: () => Promise<unknown>): Promise<number> {
  cluster.gapMs = 0;
  await happening();
  return cluster.gapMs;
}

describe("processes on real NATS and Redis", { timeout: 120_000 }, () => {
  test("join, SIGTERM, kill -9, SIGSTOP: the picture hardly stands still, and every sample is counted once", async () => {
    const a = await cluster.join();
    const b = await cluster.join();
    cluster.startFeeding();
    await settled(a, b);

    const gaps: Record<string, number> = {};
    const c = await cluster.join();
    gaps.join = await gapDuring(() => settled(a, b, c));
    gaps.leave = await gapDuring(async () => {
      const beganMs = performance.now();
      a.signal("SIGTERM");
      expect(await a.ended()).toBe(0);
      gaps.drain = performance.now() - beganMs;
      await settled(b, c);
    });
    gaps.kill = await gapDuring(async () => {
      b.signal("SIGKILL");
      await settled(c);
    });
    const d = await cluster.join();
    await settled(c, d);
    gaps.freeze = await gapDuring(async () => {
      c.signal("SIGSTOP");
      await settled(d);
    });
    c.signal("SIGCONT");
    await settled(c, d);

    const samples = await cluster.stopFeeding();
    await vi.waitFor(async () => {
      expect([...(await cluster.samplesByCar())].filter(([, counted]) => counted !== samples)).toEqual([]);
    }, WAIT);
    expect((await cluster.samplesByCar()).size).toBe(CARS.length);
    expect(await d.scale()).toMatchObject({ unowned: 0 });
    // Frames come every 100 ms; the bounds are those of the issue, with as much again for a machine that is busy.
    expect(gaps.join).toBeLessThan(500);
    expect(gaps.leave).toBeLessThan(500);
    expect(gaps.kill).toBeLessThan(1_600);
    expect(gaps.freeze).toBeLessThan(3_500);
    expect(gaps.drain).toBeLessThan(1_000);
  });

  test("a fact log without room moves no partition, a stop meanwhile ends well, and everything is counted", async () => {
    const a = await cluster.join();
    const b = await cluster.join();
    cluster.startFeeding();
    const takeovers = await atRest(a, b);
    const owned = await Promise.all([a.owned(), b.owned()]);
    await cluster.refuseFacts();
    await sleep(3 * RUNNER_DEFAULTS.leaseTtlMs);
    expect(await Promise.all([a.owned(), b.owned()])).toEqual(owned);
    expect([a, b].map((processor) => processor.takeovers.length)).toEqual(takeovers);
    await cluster.takeFacts();
    await settled(a, b);
    expect([a, b].map((processor) => processor.takeovers.length)).toEqual(takeovers);

    await cluster.refuseFacts();
    await sleep(1_000);
    a.signal("SIGTERM");
    expect(await a.ended()).toBe(0);
    expect(a.lines.filter((line) => !line.startsWith("{"))).toEqual([]);
    await cluster.takeFacts();
    await settled(b);
    const samples = await cluster.stopFeeding();
    await vi.waitFor(async () => {
      expect([...(await cluster.samplesByCar())].filter(([, counted]) => counted !== samples)).toEqual([]);
    }, WAIT);
  });
});
