import {
  AlertFactSchema,
  type CarView,
  CarViewSchema,
  create,
  type Fact,
  FactSchema,
  FlagState,
  LapFactSchema,
  type RaceView,
  RaceViewSchema,
  StageFactSchema,
  StintFactSchema,
} from "@burnline/contract";

/** A made-up race of 40 cars at one moment, with every state a page has to show. Deterministic; not a simulation. */
export const FIXTURE_LAP = 57;
const SCHEDULED_LAPS = 200;
const TRACK_M = 2_414;
const GREEN_KG = 0.97;
const LAP_MS = 31_400;
export const FIXTURE_START_MS = 1_750_000_000_000;

const FIELD: readonly (readonly [string, string, string, string])[] = [
  ["24", "Alexander Vandersteen-Whitfield III", "Hollow Creek Motorsport", "Chevrolet"],
  ["5", "Kip Larrabee", "Hollow Creek Motorsport", "Chevrolet"],
  ["11", "Dante Hamill", "Gibraltar Racing", "Toyota"],
  ["12", "Ray Blanchette", "Pentagon Racing", "Ford"],
  ["22", "Joe Lagarde", "Pentagon Racing", "Ford"],
  ["19", "Martin Truxton Jr.", "Gibraltar Racing", "Toyota"],
  ["45", "Tyler Reddington", "Two-Three Eleven", "Toyota"],
  ["1", "Ross Chastity", "Trackhaus", "Chevrolet"],
  ["9", "Chase Elliston", "Hollow Creek Motorsport", "Chevrolet"],
  ["20", "Christopher Bellweather", "Gibraltar Racing", "Toyota"],
  ["6", "Brad Keslow", "Rushmore Fenwick", "Ford"],
  ["17", "Chris Beecher", "Rushmore Fenwick", "Ford"],
  ["23", "Bubba Wallingford", "Two-Three Eleven", "Toyota"],
  ["48", "Alex Bowmont", "Hollow Creek Motorsport", "Chevrolet"],
  ["8", "Kyle Buschmann", "Richmond Chandler Racing", "Chevrolet"],
  ["47", "Ricky Stenhousen Jr.", "JTG Dougherty", "Chevrolet"],
  ["3", "Austin Dylan", "Richmond Chandler Racing", "Chevrolet"],
  ["54", "Ty Gibbons", "Gibraltar Racing", "Toyota"],
  ["43", "Erik Joneson", "Legacy", "Toyota"],
  ["42", "John Hunter Nemecheck", "Legacy", "Toyota"],
  ["2", "Austin Cindrick", "Pentagon Racing", "Ford"],
  ["14", "Chase Brisk", "Stewart-Hauser", "Ford"],
  ["4", "Josh Barry", "Stewart-Hauser", "Ford"],
  ["10", "Noah Graygson", "Stewart-Hauser", "Ford"],
  ["41", "Ryan Preeston", "Stewart-Hauser", "Ford"],
  ["34", "Michael McDowd", "Front Rank", "Ford"],
  ["38", "Todd Gillian", "Front Rank", "Ford"],
  ["7", "Corey LaJeune", "Spyre", "Chevrolet"],
  ["77", "Carson Hocevarius", "Spyre", "Chevrolet"],
  ["71", "Zane Smithfield", "Spyre", "Chevrolet"],
  ["16", "A. J. Allmending", "Kaulig", "Chevrolet"],
  ["31", "Daniel Hemrich", "Kaulig", "Chevrolet"],
  ["99", "Daniel Suarzo", "Trackhaus", "Chevrolet"],
  ["21", "Harrison Burtonwood", "Wood & Sons", "Ford"],
  ["51", "Justin Haleigh", "Rick Warden", "Ford"],
  ["15", "Kaz Grayling", "Rick Warden", "Ford"],
  ["78", "B. J. McLoud", "Live Quick", "Chevrolet"],
  ["44", "J. J. Yeely", "NY Racing", "Chevrolet"],
  ["66", "Timmy Hillier", "MBM", "Ford"],
  ["62", "Anthony Alfredini", "Bearded", "Chevrolet"],
];

export interface FixtureOptions {
  readonly flag: FlagState;
  /** Every fourth car is on pit road, as behind a caution. */
  readonly pitStops: boolean;
  readonly cars: number;
}

export const GREEN_RACE: FixtureOptions = { flag: FlagState.GREEN, pitStops: false, cars: FIELD.length };
export const CAUTION_RACE: FixtureOptions = { flag: FlagState.CAUTION, pitStops: true, cars: FIELD.length };

/** Uniform in [0, 1), the same for the same two numbers. */
function noise(a: number, b: number): number {
  const mixed = Math.sin(a * 127.1 + b * 311.7) * 43_758.5453;
  return mixed - Math.floor(mixed);
}

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
      entries: FIELD.map(([car, driver, team, manufacturer]) => ({ car, driver, team, manufacturer })),
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
  return FIELD.slice(0, options.cars).map((_, index) => fixtureCar(options, index, eventTimeMs));
}

