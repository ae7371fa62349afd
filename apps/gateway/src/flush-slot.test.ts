import { StepClock } from "@burnline/std";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FlushSlot } from "./flush-slot.ts";

const clock = new StepClock(1_000_000);
let runs: number[] = [];
let slot: FlushSlot;

async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += 10) {
    clock.advance(10);
    await vi.advanceTimersByTimeAsync(10);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  runs = [];
  slot = new FlushSlot(clock, 100, () => runs.push(clock.nowMs()));
});

afterEach(() => {
  slot.stop();
  vi.useRealTimers();
});

test("the first request runs at once, a burst is one run", async () => {
  const startMs = clock.nowMs();
  for (let request = 0; request < 40; request++) slot.request();
  await vi.advanceTimersByTimeAsync(0);
  expect(runs).toEqual([startMs]);
});

test("between two runs there is at least the interval, and a request waits no longer than to its end", async () => {
  for (let tick = 0; tick < 100; tick++) {
    slot.request();
    await pass(10);
  }
  for (const [index, run] of runs.entries()) {
    if (index > 0) expect(run - (runs[index - 1] ?? 0)).toBeGreaterThanOrEqual(100);
  }
  expect(runs.length).toBeGreaterThanOrEqual(9);
});

test("after a pause the next request runs at once again", async () => {
  slot.request();
  await pass(500);
  const requestedMs = clock.nowMs();
  slot.request();
  await vi.advanceTimersByTimeAsync(0);
  expect(runs.at(-1)).toBe(requestedMs);
});

test("a clock that is set back holds nobody up", async () => {
  slot.request();
  await pass(10);
  clock.advance(-3_600_000);
  slot.request();
  await vi.advanceTimersByTimeAsync(0);
  expect(runs).toHaveLength(2);
});

test("after stop nothing runs", async () => {
  slot.request();
  slot.stop();
  slot.request();
  await pass(300);
  expect(runs).toEqual([]);
});
