import {
  create,
  EstimateSchema,
  FactSchema,
  LapFactSchema,
  ProvenanceSchema,
  RunTotalsSchema,
  StintFactSchema,
  StrategyFactSchema,
} from "@burnline/contract";
import { expect, test } from "vitest";
import { countTrust } from "./fact-trust.ts";

test("each number left out counts by its reason, and each measured total by its model share", () => {
  const shares: number[] = [];
  const withheld: string[] = [];
  const metrics = {
    observeModelShare: (share: number) => shares.push(share),
    countWithheld: (reason: string) => withheld.push(reason),
  };
  const unknown = (reason: string) => create(EstimateSchema, { reason });
  const known = create(EstimateSchema, { p10: 1, p50: 2, p90: 3 });
  const provenance = create(ProvenanceSchema, { modelShare: 0.2 });
  const lap = create(LapFactSchema, { burnKg: unknown("no samples") });
  const totals = create(RunTotalsSchema, { burnKg: known });
  const stint = create(StintFactSchema, { totals });
  const strategy = create(StrategyFactSchema, { levelKg: unknown("no anchor"), lapsLeft: unknown("no level") });
  for (const body of [
    { case: "lap", value: lap },
    { case: "stint", value: stint },
    { case: "strategy", value: strategy },
  ] as const)
    countTrust(create(FactSchema, { body, provenance }), metrics);
  expect(withheld).toEqual(["no samples", "no anchor", "no level"]);
  expect(shares).toEqual([0.2, 0.2]);
});
