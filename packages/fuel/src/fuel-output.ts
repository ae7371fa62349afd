import type { AlertFact, Entry, LapFact, StageFact, StintFact, StrategyFact } from "@burnline/contract";
import type { CarProfile } from "./car-profile.ts";

/** What a car's ledger needs to know from the race definition. Unknown lengths, times and priors are 0. */
export interface CarContext {
  readonly race: string;
  readonly car: string;
  readonly profile: CarProfile;
  readonly track: { readonly lengthM: number; readonly greenLapS: number; readonly greenBurnKgPerLap: number };
  readonly entry?: Entry;
  readonly scheduledLaps: number;
  readonly stageEndLaps: readonly number[];
  /** The stage that runs when the car appears, from 1; later ones come as StageEnded. */
  readonly stageNumber: number;
}

interface OutputHead {
  /** With the kind and the car it names the fact; the same key with a higher revision replaces it. */
  readonly key: string;
  readonly revision: number;
  /** No later revision can come. */
  readonly final: boolean;
  readonly eventTimeMs: number;
  /** Share of the time span for which there were samples, 0 .. 1. */
  readonly coverage: number;
  /** Largest weight that a model's answer had in it; 0 = physics alone. */
  readonly modelShare: number;
  readonly modelVersion: string;
}

/** What the ledger wants to have published, in this order. */
export type FuelOutput = OutputHead &
  (
    | { readonly kind: "lap"; readonly body: LapFact }
    | { readonly kind: "stint"; readonly body: StintFact }
    | { readonly kind: "stage"; readonly body: StageFact }
    | { readonly kind: "strategy"; readonly body: StrategyFact }
    | { readonly kind: "alert"; readonly body: AlertFact }
  );

export type MeterWord = "hard" | "neutral" | "saving" | "";

/** The gauge of a car right now; undefined = not known. */
export interface LiveFuel {
  /** The running lap; 0 before the first one. */
  lapNumber: number;
  stintNumber: number;
  stageNumber: number;
  onPitRoad: boolean;
  /** Mean over the last second; undefined without samples or without an engine speed. */
  burnKgPerS: number | undefined;
  /** Physics plus model, so far. */
  lapBurnKg: number | undefined;
  stintBurnKg: number | undefined;
  raceBurnKg: number | undefined;
  /** Burn so far in this lap against the car's own green laps at the same way round; undefined early in a lap, off green. */
  meterRatio: number | undefined;
  meter: MeterWord;
}
