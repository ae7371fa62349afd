import { type CarView, CarViewSchema, create, FlagState, type RaceView, RaceViewSchema } from "@burnline/contract";
import { FIXTURE_FIELD, FIXTURE_LAP, FIXTURE_START_MS, GREEN_KG, LAP_MS, TRACK_M } from "./fixture-field.ts";
import { fixtureLap, meterOf, noise } from "./fixture-laps.ts";

/*
 * A made-up race of 40 cars at one moment, with every state a page has to show. Deterministic; not a simulation.
 */

const SCHEDULED_LAPS = 200;

export interface FixtureOptions {
  readonly flag: FlagState;
  /** Every fourth car is on pit road, as behind a caution. */
  readonly pitStops: boolean;
  readonly cars: number;
}

export const GREEN_RACE: FixtureOptions = { flag: FlagState.GREEN, pitStops: false, cars: FIXTURE_FIELD.length };
export const CAUTION_RACE: FixtureOptions = { flag: FlagState.CAUTION, pitStops: true, cars: FIXTURE_FIELD.length };

export function fixtureRace(options: FixtureOptions, eventTimeMs: number): RaceView {
  return create(RaceViewSchema, {
    definition: {
      race: "fixture",
      name: "Hollow Creek 300",
      track: {
        id: "oval",
        name: "Iron Valley Speedway",
        lengthM: TRACK_M,
        greenLapS: LAP_MS / 1000,
        greenBurnKgPerLap: GREEN_KG,
      },
      scheduledLaps: SCHEDULED_LAPS,
      stageEndLaps: [50, 110, 200],
      entries: FIXTURE_FIELD.map(([car, driver, team, manufacturer]) => ({ car, driver, team, manufacturer })),
      carProfile: "nextgen",
    },
    flag: options.flag,
    eventTimeMs,
    leaderLapNumber: FIXTURE_LAP + 1,
    stageNumber: 2,
    carsTotal: options.cars,
    carsStale: 1,
    clock: { anchorEventMs: eventTimeMs, anchorWallMs: eventTimeMs, speed: 1 },
  });
}

export function fixtureCars(options: FixtureOptions, eventTimeMs: number): CarView[] {
  return FIXTURE_FIELD.slice(0, options.cars).map((_, index) => fixtureCar(options, index, eventTimeMs));
}

/** Places with a special case: 38th lost its telemetry, 39th has no lap yet, 40th is on no entry list. */
export function fixtureCar(options: FixtureOptions, index: number, eventTimeMs: number): CarView {
  const [car, driver, team, manufacturer] = FIXTURE_FIELD[index] as (typeof FIXTURE_FIELD)[number];
  const isLost = index === 37;
  const isNew = index === 38;
  const isForeign = index === 39;
  const isPitting = options.pitStops && index % 4 === 1;
  const timeMs = isLost ? eventTimeMs - 45_000 : eventTimeMs;
  const saving = (noise(index, 1) - 0.45) * 0.16;
  const swing = Math.sin(eventTimeMs / 3_000 + index) * 0.02;
  const isGreen = options.flag === FlagState.GREEN;
  return create(CarViewSchema, {
    car,
    entry: isForeign ? { car } : { car, driver, team, manufacturer },
    position: index + 1,
    stale: isLost,
    eventTimeMs: timeMs,
    live: {
      race: "fixture",
      car,
      eventTimeMs: timeMs,
      lapNumber: isNew ? 1 : FIXTURE_LAP + 1,
      lapPositionPpm: Math.floor(((eventTimeMs / LAP_MS + index * 0.01) % 1) * 1e6),
      flag: options.flag,
      onPitRoad: isPitting,
      burnKgPerS: 0.03,
      lapBurnKg: 0.31 + 0.1 * noise(index, 4),
      stintBurnKg: 0.97 * (8 + (index % 5)),
      raceBurnKg: 52.4 + noise(index, 5),
      ...(isGreen && !isNew && !isPitting
        ? { meterRatio: 1 - saving + swing, meter: meterOf(1 - saving + swing) }
        : {}),
      stintNumber: 3,
      stageNumber: 2,
    },
    ...(isNew ? {} : lapParts(options, index)),
  });
}

function lapParts(options: FixtureOptions, index: number) {
  const lap = fixtureLap(index, FIXTURE_LAP);
  const hasTank = index % 9 !== 8;
  const left = index === 2 ? 3.6 : 18 + 22 * noise(index, 7);
  const spread = index % 7 === 3 ? 9 : 2.5;
  return {
    lastLap: { ...lap, ...(options.flag === FlagState.GREEN ? {} : { reasons: ["caution"] }) },
    lastLapRevision: 1,
    lastLapProvenance: {
      source: index % 2 === 0 ? "physics+ml" : "physics",
      physicsVersion: "phys5-1",
      modelVersion: index % 2 === 0 ? "burn-mlp-1" : "",
      modelShare: index % 2 === 0 ? 0.164 : 0,
      coverage: index === 5 ? 0.91 : 0.999,
    },
    stint: { stintNumber: 3, totals: { firstLapNumber: FIXTURE_LAP - 8 - (index % 5), lastLapNumber: FIXTURE_LAP } },
    strategy: {
      lapNumber: FIXTURE_LAP,
      levelKg: hasTank ? { p10: 22.1, p50: 24.6, p90: 27.3 } : { reason: "last stop: amount not known" },
      lapsLeft: hasTank
        ? { p10: left - spread, p50: left, p90: left + spread }
        : { reason: "last stop: amount of fuel not known" },
      priorShare: 0.12,
      levelAnchor: index % 3 === 0 ? "full fill" : "stop without amount",
      levelAnchorMs: FIXTURE_START_MS,
    },
  };
}
