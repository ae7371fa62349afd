import { expect, test } from "vitest";
import type { MeasuredFault, MeasuredKind } from "./chaos-run.ts";
import { brokenLimits, STANDSTILL_MS_MAX, standstillMs } from "./limits.ts";

function fault(kind: MeasuredKind, overrides: Partial<MeasuredFault> = {}): MeasuredFault {
  return {
    ...{ kind, atMs: 12_340, gapMs: 100, partition: 7, waitMs: 100, stallMs: 0, settledMs: 40, note: "" },
    ...{ fenced: 0, conflicts: 0, lostRenewals: 0, failures: 0 },
    ...overrides,
  };
}

test.each(Object.entries(STANDSTILL_MS_MAX))(
  "a %s may stand still for %d ms and not a millisecond longer",
  (kind, limitMs) => {
    const at = (ms: number) => brokenLimits([fault(kind as MeasuredKind, { gapMs: ms, waitMs: ms, fenced: 1 })]);
    expect(at(limitMs)).toEqual([]);
    expect(at(limitMs + 1)).toEqual([`${kind} at 12.3 s: stood still for ${limitMs + 1} ms, allowed are ${limitMs}`]);
  },
);

test("a gap of the feed is no standstill, nor is a wait while others are committed, nor what the watch itself was late", () => {
  expect(standstillMs({ gapMs: 900, waitMs: 40, stallMs: 0 })).toBe(40);
  expect(standstillMs({ gapMs: 90, waitMs: 400, stallMs: 0 })).toBe(90);
  expect(standstillMs({ gapMs: 900, waitMs: 800, stallMs: 300 })).toBe(500);
  expect(standstillMs({ gapMs: 10, waitMs: 20, stallMs: 300 })).toBe(0);
});

test("zombies of which no commit was refused have tried nothing", () => {
  const zombie = fault("freeze", { gapMs: 1_700, waitMs: 1_700 });
  expect(brokenLimits([zombie, fault("kill")])).toEqual([
    "the fence was not tried: 1 zombies woke up, and no commit was refused",
  ]);
  expect(brokenLimits([zombie, fault("kill", { fenced: 1 })])).toEqual([]);
  expect(brokenLimits([fault("kill")])).toEqual([]);
});

test("a server that takes its time to come back breaks no promise of ours", () => {
  expect(brokenLimits([fault("redis-restart", { gapMs: 60_000, waitMs: 60_000 })])).toEqual([]);
});
