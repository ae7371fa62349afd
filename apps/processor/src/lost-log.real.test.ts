import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT } from "@burnline/contract";
import type { KeptStore } from "@burnline/runtime/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { RealCluster, SAMPLES_PER_FRAME } from "./testing/real-cluster.ts";

const CARS = Array.from({ length: 40 }, (_, index) => `${index}`);
const WAIT = { timeout: 40_000, interval: 100 };

let cluster: RealCluster;
let kept: KeptStore | undefined;

beforeEach(async () => {
  cluster = await RealCluster.start(CARS);
});
afterEach(async () => {
  await cluster.stop();
  kept?.forget();
});

async function feed(ms: number): Promise<number> {
  cluster.startFeeding();
  await sleep(ms);
  return cluster.stopFeeding();
}

async function counted(samples: number): Promise<void> {
  await vi.waitFor(async () => {
    const sums = await cluster.samplesByCar();
    expect(sums.size).toBe(CARS.length);
    expect([...sums].filter(([, sum]) => sum !== samples)).toEqual([]);
  }, WAIT);
}

test.each(["lives", "is dead"])(
  "NATS comes back with what it held seconds ago while the processor %s: each car has what the log holds, once, and is degraded",
  { timeout: 120_000 },
  async (processor) => {
    const first = await cluster.join();
    const before = await feed(3_000);
    await counted(before);
    kept = await cluster.keepNats();
    const withLost = await feed(3_000);
    await counted(withLost);
    if (processor === "is dead") {
      first.signal("SIGKILL");
      await first.ended();
    }
    await kept.putBack();
    const after = await feed(5_000);
    const heir = processor === "is dead" ? await cluster.join() : first;
    await counted(after - (withLost - before));
    expect(after - withLost).toBeGreaterThan(withLost - before + SAMPLES_PER_FRAME);

    expect(await heir.dataGaps()).toBe(PARTITION_COUNT);
    const gaps = (await cluster.facts("gap")).flatMap(({ body }) =>
      body.case === "dataGap" ? body.value.partition : [],
    );
    expect(gaps.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: PARTITION_COUNT }, (_, partition) => partition),
    );
    const newest = new Map((await cluster.facts("window")).map((fact) => [fact.car, fact]));
    expect([...newest.values()].filter(({ provenance }) => provenance?.degraded !== true)).toEqual([]);
  },
);
