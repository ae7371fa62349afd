import type { Prng } from "@burnline/std";
import { type EngineBuild, NOMINAL_ENGINE } from "./engine.ts";
import type { Manufacturer } from "./entries.ts";
import { LITRES_PER_GALLON, NOMINAL_FUEL_KG_PER_LITRE } from "./track.ts";

/** What nobody outside the simulator may see of a car. Spreads: fuel.md 1.2 and 5 (3). */
export interface CarTruth {
  readonly build: EngineBuild;
  readonly overrunCutShare: number;
  readonly throttleGain: number;
  readonly throttleOffset: number;
  readonly usableFuelLitres: number;
  readonly fuelKgPerLitre: number;
  /** The team's own idea of its burn is off by this factor. */
  readonly teamBurnScale: number;
}

/** Not published; they differ by manufacturer, so the simulator makes them differ [I]. */
const OVERRUN_CUT_SHARE: Record<Manufacturer, number> = { Chevrolet: 0.05, Ford: 0.9, Toyota: 0.5 };
const EFFICIENCY_OFFSET: Record<Manufacturer, number> = { Chevrolet: 0, Ford: 0.006, Toyota: -0.006 };

export function drawCarTruth(prng: Prng, manufacturer: Manufacturer): CarTruth {
  const airScale = prng.normal(1, 0.01);
  const cut = OVERRUN_CUT_SHARE[manufacturer] + prng.normal(0, 0.05);
  return {
    build: {
      spacerAreaM2: NOMINAL_ENGINE.spacerAreaM2 * airScale,
      throttleAreaScale: airScale,
      indicatedEfficiency:
        NOMINAL_ENGINE.indicatedEfficiency * (prng.normal(1, 0.008) + EFFICIENCY_OFFSET[manufacturer]),
      frictionScale: prng.normal(1, 0.05),
      fullLoadLambda: NOMINAL_ENGINE.fullLoadLambda * prng.normal(1, 0.012),
    },
    overrunCutShare: Math.min(1, Math.max(0, cut)),
    throttleGain: prng.normal(1, 0.01),
    throttleOffset: prng.normal(0, 0.005),
    usableFuelLitres: prng.normal(19.5, 0.2) * LITRES_PER_GALLON,
    fuelKgPerLitre: NOMINAL_FUEL_KG_PER_LITRE * prng.normal(1, 0.005),
    teamBurnScale: prng.normal(1, 0.008),
  };
}
