import { AlertFactSchema, create, type Fact, FactSchema, StageFactSchema, StintFactSchema } from "@burnline/contract";
import { FIXTURE_FIELD, FIXTURE_LAP, FIXTURE_START_MS, GREEN_KG, LAP_MS, TRACK_M } from "./fixture-field.ts";
import { fixtureLap } from "./fixture-laps.ts";

/** The history of one car, as the topic "car/<car>" brings it. */
export function fixtureHistory(car: string): { laps: Fact[]; stints: Fact[]; stages: Fact[] } {
  const index = FIXTURE_FIELD.findIndex(([number]) => number === car);
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
