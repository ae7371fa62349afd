import { FEATURE_NAMES } from "@burnline/fuel";
import { RaceSim } from "@burnline/racesim";
import { describe, expect, it } from "vitest";
import { RaceRows, type RaceSpec, ROW_COLUMNS } from "./race-rows.ts";

const SPEC: RaceSpec = { set: "test", trackId: "michigan", seed: 7, laps: 2, cars: 3, sampleRateHz: 10, stride: 1 };
const START_MS = 1_750_000_000_000;

type Row = Record<(typeof ROW_COLUMNS)[number], number>;

function rowsOf(overrides: Partial<RaceSpec> = {}): Row[] {
  const values = [...new RaceRows({ ...SPEC, ...overrides }).chunks()].flatMap((chunk) => [...chunk]);
  return Array.from({ length: values.length / ROW_COLUMNS.length }, (_, row) => {
    const at = row * ROW_COLUMNS.length;
    return Object.fromEntries(ROW_COLUMNS.map((name, column) => [name, values[at + column]!])) as Row;
  });
}

describe("training rows", () => {
  it("are the same for the same race", () => {
    expect(rowsOf()).toEqual(rowsOf());
  });

  it("carry the simulator's own burn of exactly that car and second", () => {
    const { trackId, seed, laps, cars, sampleRateHz } = SPEC;
    const sim = new RaceSim({ trackId, seed, laps, cars, sampleRateHz, startMs: START_MS, truthWindows: true });
    const indexOf = new Map(sim.entries.map((entry, index) => [entry.car, index]));
    const truth = new Map<string, number>();
    for (let step = sim.step(); step !== undefined; step = sim.step()) {
      for (const record of step.truth) {
        if (record.type !== "window") continue;
        truth.set(`${indexOf.get(record.car)}:${record.startMs}`, Math.round(record.burnKg * 1e9));
      }
    }
    const rows = rowsOf();
    expect(rows.length).toBeGreaterThan(200);
    for (const row of rows) expect(row.truthUg).toBe(truth.get(`${row.carIndex}:${row.startMs}`));
  });

  it("hold every car's seconds once, in whole windows, and only some of them with a stride", () => {
    const rows = rowsOf();
    const keys = new Set(rows.map((row) => `${row.carIndex}:${row.startMs}`));
    expect(keys.size).toBe(rows.length);
    for (const row of rows) expect((row.startMs - START_MS) % 1000).toBe(0);
    const strided = rowsOf({ stride: 3 });
    expect(strided.length).toBeGreaterThan(rows.length / 4);
    expect(strided.length).toBeLessThan(rows.length / 2);
    for (const row of strided) expect(keys).toContain(`${row.carIndex}:${row.startMs}`);
  });

  it("include windows with holes, whose physics is scaled to the whole second", () => {
    const rows = rowsOf();
    const holed = rows.filter((row) => row.sampleShare < 0.95);
    expect(holed.length).toBeGreaterThan(0);
    expect(holed.length).toBeLessThan(rows.length / 5);
    const total = (chosen: Row[], name: "physicsUg" | "truthUg") => chosen.reduce((sum, row) => sum + row[name], 0);
    const ratioOf = (chosen: Row[]) => total(chosen, "physicsUg") / total(chosen, "truthUg");
    expect(ratioOf(holed)).toBeCloseTo(ratioOf(rows), 0);
  });

  it("name their columns: the features in the order of the windows, then the labels", () => {
    expect(ROW_COLUMNS.slice(0, FEATURE_NAMES.length)).toEqual([...FEATURE_NAMES]);
    expect(ROW_COLUMNS.slice(FEATURE_NAMES.length)).toEqual([
      "physicsUg",
      "truthUg",
      "carIndex",
      "lapNumber",
      "startMs",
    ]);
  });
});
