import type { MessageInitShape } from "@bufbuild/protobuf";
import { type CarView, CarViewSchema, create, FlagState, RaceViewSchema } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { FIXTURE_START_MS } from "../testing/fixture-field.ts";
import { CAUTION_RACE, fixtureCars, fixtureRace, GREEN_RACE } from "../testing/fixture-race.ts";
import { boardRow, lapsLeftOf, METER_SPAN, provenanceWords, rowWords } from "./board-row.ts";
import { DASH } from "./format.ts";
import { UNITS } from "./settings.ts";

type CarInit = Exclude<MessageInitShape<typeof CarViewSchema>, CarView>;

const race = create(RaceViewSchema, { definition: { track: { lengthM: 2_414 } }, flag: FlagState.GREEN });

function car(overrides: CarInit = {}): CarView {
  return create(CarViewSchema, {
    car: "24",
    position: 1,
    eventTimeMs: 100,
    live: { eventTimeMs: 100, lapNumber: 12, flag: FlagState.GREEN, meterRatio: 1, meter: "neutral", stintNumber: 2 },
    ...overrides,
  });
}

describe("no cell ever shows NaN, Infinity or undefined", () => {
  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const views: CarView[] = [
    create(CarViewSchema, { car: "24" }),
    ...bad.map((value) =>
      car({
        live: { lapNumber: 3, meterRatio: value, lapBurnKg: value },
        lastLap: {
          distanceMm: value,
          burnKg: { p10: value, p50: value, p90: value },
          averages: { lastN: 5, lastNKgPerLap: value, savedFraction: value },
        },
        lastLapProvenance: { modelShare: value, coverage: value },
        strategy: { lapsLeft: { p10: value, p50: value, p90: value } },
      }),
    ),
    ...fixtureCars(GREEN_RACE, FIXTURE_START_MS),
    ...fixtureCars(CAUTION_RACE, FIXTURE_START_MS),
  ];

  for (const units of UNITS) {
    test(`in ${units}`, () => {
      for (const view of views) {
        const row = boardRow(view, fixtureRace(GREEN_RACE, FIXTURE_START_MS), units);
        const said = `${JSON.stringify(row)} ${rowWords(row, view, units).join()}`;
        expect(said).not.toMatch(/NaN|Infinity|undefined|null/);
        for (const cell of [row.position, row.lastLap, row.average, row.lapsLeft, row.saved, row.stintLaps]) {
          if (cell.text === DASH) expect(cell.reason?.length).toBeGreaterThan(0);
          else expect(cell.text).toMatch(/^[+−]?\d+(\.\d+)?%?$/);
        }
      }
    });
  }
});

describe("laps left", () => {
  test("are whole laps with the range that holds 8 times out of 10", () => {
    const row = boardRow(
      car({ strategy: { lapNumber: 11, lapsLeft: { p10: 20.9, p50: 23.4, p90: 25.2 } } }),
      race,
      "mpg",
    );
    expect([row.lapsLeft.text, row.lapsLeftRange, row.isLow]).toEqual(["23", "20–25", false]);
  });

  test("name what is missing: the reason of the laps, then the one of the tank", () => {
    const first = boardRow(
      car({ strategy: { lapsLeft: { reason: "no valid lap yet" }, levelKg: { reason: "x" } } }),
      race,
      "mpg",
    );
    expect(first.lapsLeft).toEqual({ text: DASH, reason: "no valid lap yet" });
    const second = boardRow(
      car({ strategy: { lapsLeft: {}, levelKg: { reason: "stop without amount" } } }),
      race,
      "mpg",
    );
    expect(second.lapsLeft.reason).toBe("stop without amount");
    expect(boardRow(car(), race, "mpg").lapsLeft.reason).toBe("no lap completed yet");
  });

  test("say low in a word when a stop is near", () => {
    expect(boardRow(car({ strategy: { lapsLeft: { p10: 3, p50: 5.9, p90: 8 } } }), race, "mpg").isLow).toBe(true);
    expect(lapsLeftOf(car({ strategy: { lapsLeft: { p50: 5.9 } } }))).toBe(5);
  });
});

