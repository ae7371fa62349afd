import { describe, expect, test } from "vitest";
import { shownAmount, shownReading, toReading, UNIT_WORDS } from "./fuel-reading.ts";
import { UNITS } from "./settings.ts";

// 1 US gallon of 0.75 kg/L over 4 miles.
const KG = 3.785411784 * 0.75;
const WAY_M = 4 * 1609.344;

describe("a fuel reading", () => {
  test("is right in every unit", () => {
    const readings = UNITS.map((units) => toReading(units, KG, WAY_M, 0.75)?.toFixed(4));
    expect(readings).toEqual(["4.0000", "58.8036", "2.8391", "1.0000", "3.7854"]);
  });

  test("of nothing, or over no way, is a dash where the unit has no value", () => {
    for (const units of UNITS) {
      for (const [kg, way] of [
        [0, WAY_M],
        [KG, 0],
        [KG, undefined],
        [Number.NaN, WAY_M],
        [Number.POSITIVE_INFINITY, WAY_M],
        [-1, WAY_M],
        [undefined, WAY_M],
      ] as const) {
        const { text, reason } = shownReading(units, kg, way, 0.75, "no lap yet");
        expect(text).toMatch(/^(–|\d+\.\d+)$/);
        if (text === "–") expect(reason?.length).toBeGreaterThan(0);
      }
    }
    expect(shownReading("mpg", 0, WAY_M, 0.75, "").reason).toBe("no fuel burnt");
    expect(shownReading("mpg", KG, 0, 0.75, "").reason).toBe("distance not known");
  });

  test("is rounded to what is known: fuel mileage to one decimal", () => {
    expect(shownReading("mpg", KG * 1.037, WAY_M, 0.75, "").text).toBe("3.9");
    expect(shownReading("kg", KG, WAY_M, 0.75, "").text).toBe("2.84");
  });
});

test("an amount is in the volume or mass of its unit and says which", () => {
  expect(UNITS.map((units) => shownAmount(units, KG, 0.75, "").text)).toEqual([
    "1.0 gal",
    "3.8 L",
    "2.8 kg",
    "1.0 gal",
    "3.8 L",
  ]);
  expect(shownAmount("mpg", undefined, 0.75, "fill not known")).toEqual({ text: "–", reason: "fill not known" });
});

test("every unit has its words", () => {
  for (const units of UNITS) expect(Object.values(UNIT_WORDS[units]).every((word) => word.length > 0)).toBe(true);
});
