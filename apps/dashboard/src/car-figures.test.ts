import { type CarView, CarViewSchema, create, RaceViewSchema } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { fixtureHistory } from "../testing/fixture-facts.ts";
import { FIXTURE_LAP, FIXTURE_START_MS } from "../testing/fixture-field.ts";
import { fixtureCar, fixtureRace, GREEN_RACE } from "../testing/fixture-race.ts";
import { balanceFigures, lapLines, leadFigures, runLines } from "./car-figures.ts";
import { DASH } from "./format.ts";
import { UNITS } from "./settings.ts";

const race = fixtureRace(GREEN_RACE, FIXTURE_START_MS);
const known = fixtureCar(GREEN_RACE, 0, FIXTURE_START_MS);
const unknown = create(CarViewSchema, { car: "66" });

describe("every figure", () => {
  test("of a known and of an unknown car is a text, and a dash has its reason", () => {
    for (const units of UNITS) {
      for (const [car, view] of [
        [known, race],
        [unknown, race],
        [unknown, undefined],
      ] as const) {
        const figures = [...leadFigures(car, view, units), ...balanceFigures(car, view, units)];
        expect(JSON.stringify(figures)).not.toMatch(/NaN|Infinity|undefined|null/);
        for (const { value } of figures) if (value.text === DASH) expect(value.reason?.length).toBeGreaterThan(0);
      }
    }
  });

  test("has a label of its own", () => {
    const labels = [...leadFigures(known, race, "mpg"), ...balanceFigures(known, race, "mpg")].map(
      (figure) => figure.label,
    );
    expect(new Set(labels).size).toBe(labels.length);
  });
});

describe("to the end", () => {
  const field = create(RaceViewSchema, { definition: { scheduledLaps: 100 }, leaderLapNumber: 70 });
  const figure = (p10: number, p50: number, p90: number): CarView =>
    create(CarViewSchema, { car: "24", strategy: { lapsLeft: { p10, p50, p90 } } });
  const toEnd = (car: CarView, view = field) => leadFigures(car, view, "mpg")[1];

  test("is enough, short or too close to call, never a yes or no from a range that holds both", () => {
    expect(toEnd(figure(31, 33, 36))?.value.text).toBe("ENOUGH");
    expect(toEnd(figure(28, 31, 34))?.value.text).toBe("CLOSE");
    expect(toEnd(figure(20, 22, 25))).toMatchObject({ value: { text: "SHORT" } });
    expect(toEnd(figure(20, 22, 25))?.note).toContain("by 5–10");
  });

  test("is not known without the race's length or the laps of fuel", () => {
    expect(toEnd(unknown)?.value.reason).toBe("laps of fuel not known");
    expect(toEnd(figure(31, 33, 36), create(RaceViewSchema, {}))?.value.reason).toBe("race length not known");
  });
});

describe("the tables", () => {
  const history = fixtureHistory("24");

  test("hold every lap, newest first, with the reasons in words", () => {
    const lines = lapLines(history.laps, known, race, "mpg");
    expect(lines.length).toBe(FIXTURE_LAP);
    expect(lines[0]).toMatchObject({ lapNumber: `${FIXTURE_LAP}`, isValid: true, isFinal: false });
    expect(lines.at(-1)).toMatchObject({ lapNumber: "1", note: "out lap", isValid: false });
    expect(lines.find((line) => line.lapNumber === "40")?.note).toBe("telemetry gap; 2.4 s without telemetry");
  });

  test("give the interval from low to high in every unit", () => {
    for (const units of UNITS) {
      for (const line of lapLines(history.laps, known, race, units)) {
        const [low, high] = line.interval.split("–").map(Number);
        expect(low).toBeLessThanOrEqual(Number(line.reading.text));
        expect(high).toBeGreaterThanOrEqual(Number(line.reading.text));
      }
    }
  });

  test("count a run's laps by its way, so that a piece of a lap does not weigh as a whole one", () => {
    const [first] = runLines(history.stints, known, race, "kg");
    expect(first).toMatchObject({ number: "1", laps: "1–23", isComplete: true, reading: { text: "0.96" } });
    const noTrack = runLines(history.stints, known, create(RaceViewSchema, {}), "kg")[0];
    expect(noTrack?.reading).toEqual({ text: DASH, reason: "track length not known" });
  });

  test("say where the fuel went and leave out what is nothing", () => {
    expect(runLines(history.stages, known, race, "gal")[0]?.split).toMatch(/^green \d+%, caution \d+%/);
  });
});
