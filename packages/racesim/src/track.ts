import { CHARLOTTE, MICHIGAN, NASHVILLE } from "./track-specs.ts";

/** Where a number comes from: S read from the source, M from memory, I inferred, X tuned in an experiment. */
export interface Sourced {
  readonly value: number;
  readonly tag: "S" | "M" | "I" | "X";
  readonly source: string;
}

/** A straight (no radius) or a corner. The lap starts at the start/finish line. */
export interface TrackSegment {
  readonly lengthM: number;
  readonly radiusM?: number;
  readonly bankingDeg: number;
}

/** An oval with everything the simulator needs; `calibration` holds what was tuned to the anchors of fuel.md. */
export interface TrackSpec {
  readonly id: string;
  readonly name: string;
  readonly lengthMiles: Sourced;
  readonly laps: Sourced;
  readonly stageEndLaps: readonly number[];
  readonly stageEndLapsTag: Sourced["tag"];
  readonly powerPackage: string;
  readonly greenLapS: Sourced;
  readonly greenBurnGalPerLap: Sourced;
  readonly paceMph: Sourced;
  readonly pitRoadLimitMph: Sourced;
  /** Pit road as shares of a lap: entry before the line, exit after it. */
  readonly pitEntryShare: number;
  readonly pitExitShare: number;
  readonly segments: readonly TrackSegment[];
  /** How much a tow is worth here, 1 = moderate. Source: fuel.md 1.4 in words [I]. */
  readonly draftSensitivity: number;
  readonly calibration: TrackCalibration;
}

export interface TrackCalibration {
  /** Tyre grip with downforce, as a friction coefficient. */
  readonly grip: number;
  readonly brakeMps2: number;
  /** Most acceleration that a driver asks for with straight wheels. */
  readonly tractionMps2: number;
  /** Drag of the sliding tyres per lateral acceleration squared, s^2/m. */
  readonly scrub: number;
  readonly dragAreaM2: number;
  /** Speed in top gear at 9,000 rpm. */
  readonly topGearMpsAt9000Rpm: number;
}

/** What everybody at the track knows; safe to hand to the telemetry side. */
export interface Track {
  readonly id: string;
  readonly name: string;
  readonly lengthM: number;
  readonly powerPackage: string;
  readonly greenLapS: number;
  readonly greenBurnKgPerLap: number;
  readonly priors: { readonly greenLapS: Sourced; readonly greenBurnGalPerLap: Sourced };
}

export const METRES_PER_MILE = 1609.344;
export const MPS_PER_MPH = 0.44704;
export const LITRES_PER_GALLON = 3.785411784;
/** Middle of 0.731 .. 0.743. Source: fuel.md 1.2 [S]. */
export const NOMINAL_FUEL_KG_PER_LITRE = 0.737;

export const TRACK_SPECS: readonly TrackSpec[] = [CHARLOTTE, MICHIGAN, NASHVILLE];
export const TRACK_IDS: readonly string[] = TRACK_SPECS.map((spec) => spec.id);

export function findTrackSpec(id: string): TrackSpec | undefined {
  return TRACK_SPECS.find((spec) => spec.id === id);
}

export function toTrack(spec: TrackSpec): Track {
  return {
    id: spec.id,
    name: spec.name,
    lengthM: spec.lengthMiles.value * METRES_PER_MILE,
    powerPackage: spec.powerPackage,
    greenLapS: spec.greenLapS.value,
    greenBurnKgPerLap: spec.greenBurnGalPerLap.value * LITRES_PER_GALLON * NOMINAL_FUEL_KG_PER_LITRE,
    priors: { greenLapS: spec.greenLapS, greenBurnGalPerLap: spec.greenBurnGalPerLap },
  };
}

/** Stage ends of a shortened (or lengthened) race: the same shares of the distance, each at least one lap long. */
export function scaledStageEnds(spec: TrackSpec, laps: number): number[] {
  const ends: number[] = [];
  for (const end of spec.stageEndLaps) {
    const scaled = Math.round((end / spec.laps.value) * laps);
    if (scaled > (ends.at(-1) ?? 0) && scaled < laps) ends.push(scaled);
  }
  ends.push(laps);
  return ends;
}
