import { Prng } from "@burnline/std";
import { expect, test } from "vitest";
import { scheduleFaults } from "./fault-schedule.ts";
import { FAULT_KINDS } from "./faults.ts";
import { CHAOS_DEFAULTS, SHORT_PROFILE } from "./options.ts";

const countOf = (schedule: readonly string[], kind: string) => schedule.filter((one) => one === kind).length;

test("ten minutes hold each fault at least three times, the short profile exactly once", () => {
  const full = scheduleFaults(FAULT_KINDS, CHAOS_DEFAULTS.minutes, new Prng(1));
  const short = scheduleFaults(FAULT_KINDS, SHORT_PROFILE.minutes, new Prng(1));
  for (const kind of FAULT_KINDS) {
    expect(countOf(full, kind)).toBeGreaterThanOrEqual(3);
    expect(countOf(short, kind)).toBe(1);
  }
});

test("the seed says the order", () => {
  const schedule = (seed: number) => scheduleFaults(FAULT_KINDS, 0, new Prng(seed));
  expect(schedule(4)).toEqual(schedule(4));
  expect(schedule(4)).not.toEqual(schedule(5));
});
