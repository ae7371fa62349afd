import { expect, test } from "vitest";
import { CHAIN_DEFAULTS, chainBench } from "./chain-bench.ts";

const SAMPLES = 240_000;
const TEST_MS_MAX = 60_000;

test(
  "two processors work off a JetStream log with every fact as the operator alone has it",
  async () => {
    const result = await chainBench({ ...CHAIN_DEFAULTS, samples: SAMPLES });
    expect(result.exact).toBe(true);
    expect(result.facts).toBeGreaterThan(1_000);
    expect(result.cpuSeconds.processors).toBeGreaterThan(0);
    expect(result.samplesPerSecond).toBeGreaterThan(0);
  },
  TEST_MS_MAX,
);
