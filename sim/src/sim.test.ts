import { describe, expect, test } from "vitest";
import { simulate } from "./chain.ts";
import { parseSimCommand, SIM_DEFAULTS } from "./options.ts";
import { FAILED_SEEDS, PLAIN_SEEDS } from "./seeds.ts";

const MINUTES = 1;

describe("no invariant breaks under seeded faults", () => {
  test.each(PLAIN_SEEDS)("seed %i", { timeout: 120_000 }, async (seed) => {
    const result = await simulate({ ...SIM_DEFAULTS, seed, minutes: MINUTES });
    expect(result.frames).toBeGreaterThan(1_000);
    expect(result.crashes).toBeGreaterThan(0);
  });

  test.each(FAILED_SEEDS)("seed $seed, which found $found", { timeout: 120_000 }, async ({ seed, minutes }) => {
    await simulate({ ...SIM_DEFAULTS, seed, minutes });
  });
});

test("the same seed gives the same bytes", async () => {
  const options = { ...SIM_DEFAULTS, seed: 99, minutes: 0.3 };
  expect(await simulate(options)).toEqual(await simulate(options));
});

test("facts and snapshots that have to wait, for longer than any lease, cost nobody a partition", async () => {
  const quiet = { crash: 0, freeze: 0, cutOff: 0, leave: 0, loseState: 0 };
  for (const seed of [1, 2]) {
    const { stalls, losses, takeovers, fencedCommits } = await simulate({
      ...{ ...SIM_DEFAULTS, ...quiet },
      ...{ seed, minutes: 1, stall: 0.3 },
    });
    expect(stalls).toBeGreaterThan(5);
    expect({ losses, takeovers, fencedCommits }).toEqual({ losses: 0, takeovers: 0, fencedCommits: 0 });
  }
});

test("the faults of the default options are all met within a few seeds", async () => {
  const totals = {
    fenced: 0,
    stateLosses: 0,
    freezes: 0,
    leaves: 0,
    takeovers: 0,
    stalls: 0,
    resent: 0,
    late: 0,
    duplicates: 0,
  };
  for (const seed of [2, 3]) {
    const result = await simulate({ ...SIM_DEFAULTS, seed, minutes: 1, loseState: 0.03, freeze: 0.05 });
    totals.fenced += result.fencedCommits;
    totals.stateLosses += result.stateLosses;
    totals.freezes += result.freezes;
    totals.leaves += result.leaves;
    totals.takeovers += result.takeovers;
    totals.stalls += result.stalls;
    totals.resent += result.resent;
    totals.late += result.lateSamples;
    totals.duplicates += result.duplicates;
  }
  for (const [fault, count] of Object.entries(totals)) expect(count, fault).toBeGreaterThan(0);
});

describe("the command line", () => {
  test("a seed or a range", () => {
    expect(parseSimCommand(["--seed", "7"])).toMatchObject({ seeds: [7] });
    expect(parseSimCommand(["--seed", "2..4", "--minutes", "5"])).toMatchObject({
      seeds: [2, 3, 4],
      options: { minutes: 5 },
    });
  });

  test.each([
    [["--seed", "x"], "--seed wants a whole number or a range A..B, not x"],
    [["--seed", "4..2"], "--seed wants a whole number or a range A..B, not 4..2"],
    [[], "--seed wants a whole number or a range A..B, not undefined"],
    [["--seed", "1", "--crash", "2"], "--crash wants a number from 0 to 1, not 2"],
    [["--seed", "1", "--minutes", "0"], "--minutes wants a number from 0.1 to 600, not 0"],
  ])("%j is refused", (argv, error) => {
    expect(parseSimCommand(argv)).toEqual({ error });
  });
});
