/**
 * Density of the race fuel in kg/L, for display only. E15 of stock cars: 6.1 to 6.2 lb per US gallon
 * (buildingspeed.org 2015 quoting the supplier) = 0.731 to 0.743; the simulator's other cars: 0.75 (.ibt headers).
 */
const DENSITY_KG_PER_L: Readonly<Record<string, number>> = { nextgen: 0.74 };
const DENSITY_KG_PER_L_DEFAULT = 0.74;

export function fuelDensityKgPerL(carProfile: string | undefined): number {
  return DENSITY_KG_PER_L[carProfile ?? ""] ?? DENSITY_KG_PER_L_DEFAULT;
}
