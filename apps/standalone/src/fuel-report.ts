import { type BurnSplit, type Estimate, type Fact, FlagState, type RunTotals } from "@burnline/contract";
import { PHYSICS_VERSION } from "@burnline/fuel";
import type { HeadlessResult } from "./headless-race.ts";

/** A quantity with its interval; null = not known, and reason says why. */
export interface ReportEstimate {
  readonly p10: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly reason: string;
}

export interface ReportLap {
  readonly lapNumber: number;
  readonly fuelKg: ReportEstimate;
  readonly physicsUg: number;
  readonly modelDeltaUg: number;
  readonly modelShare: number;
  readonly split: ReportSplit;
  readonly distanceM: number;
  readonly durationS: number;
  readonly gapS: number;
  readonly samples: number;
  readonly flags: readonly string[];
  /** Empty: valid. */
  readonly reasons: readonly string[];
  readonly stintNumber: number;
  readonly stageNumber: number;
}

export interface ReportSplit {
  readonly greenKg: number;
  readonly cautionKg: number;
  readonly restartKg: number;
  readonly pitRoadKg: number;
}

export interface ReportRun {
  readonly number: number;
  readonly firstLapNumber: number;
  readonly lastLapNumber: number;
  readonly fuelKg: ReportEstimate;
  readonly physicsUg: number;
  readonly modelDeltaUg: number;
  readonly distanceM: number;
  readonly durationS: number;
  readonly complete: boolean;
}

export interface ReportCar {
  readonly car: string;
  readonly driver: string;
  readonly profile: string;
  readonly laps: readonly ReportLap[];
  readonly stints: readonly ReportRun[];
  readonly stages: readonly ReportRun[];
  /** Everything counted, the running lap included. */
  readonly totals: {
    readonly physicsUg: number;
    readonly fuelKg: number | null;
    readonly distanceM: number;
    readonly samples: number;
    readonly windows: number;
    /** Of the total, what lies in no finished lap. */
    readonly outsideLapsKg: number;
  };
  readonly counts: Readonly<Record<string, number>>;
}

export interface FuelReport {
  readonly race: string;
  readonly source: string;
  readonly physicsVersion: string;
  readonly modelVersions: readonly string[];
  readonly cars: readonly ReportCar[];
  readonly ingest: Readonly<Record<string, unknown>>;
}

const UG_PER_KG = 1e9;

/** Reduces the facts of a race to a report. Pure. */
export function fuelReport(race: string, source: string, result: HeadlessResult): FuelReport {
  const facts = [...result.facts].sort((a, b) => (a.id < b.id ? -1 : 1));
  const cars = [...result.carCounts.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const modelVersions = new Set(facts.map(({ provenance }) => provenance?.modelVersion ?? ""));
  modelVersions.delete("");
  return {
    race,
    source,
    physicsVersion: PHYSICS_VERSION,
    modelVersions: [...modelVersions].sort(),
    cars: cars.map((car) => reportCar(car, facts, result)),
    ingest: result.ingest.toJson(),
  };
}

function reportCar(car: string, facts: readonly Fact[], result: HeadlessResult): ReportCar {
  const own = facts.filter((fact) => fact.car === car);
  const entry = facts
    .flatMap(({ body }) => (body.case === "raceState" ? (body.value.definition?.entries ?? []) : []))
    .find((one) => one.car === car);
  const laps = own.flatMap((fact) => reportLap(fact)).sort((a, b) => a.lapNumber - b.lapNumber);
  const windows = own.flatMap(({ body }) => (body.case === "burnWindow" ? [body.value] : []));
  const physicsUg = sum(windows.map(({ burnUg }) => burnUg));
  const deltaUg = sum(own.flatMap(({ body }) => (body.case === "stint" ? [body.value.totals?.modelDeltaUg ?? 0] : [])));
  const lapsUg = sum(laps.map((lap) => lap.physicsUg));
  const isKnown = own.some(({ body }) => body.case === "stint" && body.value.totals?.burnKg?.p50 !== undefined);
  return {
    car,
    driver: entry?.driver ?? "",
    profile: entry?.carProfile ?? "",
    laps,
    stints: own.flatMap(({ body }) =>
      body.case === "stint" ? [reportRun(body.value.stintNumber, body.value.totals)] : [],
    ),
    stages: own.flatMap(({ body }) =>
      body.case === "stage" ? [reportRun(body.value.stageNumber, body.value.totals)] : [],
    ),
    totals: {
      physicsUg,
      fuelKg: isKnown ? (physicsUg + deltaUg) / UG_PER_KG : null,
      distanceM: sum(windows.map(({ distanceMm }) => distanceMm)) / 1000,
      samples: sum(windows.map(({ samples }) => samples)),
      windows: windows.length,
      outsideLapsKg: (physicsUg - lapsUg) / UG_PER_KG,
    },
    counts: { ...result.carCounts.get(car) },
  };
}

function reportLap({ body, provenance }: Fact): ReportLap[] {
  if (body.case !== "lap") return [];
  const lap = body.value;
  return [
    {
      lapNumber: lap.lapNumber,
      fuelKg: reportEstimate(lap.burnKg),
      physicsUg: lap.physicsUg,
      modelDeltaUg: lap.modelDeltaUg,
      modelShare: provenance?.modelShare ?? 0,
      split: reportSplit(lap.split),
      distanceM: lap.distanceMm / 1000,
      durationS: lap.durationMs / 1000,
      gapS: lap.gapMs / 1000,
      samples: lap.samples,
      flags: lap.flags.map((flag) => FlagState[flag].toLowerCase()),
      reasons: lap.reasons,
      stintNumber: lap.stintNumber,
      stageNumber: lap.stageNumber,
    },
  ];
}

function reportRun(number: number, totals: RunTotals | undefined): ReportRun {
  return {
    number,
    firstLapNumber: totals?.firstLapNumber ?? 0,
    lastLapNumber: totals?.lastLapNumber ?? 0,
    fuelKg: reportEstimate(totals?.burnKg),
    physicsUg: totals?.physicsUg ?? 0,
    modelDeltaUg: totals?.modelDeltaUg ?? 0,
    distanceM: (totals?.distanceMm ?? 0) / 1000,
    durationS: ((totals?.endMs ?? 0) - (totals?.startMs ?? 0)) / 1000,
    complete: totals?.complete ?? false,
  };
}

function reportEstimate(estimate: Estimate | undefined): ReportEstimate {
  return {
    p10: estimate?.p10 ?? null,
    p50: estimate?.p50 ?? null,
    p90: estimate?.p90 ?? null,
    reason: estimate?.reason ?? "nothing is known",
  };
}

function reportSplit(split: BurnSplit | undefined): ReportSplit {
  return {
    greenKg: (split?.greenUg ?? 0) / UG_PER_KG,
    cautionKg: (split?.cautionUg ?? 0) / UG_PER_KG,
    restartKg: (split?.restartUg ?? 0) / UG_PER_KG,
    pitRoadKg: (split?.pitRoadUg ?? 0) / UG_PER_KG,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
