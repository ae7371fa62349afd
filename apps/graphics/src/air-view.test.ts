import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CarView, CarViewSchema, create, FlagState } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { AIR_LAPS_WIDTH_MAX, airView, NO_DATA_AFTER_MS } from "./air-view.ts";
import { AIR_UNITS } from "./graphic-data.ts";

type CarInit = Exclude<MessageInitShape<typeof CarViewSchema>, CarView>;

function car(overrides: CarInit = {}): CarView {
  return create(CarViewSchema, {
    car: "24",
    entry: { car: "24", driver: "Anna Berg" },
    live: { eventTimeMs: 100, flag: FlagState.GREEN, meterRatio: 0.925, meter: "saving" },
    lastLap: { distanceMm: 2_414_016, burnKg: { p50: 0.97 }, averages: { lastNKgPerLap: 0.95 } },
    lastLapProvenance: { coverage: 0.99 },
    strategy: { lapsLeft: { p10: 20.5, p50: 22, p90: 24.4 } },
    ...overrides,
  });
}

const lapsLeft = (p10: number, p50: number, p90: number) =>
  airView(car({ strategy: { lapsLeft: { p10, p50, p90 } } }), undefined, "mpg", 0)?.lapsLeft;

describe("on air", () => {
  test("is the bar with its word, the fuel of the last valid lap and the range of laps", () => {
    expect(airView(car(), undefined, "mpg", 0)).toEqual({
      car: "24",
      driver: "Anna Berg",
      bar: { word: "SAVING", deflection: expect.closeTo(-0.5) },
      reading: { text: "4.3", unit: "MPG", label: "LAST LAP" },
      lapsLeft: "20–24",
    });
  });

  test("is nothing for a car that is not known", () => {
    expect(airView(undefined, undefined, "mpg", 0)).toBeUndefined();
    expect(
      airView(create(CarViewSchema, { car: "24", entry: { car: "24", driver: "A" } }), undefined, "mpg", 0),
    ).toBeUndefined();
  });

  test("is never NaN, Infinity, undefined or a dash", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 0, -1]) {
      for (const units of AIR_UNITS) {
        const view = airView(
          car({
            live: { meterRatio: value, meter: "hard" },
            lastLap: { distanceMm: value, burnKg: { p50: value }, averages: { lastNKgPerLap: value } },
            strategy: { lapsLeft: { p10: value, p50: value, p90: value } },
          }),
          undefined,
          units,
          0,
        );
        const texts = [view?.reading?.text ?? "1", view?.lapsLeft ?? "1", `${view?.bar.deflection ?? 0}`];
        for (const text of texts) expect(text).not.toMatch(/NaN|Infinity|undefined|^–$|null/);
      }
    }
  });
});

describe("a number is put on air only when it is honest enough", () => {
  test("laps left need a narrow range: a few laps, or a quarter of the middle", () => {
    expect(lapsLeft(3, 5, 3 + AIR_LAPS_WIDTH_MAX)).toBe("3–7");
    expect(lapsLeft(3, 5, 3.1 + AIR_LAPS_WIDTH_MAX)).toBeUndefined();
    expect(lapsLeft(36, 40, 46)).toBe("36–46");
    expect(lapsLeft(30, 40, 50)).toBeUndefined();
    expect(lapsLeft(22.1, 22.4, 22.9)).toBe("22");
  });

  test("a lap that is not valid is replaced by the average, and by nothing without one", () => {
    const lap = { distanceMm: 2_414_016, burnKg: { p50: 0.3 }, reasons: ["caution"] };
    expect(
      airView(car({ lastLap: { ...lap, averages: { lastNKgPerLap: 0.97 } } }), undefined, "mpg", 0)?.reading,
    ).toEqual({
      text: "4.3",
      unit: "MPG",
      label: "AVERAGE",
    });
    expect(airView(car({ lastLap: lap }), undefined, "mpg", 0)?.reading).toBeUndefined();
  });

  test("telemetry with holes and degraded totals leave the bar alone", () => {
    for (const lastLapProvenance of [{ coverage: 0.9 }, { coverage: 1, degraded: true }]) {
      expect(airView(car({ lastLapProvenance }), undefined, "mpg", 0)).toMatchObject({
        reading: undefined,
        lapsLeft: undefined,
        bar: { word: "SAVING" },
      });
    }
  });
});

describe("the bar", () => {
  test("says no data when the car has been silent, holds the fuel and drops the laps", () => {
    expect(airView(car(), undefined, "mpg", NO_DATA_AFTER_MS)?.bar.word).toBe("SAVING");
    const silent = airView(car(), undefined, "mpg", NO_DATA_AFTER_MS + 1);
    expect(silent).toMatchObject({ bar: { word: "NO DATA" }, lapsLeft: undefined, reading: { text: "4.3" } });
    expect(airView(car({ stale: true }), undefined, "mpg", 0)?.bar.word).toBe("NO DATA");
  });

  test("names what keeps it from comparing", () => {
    const word = (live: CarInit["live"]) =>
      airView(car({ ...(live === undefined ? {} : { live }) }), undefined, "mpg", 0)?.bar.word;
    expect(word({ onPitRoad: true, flag: FlagState.CAUTION })).toBe("PIT ROAD");
    expect(word({ flag: FlagState.CAUTION })).toBe("CAUTION");
    expect(word({ flag: FlagState.RED })).toBe("RED FLAG");
    expect(word({ flag: FlagState.GREEN })).toBe("");
  });
});