describe("the meter", () => {
  test("swings with the ratio and stops at its ends", () => {
    const deflection = (meterRatio: number) =>
      boardRow(car({ live: { meterRatio, meter: "hard" } }), race, "mpg").meter.deflection;
    expect(deflection(1)).toBe(0);
    expect(deflection(1 + METER_SPAN / 2)).toBeCloseTo(0.5);
    expect(deflection(1 - METER_SPAN * 3)).toBe(-1);
    expect(deflection(9)).toBe(1);
  });

  test("says why it rests", () => {
    const reason = (overrides: CarInit) => boardRow(car(overrides), race, "mpg").meter.reason;
    expect(reason({ stale: true })).toBe("no telemetry");
    expect(reason({ live: { onPitRoad: true, meterRatio: 1 } })).toBe("on pit road");
    expect(reason({ live: { flag: FlagState.CAUTION } })).toBe("compared under green only");
    expect(reason({ live: { flag: FlagState.GREEN } })).toBe("no valid lap of its own to compare with");
    expect(reason({ live: { flag: FlagState.GREEN }, lastLap: { averages: { lastNKgPerLap: 1 } } })).toBe(
      "too early in the lap to compare",
    );
  });
});

describe("a car's state", () => {
  test("tells its flag only where it is not the race's", () => {
    expect(boardRow(car({ live: { flag: FlagState.CAUTION } }), race, "mpg").state.code).toBe("CAU");
    const caution = create(RaceViewSchema, { flag: FlagState.CAUTION });
    expect(boardRow(car({ live: { flag: FlagState.CAUTION } }), caution, "mpg").state.code).toBe("");
  });

  test("puts lost telemetry before everything else", () => {
    expect(boardRow(car({ stale: true, live: { onPitRoad: true } }), race, "mpg").state.code).toBe("LOST");
    expect(boardRow(create(CarViewSchema, { car: "24" }), race, "mpg").state.code).toBe("WAIT");
    expect(boardRow(car({ live: { onPitRoad: true } }), race, "mpg").state.code).toBe("PIT");
  });
});

describe("provenance", () => {
  test("says physics, or the largest share that a model had", () => {
    expect(provenanceWords(undefined)).toBe("origin not known");
    const row = (modelShare: number, coverage: number, degraded = false) =>
      provenanceWords(
        create(CarViewSchema, { lastLapProvenance: { modelShare, coverage, degraded, modelVersion: "m1" } })
          .lastLapProvenance,
      );
    expect(row(0, 1)).toBe("physics");
    expect(row(0.161, 1)).toBe("physics + model m1, share ≤ 17 %");
    expect(row(0, 0.905)).toBe("physics · 90 % of the telemetry");
    expect(row(0, 1, true)).toContain("degraded");
  });
});

test("the stint counts completed laps; the running one does not count", () => {
  const stint = { stintNumber: 2, totals: { firstLapNumber: 5, lastLapNumber: 12 } };
  expect(boardRow(car({ stint }), race, "mpg").stintLaps.text).toBe("7");
  expect(boardRow(car({ stint, live: { stintNumber: 3, lapNumber: 13 } }), race, "mpg").stintLaps.text).toBe("8");
});

test("a lap that is not valid carries its mark and its words", () => {
  const row = boardRow(
    car({ lastLap: { distanceMm: 2.4e6, burnKg: { p50: 0.9 }, reasons: ["caution", "in"] } }),
    race,
    "kg",
  );
  expect([row.lastLap.text, row.lastLapCode, row.lastLapReasons]).toEqual(["0.90", "CAU", "caution, in lap"]);
});

test("a saving that is missing says whether the lap or the baseline is to blame", () => {
  const saved = (reasons: string[]) =>
    boardRow(car({ lastLap: { reasons, averages: { lastN: 5 } } }), race, "mpg").saved;
  expect(saved(["gap"]).reason).toBe("not compared: telemetry gap");
  expect(saved([]).reason).toBe("no green average of its own yet");
});

test("the average is of as many laps as there are", () => {
  expect(boardRow(car({ lastLap: { averages: { lastN: 5, validLaps: 2 } } }), race, "mpg").averageLaps).toBe(2);
  expect(boardRow(car({ lastLap: { averages: { lastN: 5, validLaps: 9 } } }), race, "mpg").averageLaps).toBe(5);
});
