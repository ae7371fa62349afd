import { type CarProfile, speedDensityKappa } from "./car-profile.ts";
import { gallonsToLitres, poundsPerGallonToKgPerL } from "./units.ts";

/** The version of the formulas and constants below; goes into every fact's provenance. */
export const PHYSICS_VERSION = "phys5-1";

export const DEFAULT_PROFILE_ID = "nextgen";

// Stoichiometric air to petrol by mass [M: textbook, 14.5 to 14.7].
const PETROL_AIR_FUEL_RATIO = 14.7;
// [X] phys5, family A: pedal scale 0.209 at 8000 rpm of an engine that is limited at about 9100 rpm [M]. The pedal that
// fills the manifold grows with the air the engine asks for, so for another engine the 8000 scales with its limit [I].
const PEDAL_SCALE = 0.209;
const REFERENCE_SHARE_OF_LIMIT = 8_000 / 9_100;
// Drive-by-wire with a turbo: the pedal asks for torque, so the charge follows it closer to a straight line [M], a prior.
const TORQUE_PEDAL_SCALE = 0.5;
// [X] phys5: overrun cut seen from 3500 rpm at that same engine.
const OVERRUN_SHARE_OF_LIMIT = 3_500 / 9_100;
// Manifold pressure of an idling petrol engine, 30 to 40 kPa absolute [M: textbook].
const IDLE_MANIFOLD_PA = 35_000;

const nextgen: CarProfile = {
  id: "nextgen",
  name: "Next Gen stock car, 5.86 l V8, 670 hp package",
  displacementM3: 5.86e-3, // [S] 358 cu in
  kappaKgPerSPerRpm: 4.07e-6, // [X] family A; speed density with VE 1.1, 78 kPa, 308 K, AFR 13.7, λ 0.9 gives 3.84e-6 [I]
  closedChargeShare: 0.067, // [X] family A, p0
  closedChargeRpm: 0, // as fitted
  pedalScale: PEDAL_SCALE, // [X] family A, α1
  referenceRpm: 8_000, // [X] by definition of α1
  overrunCutShare: 0.37, // [X] family A, c; really unknown and different between makes
  overrunRpmMin: 3_500, // [X]
  cautionKappaKgPerSPerRpm: 0.58e-6, // [X] family A, κc
  engineOffRpm: 400, // [I] phys5
  lapBurnRelativeSd: 0.019, // [X] lap error 1.3 to 1.7 % mean absolute (upper half), times 1.25 for a normal's deviation
  stintBurnRelativeSd: 0.0135, // [X] structural error of a stint 1.2 to 1.5 %
  // [I] design note 2.4: track and package never calibrated 5 %, make 1 %, car 1.5 to 3 %; independent.
  carScaleRelativeSd: Math.hypot(0.05, 0.01, 0.025),
  fuelDensityKgPerL: poundsPerGallonToKgPerL(6.15), // [S] 6.1 to 6.2 lb/gal
  fuelDensityRelativeSd: 0.005, // [S] the spread of those two
  usableFuelLitres: gallonsToLitres(19.5), // [S] 20 gal cell, [I] usable 19.5
  usableFuelLitresSd: gallonsToLitres(0.2), // [I]
  reportedFillLitresSd: gallonsToLitres(0.35), // [I] σ of a reported fill
  fillLitresPerS: gallonsToLitres(1.5), // [S] a 12 gal can empties in 6.5 to 10 s
  fillLitresPerSSd: gallonsToLitres(0.25), // [I] the spread of those
  fillDeadTimeS: 1, // [I] until the first can is plugged in
};

/**
 * What an engine known by its data sheet shares with the others: nothing was measured on it, so lap totals are given to
 * ± 15 % (engine fuel models without any calibration miss by 14 to 15 %, [X] in the design note 2.7, A to B).
 */
const UNCALIBRATED = {
  lapBurnRelativeSd: 0.02,
  stintBurnRelativeSd: 0.02,
  // [X] three recordings: running, the truth was 1.33 and 1.03 times the estimate, idling a fifth. The constants stay
  // priors; only how far they may be off was learned from that.
  carScaleRelativeSd: 0.25,
  fuelDensityRelativeSd: 0.01, // [M] petrol 0.72 to 0.775 kg/l; a sim states its own
  reportedFillLitresSd: 0.5, // [M] pumps and sims report to the decilitre
  fillLitresPerS: 2.5, // [M] gravity rigs 1.5 to 4 l/s
  fillLitresPerSSd: 1,
  fillDeadTimeS: 1,
} as const;

interface DataSheet {
  readonly displacementM3: number;
  readonly idleRpm: number;
  readonly limitRpm: number;
  readonly volumetricEfficiency: number;
  readonly manifoldPa: number;
  readonly manifoldK: number;
  readonly lambda: number;
  readonly pedalScale: number;
  readonly overrunCutShare: number;
}

