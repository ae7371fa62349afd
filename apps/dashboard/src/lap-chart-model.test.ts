import { create, type Fact, FactSchema, FlagState } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { fixtureHistory } from "../testing/fixture-facts.ts";
import { chartRange, lapChartModel } from "./lap-chart-model.ts";
import { UNITS } from "./settings.ts";

function lap(lapNumber: number, kg: number | undefined, reasons: string[] = [], flags = [FlagState.GREEN]): Fact {
  return create(FactSchema, {
    id: `lap:24:${lapNumber}:0`,
    body: {
      case: "lap",
      value: {
        lapNumber,
        distanceMm: 2.4e6,
        reasons,
        flags,
        burnKg: kg === undefined ? { reason: "no rpm channel" } : { p10: kg * 0.95, p50: kg, p90: kg * 1.05 },
      },
    },
  });
}

describe("the chart", () => {
  test("has low below high in every unit, also where more fuel is less mileage", () => {
    for (const units of UNITS) {
      for (const each of lapChartModel(fixtureHistory("24").laps, units, 0.74).laps) {
        expect(each.low).toBeLessThan(each.value ?? 0);
        expect(each.high).toBeGreaterThan(each.value ?? 0);
      }
    }
  });

  test("keeps a lap without a number in its place", () => {
    const model = lapChartModel([lap(1, 1), lap(2, undefined), lap(3, 1)], "kg", 0.74);
    expect(model.laps.map((each) => each.value)).toEqual([1, undefined, 1]);
  });

  test("joins laps side by side into one band and keeps apart what is not", () => {
    const caution = [FlagState.GREEN, FlagState.CAUTION];
    const model = lapChartModel(
      [
        lap(1, 1, ["out"]),
        lap(2, 1),
        lap(3, 1, ["caution"], caution),
        lap(4, 1, ["caution", "in"], caution),
        lap(5, 1, ["out"]),
        lap(9, 1, ["caution"], caution),
      ],
      "kg",
      0.74,
    );
    expect(model.bands).toEqual([
      { type: "caution", fromLap: 3, toLap: 4 },
      { type: "caution", fromLap: 9, toLap: 9 },
      { type: "pit", fromLap: 1, toLap: 1 },
      { type: "pit", fromLap: 4, toLap: 5 },
    ]);
  });
});

describe("the range", () => {
  test("is of the valid laps, so that a caution lap does not flatten them", () => {
    const [low, high] = chartRange(lapChartModel([lap(1, 1), lap(2, 1.02), lap(3, 0.3, ["caution"])], "kg", 0.74));
    expect(low).toBeGreaterThan(0.8);
    expect(high).toBeGreaterThan(1.07);
  });

  test("is of all laps while none is valid, and sound while there is none", () => {
    expect(chartRange(lapChartModel([lap(1, 0.3, ["out"])], "kg", 0.74))[0]).toBeLessThan(0.3);
    expect(chartRange({ laps: [], bands: [] })).toEqual([0, 1]);
    expect(chartRange(lapChartModel([lap(1, undefined)], "kg", 0.74))).toEqual([0, 1]);
  });
});
