import { readFileSync } from "node:fs";
import { createLogger } from "@burnline/runtime";
import { beforeAll, describe, expect, test } from "vitest";
import { type FuelReport, fuelReport, type ReportCar } from "./fuel-report.ts";
import { runHeadless } from "./headless-race.ts";
import { openConfiguredSource } from "./race-source.ts";
import { openResidualModel } from "./residual-model.ts";
import { sourceConfig } from "./testing/source-config.ts";

// Lies beside the repository and may not be part of it: fv_tsukuba, amggt4_redbullring and w13_pit_idle, each as .ibt,
// .inputs.csv and .truth.csv. Without it these tests fail, as any real test does.
const FOLDER = new URL("../../../../shared/data/real/", import.meta.url).pathname;
const KG_PER_LITRE = 0.75; // iRacing session text of all three files
const logger = createLogger({ service: "test", level: "silent", format: "json" });

async function reportOf(source: string): Promise<FuelReport> {
  const opened = await openConfiguredSource(sourceConfig({ source }));
  const result = await runHeadless(opened, await openResidualModel(true, logger), logger);
  await opened.close?.();
  return fuelReport(opened.race.race, opened.description, result);
}

function onlyCar(report: FuelReport): ReportCar {
  const [car] = report.cars;
  if (car === undefined || report.cars.length !== 1) throw new Error(`${report.cars.length} cars`);
  return car;
}

/** What the fuel sensor of the simulator said; only tests may look. */
function truthKg(name: string): number {
  const rows = readFileSync(`${FOLDER}${name}.truth.csv`, "utf8").trim().split("\n").slice(1);
  const level = (row: string | undefined) => Number(row?.split(",")[1]);
  return (level(rows[0]) - level(rows.at(-1))) * KG_PER_LITRE;
}

/** Error of the estimate that was never calibrated on the car, as a fraction of the truth. */
function errorOf(car: ReportCar, name: string): number {
  return ((car.totals.fuelKg ?? Number.NaN) - truthKg(name)) / truthKg(name);
}

describe("Formula Vee at Tsukuba", () => {
  let car: ReportCar;
  beforeAll(async () => {
    car = onlyCar(await reportOf(`ibt:${FOLDER}fv_tsukuba.ibt`));
  });

  test("two full laps are valid, and the start from the pit says why it is not", () => {
    expect(car.laps.filter(({ reasons }) => reasons.length === 0).map(({ lapNumber }) => lapNumber)).toEqual([1, 2]);
    expect(car.laps[0]?.reasons).toContain("out");
    expect(car.laps[1]?.durationS).toBeCloseTo(25.93, 1);
    expect(car.laps[2]?.durationS).toBeCloseTo(23.98, 1);
  });

  test("the fuel is a quarter below the truth: a prior from displacement, stated and not hidden", () => {
    const error = errorOf(car, "fv_tsukuba");
    expect(error).toBeGreaterThan(-0.3);
    expect(error).toBeLessThan(-0.2);
  });

  test("the interval owns up to it: it holds the truth of both laps", () => {
    // No held-out success: its width was set after this file had shown that a narrower one does not hold.
    // Drop of the level over laps 1 and 2 of the truth file.
    for (const [lapNumber, kg] of [
      [1, 0.0969],
      [2, 0.0894],
    ] as const) {
      const fuel = car.laps.find((lap) => lap.lapNumber === lapNumber)?.fuelKg;
      expect(fuel?.p10).toBeLessThan(kg);
      expect(fuel?.p90).toBeGreaterThan(kg);
    }
  });

  test("the model keeps out of a car that it was not trained on", () => {
    for (const lap of car.laps) expect(lap.modelShare).toBe(0);
  });
});

test("AMG GT4 at the Red Bull Ring: no finished lap, and the fuel within 10 % of the truth", async () => {
  const car = onlyCar(await reportOf(`ibt:${FOLDER}amggt4_redbullring.ibt`));
  expect(car.laps).toEqual([]);
  expect(Math.abs(errorOf(car, "amggt4_redbullring"))).toBeLessThan(0.1);
});

test("W13 in the pit: idle burn, no lap; four times the simulator's, since that burns less than idling air would need", async () => {
  const car = onlyCar(await reportOf(`ibt:${FOLDER}w13_pit_idle.ibt`));
  expect(car.laps).toEqual([]);
  const kgPerHour = ((car.totals.fuelKg ?? 0) / 6.5) * 3600;
  expect(kgPerHour).toBeGreaterThan(1);
  expect(kgPerHour).toBeLessThan(10);
  expect(errorOf(car, "w13_pit_idle")).toBeGreaterThan(2);
});

test.each(["fv_tsukuba", "amggt4_redbullring", "w13_pit_idle"])("%s: .ibt and CSV agree within 0.1 %", async (name) => {
  const ibt = onlyCar(await reportOf(`ibt:${FOLDER}${name}.ibt`));
  const csv = onlyCar(await reportOf(`csv:${FOLDER}${name}.inputs.csv`));
  expect(csv.laps.map(({ lapNumber }) => lapNumber)).toEqual(ibt.laps.map(({ lapNumber }) => lapNumber));
  expect(Math.abs(csv.totals.physicsUg / ibt.totals.physicsUg - 1)).toBeLessThan(0.001);
  for (const [index, lap] of csv.laps.entries()) {
    expect(Math.abs(lap.physicsUg / (ibt.laps[index]?.physicsUg ?? 0) - 1)).toBeLessThan(0.001);
  }
});
