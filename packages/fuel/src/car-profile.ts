/**
 * What is known about a kind of car before the first sample: engine, fuel and tank. Every number of a profile carries
 * its tag in a comment: [S] read from a named source, [M] from memory, [I] inferred from others, [X] fitted in an
 * experiment on synthetic data (design note on fuel, 2.7). No burn constant was fitted to telemetry that a test compares
 * with; the one thing learned from it is how far off an uncalibrated car may be (profiles.ts).
 */
export interface CarProfile {
  readonly id: string;
  readonly name: string;
  readonly displacementM3: number;

  // --- burn model, phys5 ---
  /** Fuel of one crankshaft revolution with a full manifold, times 60: kg/s per rpm. */
  readonly kappaKgPerSPerRpm: number;
  /** Share of the full charge that still flows with a closed pedal. */
  readonly closedChargeShare: number;
  /**
   * Engine speed at which closedChargeShare holds when the closed throttle passes a constant mass flow (choked leak), so
   * that the share falls as 1/rpm above it; 0: the share is the same at any speed (as fitted for phys5).
   */
  readonly closedChargeRpm: number;
  /** Pedal travel that fills the manifold at referenceRpm (α1 of phys5). */
  readonly pedalScale: number;
  readonly referenceRpm: number;
  /** Share of the fuel cut off on the overrun: pedal closed, above overrunRpmMin. */
  readonly overrunCutShare: number;
  readonly overrunRpmMin: number;
  /** kg/s per rpm behind the pace car; undefined: the main formula holds there too. */
  readonly cautionKappaKgPerSPerRpm?: number;
  /** Below this the engine is off. */
  readonly engineOffRpm: number;
  /** A fuel flow that the rules do not let the car exceed. */
  readonly fuelFlowKgPerSMax?: number;

  // --- how far to trust it, relative standard deviations ---
  /** Of one lap's burn, given the car's scale. */
  readonly lapBurnRelativeSd: number;
  /** Of a whole stint's burn, given the car's scale. */
  readonly stintBurnRelativeSd: number;
  /** Of the scale between this car at this track and the profile, before any calibration; the same for all its laps. */
  readonly carScaleRelativeSd: number;

  // --- fuel and tank ---
  readonly fuelDensityKgPerL: number;
  readonly fuelDensityRelativeSd: number;
  readonly usableFuelLitres: number;
  readonly usableFuelLitresSd: number;
  /** Of a fill whose amount was reported. */
  readonly reportedFillLitresSd: number;
  /** Fuel per second of a stop after the dead time, for a stop whose amount nobody reports. */
  readonly fillLitresPerS: number;
  readonly fillLitresPerSSd: number;
  readonly fillDeadTimeS: number;
}

export interface SpeedDensity {
  readonly displacementM3: number;
  readonly volumetricEfficiency: number;
  readonly manifoldPa: number;
  readonly manifoldK: number;
  readonly airFuelRatio: number;
  readonly lambda: number;
}

/** Specific gas constant of dry air, J/(kg K). */
const AIR_GAS_CONSTANT = 287.05;
/** A four-stroke engine breathes its displacement once in two revolutions: 120 s·rpm. */
const FOUR_STROKE_SECONDS_RPM = 120;

/**
 * κ by speed density: VE·Vd·p/(120·R·T) is the air in kg/s per rpm at full throttle; divided by AFR·λ, the fuel.
 * Source: ideal gas law; design note on fuel, 2.1.
 */
export function speedDensityKappa(engine: SpeedDensity): number {
  const airKgPerSPerRpm =
    (engine.volumetricEfficiency * engine.displacementM3 * engine.manifoldPa) /
    (FOUR_STROKE_SECONDS_RPM * AIR_GAS_CONSTANT * engine.manifoldK);
  return airKgPerSPerRpm / (engine.airFuelRatio * engine.lambda);
}
