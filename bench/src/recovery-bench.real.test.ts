import { expect, test } from "vitest";
import { RECOVERY_DEFAULTS, recoveryBench } from "./recovery-bench.ts";

test("each kill is measured, and only when every total is exact", { timeout: 120_000 }, async () => {
  const result = await recoveryBench({ ...RECOVERY_DEFAULTS, kills: 2 });
  expect(result.gapsMs).toHaveLength(2);
  expect(result.gap.medianMs).toBeGreaterThan(0);
  expect(result.gap.medianMs).toBeLessThanOrEqual(result.gap.p99Ms);
  expect(result.wait.maxMs).toBeGreaterThan(0);
  expect(result.calmGapMs).toBeGreaterThan(0);
});
