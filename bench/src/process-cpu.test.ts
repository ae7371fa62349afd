import { expect, test } from "vitest";
import { cpuSecondsOf, machineCpuSeconds } from "./process-cpu.ts";

const TICK_S = 0.01;

test("the CPU time of this process is what Node says of it, to a tick or two", () => {
  const { user, system } = process.cpuUsage();
  expect(cpuSecondsOf(process.pid)).toBeGreaterThan((user + system) / 1e6 - 5 * TICK_S);
  const later = process.cpuUsage();
  expect(cpuSecondsOf(process.pid)).toBeLessThan((later.user + later.system) / 1e6 + 5 * TICK_S);
});

test("the machine has worked at least as long as this process, and never goes back", () => {
  const before = machineCpuSeconds();
  expect(before).toBeGreaterThanOrEqual(cpuSecondsOf(process.pid));
  expect(machineCpuSeconds()).toBeGreaterThanOrEqual(before);
});
