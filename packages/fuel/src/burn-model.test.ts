import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BurnModel } from "./burn-model.ts";
import { speedDensityKappa } from "./car-profile.ts";
import { CAR_PROFILE_IDS, findCarProfile } from "./profiles.ts";
import { REGIME_CAUTION, REGIME_GREEN, REGIME_RED, REGIME_RESTART } from "./regime.ts";

const nextgen = findCarProfile("nextgen")!;
const anyProfile = fc.constantFrom(...CAR_PROFILE_IDS.map((id) => findCarProfile(id)!));
const anyRegime = fc.constantFrom(REGIME_GREEN, REGIME_CAUTION, REGIME_RESTART, REGIME_RED);
const throttle = fc.double({ min: 0, max: 1, noNaN: true });
const rpm = fc.double({ min: 0, max: 25_000, noNaN: true });

describe("burn model", () => {
  it("never answers with less than nothing or with no number", () => {
    fc.assert(
      fc.property(anyProfile, throttle, rpm, anyRegime, (profile, a, n, regime) => {
        const rate = new BurnModel(profile).rateKgPerS(a, n, regime);
        expect(Number.isFinite(rate)).toBe(true);
        expect(rate).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("burns more the further the pedal is down", () => {
    fc.assert(
      fc.property(anyProfile, throttle, throttle, rpm, anyRegime, (profile, a, b, n, regime) => {
        const model = new BurnModel(profile);
        const [less, more] = a <= b ? [a, b] : [b, a];
        expect(model.rateKgPerS(more, n, regime)).toBeGreaterThanOrEqual(model.rateKgPerS(less, n, regime) - 1e-15);
      }),
    );
  });

  it("burns nothing below the speed at which the engine is off", () => {
    for (const id of CAR_PROFILE_IDS) {
      const profile = findCarProfile(id)!;
      expect(new BurnModel(profile).rateKgPerS(1, profile.engineOffRpm - 0.1, REGIME_GREEN)).toBe(0);
      expect(new BurnModel(profile).rateKgPerS(1, profile.engineOffRpm, REGIME_GREEN)).toBeGreaterThan(0);
    }
  });

  it("gives the stock car at full throttle the 49 gal/h that its power asks for, within 10 %", () => {
    // 670 hp at 0.45 lb/(hp·h) and 6.15 lb/gal (design note on fuel, 2.1).
    const gallonsPerHour = (new BurnModel(nextgen).rateKgPerS(1, 8_800, REGIME_GREEN) / (6.15 * 0.45359237)) * 3600;
    expect(gallonsPerHour).toBeGreaterThan(49 * 0.9);
    expect(gallonsPerHour).toBeLessThan(49 * 1.1);
  });

  it("knows that half a pedal is not half the fuel: 30 % fills most of the manifold at 4000 rpm, half of it at 8800", () => {
    const model = new BurnModel(nextgen);
    const share = (n: number) => model.rateKgPerS(0.3, n, REGIME_GREEN) / model.rateKgPerS(1, n, REGIME_GREEN);
    expect(share(4_000)).toBeGreaterThan(0.8);
    expect(share(8_800)).toBeGreaterThan(0.5);
    expect(share(8_800)).toBeLessThan(0.85);
  });

  it("uses the caution formula only for a car that has one, and for red as well", () => {
    const model = new BurnModel(nextgen);
    expect(model.rateKgPerS(0.2, 4_000, REGIME_CAUTION)).toBeCloseTo(0.58e-6 * 4_000 * 2.2, 12);
    expect(model.rateKgPerS(0.2, 4_000, REGIME_RED)).toBe(model.rateKgPerS(0.2, 4_000, REGIME_CAUTION));
    const vee = new BurnModel(findCarProfile("formulavee")!);
    expect(vee.rateKgPerS(0.2, 4_000, REGIME_CAUTION)).toBe(vee.rateKgPerS(0.2, 4_000, REGIME_GREEN));
  });

  it("cuts fuel on the overrun, but not at idle", () => {
    const model = new BurnModel(nextgen);
    const uncut = 4.07e-6 * 0.067;
    expect(model.rateKgPerS(0, 6_000, REGIME_GREEN)).toBeCloseTo(uncut * 6_000 * 0.63, 12);
    expect(model.rateKgPerS(0, 1_000, REGIME_GREEN)).toBeCloseTo(uncut * 1_000, 12);
  });

  it("never exceeds a fuel flow that the rules forbid", () => {
    expect(new BurnModel(findCarProfile("mercedesw13")!).rateKgPerS(1, 13_000, REGIME_GREEN)).toBeCloseTo(
      100 / 3600,
      12,
    );
  });

  it("follows the density of the air", () => {
    const thin = new BurnModel(nextgen, 0.9).rateKgPerS(1, 8_000, REGIME_GREEN);
    expect(thin / new BurnModel(nextgen).rateKgPerS(1, 8_000, REGIME_GREEN)).toBeCloseTo(0.9, 12);
  });
});

describe("speed density", () => {
  it("agrees with the fitted constant of the stock car within 10 % from its data sheet alone", () => {
    const kappa = speedDensityKappa({
      displacementM3: 5.86e-3,
      volumetricEfficiency: 1.1,
      manifoldPa: 78_000,
      manifoldK: 308,
      airFuelRatio: 13.7,
      lambda: 0.9,
    });
    expect(Math.abs(kappa / nextgen.kappaKgPerSPerRpm - 1)).toBeLessThan(0.1);
  });

  it("asks no profile for a burn that its power could not explain: 0.17 to 0.55 kg per kWh at full throttle", () => {
    // Power of the cars from memory [M]: 45 kW, 320 kW, 560 kW from the combustion engine.
    const powers = { formulavee: [45, 5_500], mercedesamggt4: [320, 6_500], mercedesw13: [560, 12_000] } as const;
    for (const [id, [kilowatts, atRpm]] of Object.entries(powers)) {
      const perKwh = (new BurnModel(findCarProfile(id)!).rateKgPerS(1, atRpm, REGIME_GREEN) * 3600) / kilowatts;
      expect(perKwh, id).toBeGreaterThan(0.17);
      expect(perKwh, id).toBeLessThan(0.55);
    }
  });
});