/** Places with a special case: 38th lost its telemetry, 39th has no lap yet, 40th is on no entry list. */
export function fixtureCar(options: FixtureOptions, index: number, eventTimeMs: number): CarView {
  const [car, driver, team, manufacturer] = FIELD[index] as (typeof FIELD)[number];
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

function meterOf(ratio: number): string {
  return ratio > 1.03 ? "hard" : ratio < 0.97 ? "saving" : "neutral";
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

function fixtureLap(index: number, lapNumber: number) {
  const reasons = reasonsOf(index, lapNumber);
  const isCaution = reasons.includes("caution");
  const saving = lapNumber > 48 ? (noise(index, 1) - 0.45) * 0.16 : 0;
  const kg = (isCaution ? 0.3 : GREEN_KG) * (1 - saving + (noise(index, lapNumber + 20) - 0.5) * 0.03);
  const startMs = FIXTURE_START_MS + lapNumber * LAP_MS + index * 300;
  return create(LapFactSchema, {
    lapNumber,
    startMs,
    endMs: startMs + LAP_MS * (isCaution ? 2.3 : 1),
    samples: 3_700,
    burnKg: { p10: kg * 0.965, p50: kg, p90: kg * 1.035 },
    split: { greenUg: kg * 1e9 },
    distanceMm: TRACK_M * 1000,
    durationMs: LAP_MS * (isCaution ? 2.3 : 1) + 900 * noise(index, lapNumber),
    gapMs: reasons.includes("gap") ? 2_400 : 0,
    flags: isCaution ? [FlagState.CAUTION] : [FlagState.GREEN],
    reasons,
    stintNumber: lapNumber < 24 ? 1 : 2,
    stageNumber: lapNumber <= 50 ? 1 : 2,
    averages: {
      validLaps: 38,
      lastN: 5,
      ...(index % 13 === 12 ? {} : { lastNKgPerLap: GREEN_KG * (1 - saving), savedFraction: saving }),
      allGreenKgPerLap: GREEN_KG,
      minKgPerLap: GREEN_KG * 0.91,
      maxKgPerLap: GREEN_KG * 1.04,
      cautionKgPerLap: 0.3,
      meter: meterOf(1 - saving),
      ...(saving > 0.04 ? { savingSinceLapNumber: 49 } : {}),
    },
  });
}

function reasonsOf(index: number, lapNumber: number): string[] {
  if (lapNumber === 1) return ["out"];
  if (lapNumber >= 20 && lapNumber <= 22) return ["caution"];
  if (lapNumber === 23) return ["caution", "in", "pit"];
  if (lapNumber === 24) return ["out", "caution"];
  if (lapNumber === 25) return ["restart"];
  if (lapNumber === 51 || lapNumber === 52) return ["caution"];
  if (lapNumber === 53) return ["restart"];
  if (lapNumber === 40 && index % 3 === 0) return ["gap"];
  if (lapNumber === 57 && index % 11 === 4) return ["outlier"];
  return [];
}

/** The history of one car, as the topic "car/<car>" brings it. */
export function fixtureHistory(car: string): { laps: Fact[]; stints: Fact[]; stages: Fact[] } {
  const index = FIELD.findIndex(([number]) => number === car);
  if (index < 0 || index === 38) return { laps: [], stints: [], stages: [] };
  const laps = Array.from({ length: FIXTURE_LAP }, (_, at) => fixtureLap(index, at + 1));
  const head = { schemaVersion: 1, race: "fixture", car, final: true };
  const totals = (from: number, to: number, complete: boolean) => ({
    startMs: FIXTURE_START_MS + from * LAP_MS,
    endMs: FIXTURE_START_MS + to * LAP_MS,
    firstLapNumber: from,
    lastLapNumber: to,
    physicsUg: (to - from + 1) * GREEN_KG * 1e9,
    burnKg: { p10: (to - from + 1) * 0.94, p50: (to - from + 1) * 0.96, p90: (to - from + 1) * 0.98 },
    split: { greenUg: (to - from) * 0.9e9, cautionUg: 1e9, restartUg: 0.5e9, pitRoadUg: 0.2e9 },
    distanceMm: (to - from + 1) * TRACK_M * 1000,
    complete,
  });
  const stints = [totals(1, 23, true), totals(24, FIXTURE_LAP, false)];
  const stages = [totals(1, 50, true), totals(51, FIXTURE_LAP, false)];
  return {
    laps: laps.map((lap) =>
      create(FactSchema, {
        ...head,
        id: `lap:${car}:${lap.lapNumber}:0`,
        final: lap.lapNumber < FIXTURE_LAP,
        body: { case: "lap", value: lap },
      }),
    ),
    stints: stints.map((each, at) =>
      create(FactSchema, {
        ...head,
        id: `stint:${car}:${at + 1}:0`,
        body: { case: "stint", value: create(StintFactSchema, { stintNumber: at + 1, totals: each }) },
      }),
    ),
    stages: stages.map((each, at) =>
      create(FactSchema, {
        ...head,
        id: `stage:${car}:${at + 1}:0`,
        body: { case: "stage", value: create(StageFactSchema, { stageNumber: at + 1, totals: each }) },
      }),
    ),
  };
}

export function fixtureAlerts(): Fact[] {
  const alerts: readonly (readonly [string, string, string, string])[] = [
    ["24", "saving", "info", "Vandersteen-Whitfield has been saving since lap 49: 6 % below his own green laps"],
    ["11", "fuel-low", "warning", "Hamill has fuel for 1 to 6 laps"],
    ["44", "data-gap", "warning", "No telemetry from Yeely for 45 s"],
    ["5", "saving", "info", "Larrabee stopped saving on lap 55"],
    ["9", "saving", "info", "Elliston has been saving since lap 50"],
  ];
  return alerts.map(([car, kind, severity, text], index) =>
    create(FactSchema, {
      schemaVersion: 1,
      id: `alert:${car}:${kind}:0`,
      car,
      eventTimeMs: FIXTURE_START_MS + index,
      body: {
        case: "alert",
        value: create(AlertFactSchema, {
          key: `${kind}:${car}`,
          kind,
          severity,
          active: index !== 3,
          text,
          sinceLapNumber: 49,
        }),
      },
    }),
  );
}
