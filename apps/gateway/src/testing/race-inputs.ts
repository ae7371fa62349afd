import {
  create,
  FACT_SCHEMA_VERSION,
  type Fact,
  FactSchema,
  FlagState,
  type LiveValue,
  LiveValueSchema,
  subjects,
  toBinary,
} from "@burnline/contract";
import type { LogAppend } from "@burnline/stream";

export const RACE = "test-race";
export const START_MS = 1_750_000_000_000;

type Init = Parameters<typeof create<typeof LiveValueSchema>>[1];

/** A car at racing speed in lap 5, `atMs` after the start of the race; override what the test is about. */
export function liveValue(car: string, atMs: number, overrides: Init = {}): LiveValue {
  return create(LiveValueSchema, {
    race: RACE,
    car,
    eventTimeMs: START_MS + atMs,
    lapNumber: 5,
    lapPositionPpm: 400_000,
    speedMmPerS: 78_000,
    rpm: 8_200,
    throttle: 0.8,
    flag: FlagState.GREEN,
    burnKgPerS: 0.021,
    lapBurnKg: 0.55,
    stintBurnKg: 12.3,
    raceBurnKg: 45.6,
    meterRatio: 0.97,
    meter: "saving",
    stintNumber: 2,
    stageNumber: 1,
    ...overrides,
  });
}

function fact(car: string, kind: string, key: string, revision: number, eventTimeMs: number): Fact {
  return create(FactSchema, {
    schemaVersion: FACT_SCHEMA_VERSION,
    id: `${kind}:${car}:${key}:${revision}`,
    race: RACE,
    car,
    eventTimeMs,
    revision,
    provenance: { source: "physics+ml", physicsVersion: "phys5-1", modelVersion: "m1", modelShare: 0.2, coverage: 1 },
  });
}

const LAP_MS = 30_000;
const SPLIT = { greenUg: 540_000_000, cautionUg: 0, restartUg: 0, pitRoadUg: 0 };
const BURN_KG = { p10: 0.52, p50: 0.54, p90: 0.56 };

/** A lap of 30 s, laps numbered from 1; the burn tells the revisions apart. */
export function lapFact(car: string, lapNumber: number, revision = 0): Fact {
  const startMs = START_MS + (lapNumber - 1) * LAP_MS;
  const averages = { validLaps: 4, lastN: 5, lastNKgPerLap: 0.54, allGreenKgPerLap: 0.541, meter: "neutral" };
  return withBody(fact(car, "lap", String(lapNumber), revision, startMs + LAP_MS), {
    case: "lap",
    value: {
      ...{ lapNumber, startMs, endMs: startMs + LAP_MS, samples: 3_600, physicsUg: 540_000_000 + revision },
      ...{ burnKg: BURN_KG, split: SPLIT, distanceMm: 2_400_000, durationMs: LAP_MS, flags: [FlagState.GREEN] },
      ...{ stintNumber: 2, stageNumber: 1, averages },
    },
  });
}

export function windowFact(car: string, second: number, revision = 0): Fact {
  const startMs = START_MS + second * 1_000;
  return withBody(fact(car, "window", String(startMs), revision, startMs + 1_000), {
    case: "burnWindow",
    value: {
      ...{ startMs, endMs: startMs + 1_000, samples: 120, burnUg: 21_000_000 + revision, distanceMm: 78_000 },
      ...{ flag: FlagState.GREEN, lapNumber: 5, features: Array.from({ length: 24 }, (_, index) => index / 7) },
    },
  });
}

export function stintFact(car: string, stintNumber: number, revision = 0): Fact {
  const value = { stintNumber, totals: totals(stintNumber) };
  return withBody(fact(car, "stint", String(stintNumber), revision, START_MS + stintNumber * 600_000), {
    case: "stint",
    value,
  });
}

export function stageFact(car: string, stageNumber: number, revision = 0): Fact {
  const value = { stageNumber, totals: totals(stageNumber) };
  return withBody(fact(car, "stage", String(stageNumber), revision, START_MS + stageNumber * 900_000), {
    case: "stage",
    value,
  });
}

export function strategyFact(car: string, lapNumber: number, revision = 0): Fact {
  const eventTimeMs = START_MS + lapNumber * LAP_MS;
  return withBody(fact(car, "strategy", String(lapNumber), revision, eventTimeMs), {
    case: "strategy",
    value: {
      ...{ lapNumber, levelKg: { p10: 30, p50: 31, p90: 32 }, lapsLeft: { p10: 55, p50: 57.5, p90: 60 } },
      ...{ racePhysicsUg: 45_600_000_000, priorShare: 0.1, levelAnchor: "full fill", levelAnchorMs: START_MS },
    },
  });
}

export function alertFact(car: string, revision: number, active: boolean, situation = "saving"): Fact {
  const eventTimeMs = START_MS + revision * 1_000;
  return withBody(fact(car, "alert", `${situation}:${car}`, revision, eventTimeMs), {
    case: "alert",
    value: { key: `${situation}:${car}`, kind: "saving", severity: "info", active, text: `Car ${car} is saving.` },
  });
}

/** The race fact with an entry per car. */
export function raceFact(cars: readonly string[], revision = 0): Fact {
  const entries = cars.map((car) => ({ car, driver: `Driver ${car}`, team: `Team ${car}`, manufacturer: "Ford" }));
  const track = { id: "michigan", name: "Michigan", lengthM: 3_218, greenLapS: 38, greenBurnKgPerLap: 1.1 };
  return withBody(
    create(FactSchema, {
      ...{ schemaVersion: FACT_SCHEMA_VERSION, id: `race:_:${RACE}:${revision}`, race: RACE },
      ...{ eventTimeMs: START_MS + revision, revision },
    }),
    {
      case: "raceState",
      value: {
        definition: { race: RACE, name: "Test 400", track, scheduledLaps: 200, stageEndLaps: [45, 120, 200], entries },
        flagSpans: [{ flag: FlagState.GREEN, fromMs: START_MS }],
        stageNumber: 1,
      },
    },
  );
}

export function appendOf(fact: Fact): LogAppend {
  const kind = fact.id.split(":")[0] as Parameters<typeof subjects.fact>[1];
  const subject = subjects.fact(RACE, kind, fact.car === "" ? "_" : fact.car);
  return { partition: 0, subject, payload: toBinary(FactSchema, fact), messageId: fact.id };
}

function totals(number: number) {
  return {
    ...{ startMs: START_MS + number, firstLapNumber: 1, lastLapNumber: 20, samples: 72_000, physicsUg: 10_800_000_000 },
    ...{ burnKg: { p10: 10.4, p50: 10.8, p90: 11.2 }, split: SPLIT, distanceMm: 48_000_000 },
  };
}

type BodyInit = NonNullable<Parameters<typeof create<typeof FactSchema>>[1]>["body"];

function withBody(base: Fact, body: BodyInit): Fact {
  return { ...base, body: create(FactSchema, body === undefined ? {} : { body }).body };
}
