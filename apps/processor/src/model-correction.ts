import type { MlCorrection } from "@burnline/contract";

/** The model never counts for more than this share, until its gain is shown on data it was not trained on. */
export const MODEL_SHARE_MAX = 0.2;

/** Spread (sd, log) of one window's physics burn around the truth: prior from fuel.md 2.7, lap MAPE 1.3 to 2 %. */
const PHYSICS_LOG_SD = 0.03;

/** p90 - p10 of a normal is 2.563 sd. */
const P10_TO_P90_IN_SD = 2.563;

const PPM = 1_000_000;

/**
 * Fuses physics and model in the log domain: log f = log f_phys + w·r, w = σp² / (σp² + σm²), at most MODEL_SHARE_MAX
 * (fuel.md section 3, fusion). Whole micrograms, so that corrections add up in any order.
 */
export function modelCorrection(burnUg: number, correction: MlCorrection): { deltaUg: number; share: number } {
  const spread = (correction.logRatioPpmP90 - correction.logRatioPpmP10) / PPM;
  const modelSd = Math.max(spread, 0) / P10_TO_P90_IN_SD;
  const trust = PHYSICS_LOG_SD ** 2 / (PHYSICS_LOG_SD ** 2 + modelSd ** 2);
  const share = Math.min(MODEL_SHARE_MAX, trust);
  const deltaUg = Math.round(burnUg * Math.expm1((share * correction.logRatioPpmP50) / PPM));
  return { deltaUg, share };
}
