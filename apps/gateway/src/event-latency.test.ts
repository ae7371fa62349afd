import { create, RaceClockSchema } from "@burnline/contract";
import { expect, test } from "vitest";
import { EventLatency } from "./event-latency.ts";

const WALL_MS = 1_750_000_000_000;
/** A recording that is shown at ten times its speed. */
const FAST = create(RaceClockSchema, { anchorEventMs: 1_000, anchorWallMs: WALL_MS, speed: 10 });

function setup() {
  const latencies: [string, number, string | undefined][] = [];
  const flushes: number[] = [];
  const latency = new EventLatency({
    observeEventLatency: (kind, ms, exemplar) => latencies.push([kind, ms, exemplar.car]),
    observeFlush: (ms) => flushes.push(ms),
  });
  return { latency, latencies, flushes };
}

test("a value's latency runs from when it was true, by the race's clock, to the flush; each is measured once", () => {
  const { latency, latencies, flushes } = setup();
  latency.applied("live", "24", 2_000, WALL_MS + 150);
  latency.applied("window", "4", 3_000, WALL_MS + 180);
  latency.flushed(FAST, WALL_MS + 300);
  latency.flushed(FAST, WALL_MS + 400);
  expect(latencies).toEqual([
    ["live", 200, "24"],
    ["window", 100, "4"],
  ]);
  expect(flushes).toEqual([150]);
});

test("what corrects an earlier value is no latency of its kind", () => {
  const { latency, latencies } = setup();
  for (const [car, lapMs] of [
    ["24", 5_000],
    ["24", 5_000],
    ["24", 4_000],
    ["4", 4_000],
    ["24", 6_000],
  ] as const)
    latency.applied("lap", car, lapMs, WALL_MS);
  latency.flushed(FAST, WALL_MS + 1_000);
  expect(latencies.map(([kind]) => kind)).toEqual(["lap", "correction", "correction", "lap", "lap"]);
});

test("what a view is rebuilt from is not measured, and still tells corrections from news", () => {
  const { latency, latencies, flushes } = setup();
  latency.applied("lap", "24", 5_000, WALL_MS);
  latency.forget();
  latency.applied("lap", "24", 5_000, WALL_MS);
  latency.flushed(FAST, WALL_MS + 1_000);
  expect(latencies.map(([kind]) => kind)).toEqual(["correction"]);
  expect(flushes).toEqual([1_000]);
});

test("without a race clock nothing can be said", () => {
  const { latency, latencies } = setup();
  latency.applied("lap", "24", 5_000, WALL_MS);
  latency.flushed(create(RaceClockSchema, { speed: 1 }), WALL_MS);
  expect(latencies).toEqual([]);
});

test("a traced frame is told when its live value is shown, and the latency leads to its trace", () => {
  const hops: string[] = [];
  const traceIds: (string | undefined)[] = [];
  const metrics = {
    observeEventLatency: (_kind: string, _ms: number, exemplar: Readonly<Record<string, string>>) =>
      void traceIds.push(exemplar.trace_id),
    observeFlush: () => {},
  };
  const latency = new EventLatency(metrics, {
    of: (car, newestMs) => (car === "24" ? { traceId: `${car}@${newestMs}`, rootSpanId: "root" } : undefined),
    frame: () => {},
    hop: ({ traceId }, { name, beganMs, endedMs }) =>
      void hops.push(`${traceId}: ${name} ${beganMs - WALL_MS}..${endedMs - WALL_MS}`),
  });
  latency.applied("live", "24", 2_000, WALL_MS + 150);
  latency.applied("live", "4", 2_000, WALL_MS + 150);
  // A fact is made of many frames and has the name of none.
  latency.applied("window", "24", 2_000, WALL_MS + 180);
  latency.flushed(FAST, WALL_MS + 300);
  expect(hops).toEqual(["24@2000: show to the clients 150..300"]);
  expect(traceIds).toEqual(["24@2000", undefined, undefined]);
});
