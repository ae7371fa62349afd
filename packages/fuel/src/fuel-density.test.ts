import { expect, test } from "vitest";
import { CAR_PROFILE_IDS, DEFAULT_PROFILE_ID, findCarProfile } from "./profiles.ts";
import { fuelDensityKgPerL } from "./units.ts";

test("a page converts with the density that the profile's model burns", () => {
  for (const id of CAR_PROFILE_IDS)
    expect([id, fuelDensityKgPerL(id)]).toEqual([id, findCarProfile(id)?.fuelDensityKgPerL]);
});

test("no profile, or an unknown one, has the density of the default profile", () => {
  const expected = findCarProfile(DEFAULT_PROFILE_ID)?.fuelDensityKgPerL;
  expect(fuelDensityKgPerL(undefined)).toBe(expected);
  expect(fuelDensityKgPerL("")).toBe(expected);
  expect(fuelDensityKgPerL("no-such-car")).toBe(expected);
});
