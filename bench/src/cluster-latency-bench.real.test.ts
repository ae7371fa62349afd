import { OUT_OF_ORDERNESS_MS } from "@burnline/processor";
import { expect, test } from "vitest";
import { CLUSTER_LATENCY_DEFAULTS, clusterLatencyBench } from "./cluster-latency-bench.ts";

const CARS = 12;
const SECONDS = 5;

test("two races in real time on one cluster: every fact reaches the subscription exactly once", {
  timeout: 120_000,
}, async () => {
  const how = { seconds: SECONDS, cars: CARS, races: 2, processors: 2, warmUpSeconds: 2 };
  const result = await clusterLatencyBench({ ...CLUSTER_LATENCY_DEFAULTS, ...how });
  const { facts, frames, windows, hops, webSocket } = result;
  expect(windows.expected).toBe(CARS * SECONDS);
  expect(result.samples).toBe(windows.expected);
  expect(facts).toEqual({ expected: facts.expected, seenOnce: facts.expected, seenAgain: 0, missing: 0, foreign: 0 });
  expect(facts.expected).toBeGreaterThan(windows.expected);
  expect(frames).toEqual({ sent: frames.sent, inLog: frames.sent, thinned: 0 });
  // The client sees the first race only, and may get two revisions of a window as one.
  expect(webSocket.samples).toBeGreaterThan(0);
  expect(hops.untilDue.p50Ms).toBeGreaterThan(0);
  expect(result.p50Ms).toBeGreaterThan(0);
  expect(result.outOfOrdernessMs).toBe(OUT_OF_ORDERNESS_MS);
});
