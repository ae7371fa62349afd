import { kgToGallons, toLitres, toLitresPer100Km, toMpg } from "@burnline/fuel/units";
import { missing, type Shown, shownNumber } from "./format.ts";
import type { Units } from "./settings.ts";

/** How a fuel quantity is written in each unit. */
export const UNIT_WORDS: Readonly<
  Record<Units, { readonly short: string; readonly perLap: string; readonly long: string }>
> = {
  mpg: { short: "mpg", perLap: "mpg", long: "miles per US gallon" },
  l100: { short: "L/100", perLap: "L/100 km", long: "litres per 100 km" },
  kg: { short: "kg", perLap: "kg/lap", long: "kilograms per lap" },
  gal: { short: "gal", perLap: "gal/lap", long: "US gallons per lap" },
  l: { short: "L", perLap: "L/lap", long: "litres per lap" },
};

/** What the numbers are known to: fuel mileage to one decimal, fuel per lap to about a percent. */
export const UNIT_DECIMALS: Readonly<Record<Units, number>> = { mpg: 1, l100: 1, kg: 2, gal: 2, l: 2 };

/** Fuel burnt over a distance in the chosen unit; undefined where the unit has no value, as for no fuel or no way. */
export function toReading(
  units: Units,
  burnKg: number | undefined,
  distanceM: number | undefined,
  densityKgPerL: number,
): number | undefined {
  if (burnKg === undefined || !Number.isFinite(burnKg) || burnKg < 0) return undefined;
  switch (units) {
    case "kg":
      return burnKg;
    case "l":
      return toLitres(burnKg, densityKgPerL);
    case "gal":
      return kgToGallons(burnKg, densityKgPerL);
    case "mpg":
      return distanceM === undefined ? undefined : toMpg(distanceM, burnKg, densityKgPerL);
    case "l100":
      return distanceM === undefined ? undefined : toLitresPer100Km(distanceM, burnKg, densityKgPerL);
  }
}

export function shownReading(
  units: Units,
  burnKg: number | undefined,
  distanceM: number | undefined,
  densityKgPerL: number,
  reason: string,
): Shown {
  if (burnKg === undefined) return missing(reason);
  const needsDistance = units === "mpg" || units === "l100";
  if (needsDistance && !((distanceM ?? 0) > 0)) return missing("distance not known");
  return shownNumber(toReading(units, burnKg, distanceM, densityKgPerL), UNIT_DECIMALS[units], "no fuel burnt");
}

/** A stock of fuel or a total, where mileage would say nothing: the volume or mass that goes with the unit. */
export function shownAmount(
  units: Units,
  massKg: number | undefined,
  densityKgPerL: number,
  reason: string,
  decimals = 1,
): Shown {
  const amountUnits = AMOUNT_UNITS[units];
  const amount = shownNumber(toReading(amountUnits, massKg, undefined, densityKgPerL), decimals, reason);
  return amount.reason === undefined ? { text: `${amount.text} ${UNIT_WORDS[amountUnits].short}` } : amount;
}

const AMOUNT_UNITS: Readonly<Record<Units, Units>> = { mpg: "gal", l100: "l", kg: "kg", gal: "gal", l: "l" };
