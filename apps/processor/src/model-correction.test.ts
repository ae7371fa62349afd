import { create, MlCorrectionSchema } from "@burnline/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MODEL_SHARE_MAX, modelCorrection } from "./model-correction.ts";

const correction = (p10: number, p50: number, p90: number) =>
  create(MlCorrectionSchema, { logRatioPpmP10: p10, logRatioPpmP50: p50, logRatioPpmP90: p90 });

test("the model never counts for more than a fifth, and the answer is whole micrograms", () => {
  const ppm = fc.integer({ min: -350_000, max: 350_000 });
  fc.assert(
    fc.property(fc.nat({ max: 100_000_000 }), ppm, ppm, ppm, (burnUg, p10, p50, p90) => {
      const { deltaUg, share } = modelCorrection(burnUg, correction(p10, p50, p90));
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(MODEL_SHARE_MAX);
      expect(Number.isInteger(deltaUg)).toBe(true);
      expect(Math.abs(deltaUg)).toBeLessThanOrEqual(Math.ceil(burnUg * Math.expm1(MODEL_SHARE_MAX * 0.35)));
    }),
  );
});

test("an unsure model counts for less than a sure one", () => {
  const sure = modelCorrection(1_000_000, correction(40_000, 50_000, 60_000));
  const unsure = modelCorrection(1_000_000, correction(-200_000, 50_000, 300_000));
  expect(sure.share).toBe(MODEL_SHARE_MAX);
  expect(unsure.share).toBeLessThan(sure.share);
  expect(unsure.deltaUg).toBeLessThan(sure.deltaUg);
});

test("a model that says nothing changes nothing", () => {
  expect(modelCorrection(1_000_000, correction(-10_000, 0, 10_000)).deltaUg).toBe(0);
});