function engineOf(sheet: DataSheet) {
  return {
    displacementM3: sheet.displacementM3,
    kappaKgPerSPerRpm: speedDensityKappa({ ...sheet, airFuelRatio: PETROL_AIR_FUEL_RATIO }),
    // An idling engine and a closed throttle at speed pass the same choked air flow [I]: share of the full charge at idle.
    closedChargeShare: IDLE_MANIFOLD_PA / sheet.manifoldPa,
    closedChargeRpm: sheet.idleRpm,
    pedalScale: sheet.pedalScale,
    referenceRpm: sheet.limitRpm * REFERENCE_SHARE_OF_LIMIT,
    overrunCutShare: sheet.overrunCutShare,
    overrunRpmMin: Math.max(sheet.limitRpm * OVERRUN_SHARE_OF_LIMIT, sheet.idleRpm * 1.3),
    engineOffRpm: 400,
  };
}

const formulavee: CarProfile = {
  id: "formulavee",
  name: "Formula Vee, 1.2 l air-cooled flat four, carburettor",
  ...engineOf({
    displacementM3: 1.2e-3, // [S] class rules: 1192 to 1200 cm³
    idleRpm: 1_200, // [S] iRacing session text
    limitRpm: 7_200, // [S] iRacing session text, red line
    volumetricEfficiency: 0.8, // [M] two valves, siamesed ports, one small carburettor
    manifoldPa: 100_000, // [I] no restrictor, sea level
    manifoldK: 305, // [M] warm intake, no intercooler
    lambda: 0.88, // [M] carburettors are set rich
    pedalScale: PEDAL_SCALE, // [X] butterfly without torque mapping
    overrunCutShare: 0, // [I] a carburettor has no injectors to cut
  }),
  ...UNCALIBRATED,
  fuelDensityKgPerL: 0.75, // [S] iRacing session text
  usableFuelLitres: 20, // [S] iRacing session text
  usableFuelLitresSd: 0.2, // [I] 1 %
};

const mercedesamggt4: CarProfile = {
  id: "mercedesamggt4",
  name: "Mercedes-AMG GT4, 4.0 l V8 twin turbo",
  ...engineOf({
    displacementM3: 3.982e-3, // [M] M178
    idleRpm: 1_100, // [S] iRacing session text
    limitRpm: 7_400, // [S] iRacing session text, red line
    volumetricEfficiency: 0.95, // [M] two cam shafts, four valves, against manifold density
    manifoldPa: 145_000, // [I] from about 320 kW at 6000 rpm in GT4 trim [M]: 16 bar mean pressure
    manifoldK: 320, // [M] behind the intercooler
    lambda: 0.9, // [M] rich against knock under boost
    pedalScale: TORQUE_PEDAL_SCALE,
    overrunCutShare: 0.8, // [M] road-car injection cuts most of it
  }),
  ...UNCALIBRATED,
  fuelDensityKgPerL: 0.75, // [S] iRacing session text
  usableFuelLitres: 105, // [S] iRacing session text
  usableFuelLitresSd: 1, // [I] 1 %
};

const mercedesw13: CarProfile = {
  id: "mercedesw13",
  name: "Mercedes W13, 1.6 l V6 turbo hybrid",
  ...engineOf({
    displacementM3: 1.6e-3, // [S] Formula 1 rules of 2014 to 2025
    idleRpm: 4_000, // [S] iRacing session text
    limitRpm: 13_000, // [S] iRacing session text, red line
    volumetricEfficiency: 1, // [M] against manifold density
    manifoldPa: 350_000, // [M] absolute
    manifoldK: 325, // [M]
    lambda: 1.2, // [M] lean with pre-chamber ignition
    pedalScale: TORQUE_PEDAL_SCALE,
    overrunCutShare: 0.9, // [M]
  }),
  ...UNCALIBRATED,
  fuelFlowKgPerSMax: 100 / 3_600, // [S] Formula 1 rules: 100 kg/h above 10 500 rpm
  fuelDensityKgPerL: 0.75, // [S] iRacing session text
  usableFuelLitres: 146.7, // [S] iRacing session text
  usableFuelLitresSd: 1.5, // [I] 1 %
};

const generic: CarProfile = {
  id: "generic",
  name: "Unknown car, 2.0 l four without turbo",
  ...engineOf({
    displacementM3: 2e-3, // nothing is known: the middle of the club classes
    idleRpm: 1_000, // [M]
    limitRpm: 7_500, // [M]
    volumetricEfficiency: 0.95, // [M]
    manifoldPa: 100_000, // [I]
    manifoldK: 305, // [M]
    lambda: 0.9, // [M]
    pedalScale: PEDAL_SCALE,
    overrunCutShare: 0.5, // unknown between none and all
  }),
  ...UNCALIBRATED,
  carScaleRelativeSd: 0.4, // the displacement itself is a guess
  fuelDensityKgPerL: 0.745, // [M] petrol
  usableFuelLitres: 60, // [M]
  usableFuelLitresSd: 15, // a guess
};

const PROFILES: ReadonlyMap<string, CarProfile> = new Map(
  [nextgen, formulavee, mercedesamggt4, mercedesw13, generic].map((profile) => [profile.id, profile]),
);

/** The profile of that name, or undefined; what to do then is the caller's choice ("generic" knows its ignorance). */
export function findCarProfile(id: string): CarProfile | undefined {
  return PROFILES.get(id);
}

export const CAR_PROFILE_IDS: readonly string[] = [...PROFILES.keys()];
