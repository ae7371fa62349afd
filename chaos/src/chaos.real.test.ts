import { expect, test } from "vitest";
import { type MeasuredFault, runChaos } from "./chaos-run.ts";
import { FAULT_KINDS } from "./faults.ts";
import { CHAOS_DEFAULTS, SHORT_PROFILE } from "./options.ts";
import { faultLine, summaryLines } from "./report.ts";

test("every total is exact after each fault once", { timeout: 300_000 }, async () => {
  const told: MeasuredFault[] = [];
  const result = await runChaos({ ...CHAOS_DEFAULTS, ...SHORT_PROFILE, seed: 1 }, (fault) => told.push(fault));
  const report = [...told.map(faultLine), ...summaryLines(result)].join("\n");
  expect(result.problems, report).toEqual([]);
  expect(result.verdict?.faults, report).toEqual([]);
  expect(result.isExact).toBe(true);
  expect(told.map(({ kind }) => kind)).toEqual(expect.arrayContaining([...FAULT_KINDS]));
  expect(result.verdict).toMatchObject({ cars: CHAOS_DEFAULTS.cars });
  expect(result.verdict?.duplicatesSeen).toBeGreaterThan(0);
  expect(result.verdict?.duplicatesRemoved).toBe(result.verdict?.duplicatesSeen);
  expect(result.verdict?.lateSamples).toBeGreaterThan(0);
});
