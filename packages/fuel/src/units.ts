/**
 * Conversions between SI and what people read. Pure numbers in, pure numbers out; browser-safe (no imports).
 * A quotient without a meaning (no fuel burned, no distance) is undefined, never Infinity or NaN.
 */

/** US liquid gallon: 231 cubic inches, exact by definition. */
const LITRES_PER_US_GALLON = 3.785411784;
/** International mile, exact by definition. */
export const METRES_PER_MILE = 1609.344;
/** Avoirdupois pound, exact by definition. */
const KG_PER_POUND = 0.45359237;
const SECONDS_PER_HOUR = 3600;
export const MICROGRAMS_PER_KG = 1e9;

export function toLitres(kg: number, densityKgPerL: number): number {
  return kg / densityKgPerL;
}

export function litresToKg(litres: number, densityKgPerL: number): number {
  return litres * densityKgPerL;
}

export function toUsGallons(litres: number): number {
  return litres / LITRES_PER_US_GALLON;
}

export function gallonsToLitres(usGallons: number): number {
  return usGallons * LITRES_PER_US_GALLON;
}

export function kgToGallons(kg: number, densityKgPerL: number): number {
  return toUsGallons(toLitres(kg, densityKgPerL));
}

export function gallonsToKg(usGallons: number, densityKgPerL: number): number {
  return litresToKg(gallonsToLitres(usGallons), densityKgPerL);
}

/** Pounds per US gallon, as the sport quotes fuel density, to kg/l. */
export function poundsPerGallonToKgPerL(poundsPerGallon: number): number {
  return (poundsPerGallon * KG_PER_POUND) / LITRES_PER_US_GALLON;
}

export function metresToMiles(metres: number): number {
  return metres / METRES_PER_MILE;
}

export function milesToMetres(miles: number): number {
  return miles * METRES_PER_MILE;
}

export function toMph(metresPerSecond: number): number {
  return (metresPerSecond * SECONDS_PER_HOUR) / METRES_PER_MILE;
}

export function mphToMetresPerSecond(mph: number): number {
  return (mph * METRES_PER_MILE) / SECONDS_PER_HOUR;
}

export function toKmPerHour(metresPerSecond: number): number {
  return metresPerSecond * 3.6;
}

export function toKgPerHour(kgPerSecond: number): number {
  return kgPerSecond * SECONDS_PER_HOUR;
}

/** Miles per US gallon; undefined when nothing was burned or the way is not known. */
export function toMpg(distanceM: number, burnKg: number, densityKgPerL: number): number | undefined {
  return positiveQuotient(metresToMiles(distanceM), kgToGallons(burnKg, densityKgPerL));
}

/** Litres per 100 km; undefined when the car did not move or nothing is known of the burn. */
export function toLitresPer100Km(distanceM: number, burnKg: number, densityKgPerL: number): number | undefined {
  return positiveQuotient(toLitres(burnKg, densityKgPerL) * 100_000, distanceM);
}

/** The same fuel economy on the other scale: l/100 km = 235.2 / mpg and the other way round. */
export function mpgToLitresPer100Km(mpg: number): number | undefined {
  return positiveQuotient((LITRES_PER_US_GALLON * 100_000) / METRES_PER_MILE, mpg);
}

export function litresPer100KmToMpg(litresPer100Km: number): number | undefined {
  return mpgToLitresPer100Km(litresPer100Km);
}

function positiveQuotient(above: number, below: number): number | undefined {
  if (!(below > 0) || !(above >= 0)) return undefined;
  const quotient = above / below;
  return Number.isFinite(quotient) ? quotient : undefined;
}

/**
 * Fuel density by car profile in kg/l, for pages that show volumes and must not load the model. A copy of what the
 * profiles say with their sources (profiles.ts); fuel-density.test.ts holds the two together.
 */
const FUEL_DENSITY_KG_PER_L: Readonly<Record<string, number>> = {
  nextgen: poundsPerGallonToKgPerL(6.15),
  formulavee: 0.75,
  mercedesamggt4: 0.75,
  mercedesw13: 0.75,
  generic: 0.745,
};
const DEFAULT_DENSITY_KG_PER_L = poundsPerGallonToKgPerL(6.15);

/** Without a profile, or with one that this page does not know, the density of the default profile. */
export function fuelDensityKgPerL(carProfile: string | undefined): number {
  return FUEL_DENSITY_KG_PER_L[carProfile ?? ""] ?? DEFAULT_DENSITY_KG_PER_L;
}
