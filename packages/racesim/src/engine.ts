/**
 * Truth family A of the engine: compressible flow through a butterfly and a tapered spacer into a manifold whose
 * pressure balances what the cylinders draw; indicated work less friction and pumping. It must never share a formula
 * with the estimator of packages/fuel.
 */

/** 358 cubic inches. Source: fuel.md 1.1 [S]. */
const DISPLACEMENT_M3 = 5.86e-3;
/** Green E15. Source: fuel.md 1.2 [I], computed from the mass mix. */
const LOWER_HEATING_VALUE_J_PER_KG = 40.6e6;
const STOICHIOMETRIC_AIR_FUEL_RATIO = 13.7;
const GAS_CONSTANT_AIR_J_PER_KG_K = 287;
const HEAT_RATIO_AIR = 1.4;
/** Below this pressure ratio the flow through a restriction is sonic and no longer grows. */
const CRITICAL_PRESSURE_RATIO = (2 / (HEAT_RATIO_AIR + 1)) ** (HEAT_RATIO_AIR / (HEAT_RATIO_AIR - 1));
const FLOW_AT_CRITICAL = flowFunction(CRITICAL_PRESSURE_RATIO);
/** Bore area of the throttle body and the bypass that keeps the engine idling, tuned so that idle needs about 4 % pedal [X]. */
const THROTTLE_BORE_AREA_M2 = 9.5e-3;
const IDLE_BYPASS_AREA_M2 = 0.6e-5;
const CLOSED_PLATE_DEG = 4;
/** Below this manifold pressure (as a share of ambient) the mixture is lean of best power, above the second full-load rich [I]. */
const ENRICH_FROM_PRESSURE_SHARE = 0.6;
const ENRICH_FULL_PRESSURE_SHARE = 0.78;
const PART_LOAD_LAMBDA = 0.97;

/** Spacer area that gives 670 hp at peak with the nominal build [X]. The 750 hp package would need about 3.5e-3. */
const SPACER_AREA_670HP_M2 = 2.72e-3;

/** What differs between two engines built to the same rules. */
export interface EngineBuild {
  readonly spacerAreaM2: number;
  readonly throttleAreaScale: number;
  readonly indicatedEfficiency: number;
  readonly frictionScale: number;
  readonly fullLoadLambda: number;
}

export const NOMINAL_ENGINE: EngineBuild = {
  spacerAreaM2: SPACER_AREA_670HP_M2,
  throttleAreaScale: 1,
  indicatedEfficiency: 0.425,
  frictionScale: 1,
  fullLoadLambda: 0.9,
};

export interface Ambient {
  readonly pressurePa: number;
  readonly temperatureK: number;
}

export const NOMINAL_AMBIENT: Ambient = { pressurePa: 99_000, temperatureK: 303 };

export interface OperatingPoint {
  readonly airKgPerS: number;
  readonly fuelKgPerS: number;
  /** At the flywheel; negative when the engine is driven by the car. */
  readonly brakePowerW: number;
  /** The same with the injectors off. */
  readonly motoringPowerW: number;
  readonly manifoldPressurePa: number;
}

/** Steady operation at an engine speed and a throttle position 0..1. */
export function operatingPoint(build: EngineBuild, ambient: Ambient, rpm: number, throttle: number): OperatingPoint {
  const gasTerm = GAS_CONSTANT_AIR_J_PER_KG_K * ambient.temperatureK;
  const sweptM3PerS = (DISPLACEMENT_M3 * rpm) / 120;
  const filling = volumetricEfficiency(rpm);
  // Manifold balance: area * flow(r) * p / sqrt(RT) = filling * swept * r * p / (RT).
  const demand = (filling * sweptM3PerS) / (effectiveAreaM2(build, throttle) * Math.sqrt(gasTerm));
  const pressureRatio = balancedPressureRatio(demand);
  const manifoldPressurePa = pressureRatio * ambient.pressurePa;
  const airKgPerS = (filling * manifoldPressurePa * sweptM3PerS) / gasTerm;

  const lambda = mixtureLambda(build, pressureRatio);
  const fuelKgPerS = airKgPerS / (STOICHIOMETRIC_AIR_FUEL_RATIO * lambda);
  const efficiency = build.indicatedEfficiency * lambda ** 0.9 * (1 - 0.1 * ((rpm - 7000) / 7000) ** 2);
  const lossPa = frictionPa(rpm) * build.frictionScale + 0.9 * (ambient.pressurePa - manifoldPressurePa);
  const motoringPowerW = -lossPa * sweptM3PerS;
  const brakePowerW = fuelKgPerS * LOWER_HEATING_VALUE_J_PER_KG * efficiency + motoringPowerW;
  return { airKgPerS, fuelKgPerS, brakePowerW, motoringPowerW, manifoldPressurePa };
}

/** Tuned to a power peak between 8,000 and 9,000 rpm [I]. */
function volumetricEfficiency(rpm: number): number {
  return 1.14 - 0.16 * ((rpm - 8000) / 4200) ** 2 + 0.03 * Math.sin(rpm / 700);
}

/** Friction mean effective pressure. Source: fuel.md 2.2, 0.6 + 0.06 n + 0.012 n^2 bar with n in 1000 rpm. */
function frictionPa(rpm: number): number {
  const n = rpm / 1000;
  return 1e5 * (0.6 + 0.06 * n + 0.012 * n * n);
}

/** Plate and spacer in series: their flow resistances add. */
function effectiveAreaM2(build: EngineBuild, throttle: number): number {
  const open = Math.min(1, Math.max(0, throttle));
  const plateRad = ((CLOSED_PLATE_DEG + (90 - CLOSED_PLATE_DEG) * open) * Math.PI) / 180;
  const plateM2 = THROTTLE_BORE_AREA_M2 * build.throttleAreaScale * (1 - Math.cos(plateRad)) + IDLE_BYPASS_AREA_M2;
  return 1 / Math.sqrt(plateM2 ** -2 + build.spacerAreaM2 ** -2);
}

/** Isentropic flow through a restriction, per area and up-stream pressure over sqrt(RT). */
function flowFunction(pressureRatio: number): number {
  const k = HEAT_RATIO_AIR;
  const difference = pressureRatio ** (2 / k) - pressureRatio ** ((k + 1) / k);
  return Math.sqrt(((2 * k) / (k - 1)) * Math.max(0, difference));
}

/** The ratio r with flow(r) / r = demand. flow(r) / r falls with r, so a bisection cannot miss it. */
function balancedPressureRatio(demand: number): number {
  if (demand * CRITICAL_PRESSURE_RATIO >= FLOW_AT_CRITICAL) return FLOW_AT_CRITICAL / demand;
  let low = CRITICAL_PRESSURE_RATIO;
  let high = 1;
  for (let round = 0; round < 30; round++) {
    const middle = (low + high) / 2;
    if (flowFunction(middle) > demand * middle) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function mixtureLambda(build: EngineBuild, pressureShare: number): number {
  const span = ENRICH_FULL_PRESSURE_SHARE - ENRICH_FROM_PRESSURE_SHARE;
  const rich = Math.min(1, Math.max(0, (pressureShare - ENRICH_FROM_PRESSURE_SHARE) / span));
  return PART_LOAD_LAMBDA + (build.fullLoadLambda - PART_LOAD_LAMBDA) * rich;
}
