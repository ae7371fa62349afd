import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CAR_ID_LENGTH_MAX, PARTITION_COUNT, RACE_ID_LENGTH_MAX } from "./limits.ts";
import { type FactKind, isCarId, isRaceId, parseFactSubject, parseRaceSubject, subjects } from "./subjects.ts";

const CHARACTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"];
const token = (maxLength: number) => fc.string({ unit: fc.constantFrom(...CHARACTERS), minLength: 1, maxLength });
const car = token(CAR_ID_LENGTH_MAX);
const race = token(RACE_ID_LENGTH_MAX);
const partition = fc.nat(PARTITION_COUNT - 1);

/** The compiler demands that no kind is missing here. */
const FACT_KINDS: Record<FactKind, true> = {
  window: true,
  lap: true,
  stint: true,
  stage: true,
  strategy: true,
  alert: true,
  gap: true,
  race: true,
};
const factKind = fc.constantFrom(...(Object.keys(FACT_KINDS) as FactKind[]));

describe("a subject that we build", () => {
  test("is parsed back into what it was built from", () => {
    fc.assert(
      fc.property(race, partition, car, factKind, (raceId, number, carId, kind) => {
        const { telemetry, control, tick, ml, fact } = subjects;
        expect(parseRaceSubject(telemetry(raceId, number, carId))).toEqual({ kind: "tel", name: carId });
        expect(parseRaceSubject(control(raceId, number, "flag"))).toEqual({ kind: "ctl", name: "flag" });
        expect(parseRaceSubject(ml(raceId, number, carId))).toEqual({ kind: "ml", name: carId });
        expect(parseRaceSubject(tick(raceId, number))).toEqual({ kind: "tick", name: "" });
        expect(parseFactSubject(fact(raceId, kind, carId))).toEqual({ kind, car: carId });
      }),
    );
  });

  test("has only tokens that NATS allows, without wildcards", () => {
    fc.assert(
      fc.property(race, partition, car, factKind, (raceId, number, carId, kind) => {
        const built = [
          subjects.telemetry(raceId, number, carId),
          subjects.control(raceId, number, "pit-road-entered"),
          subjects.tick(raceId, number),
          subjects.ml(raceId, number, carId),
          subjects.fact(raceId, kind, carId),
          subjects.live(raceId, carId),
          subjects.raceClock(raceId),
          subjects.late(raceId, carId),
          subjects.deadLetter(raceId, "undecodable"),
        ];
        for (const subject of built) expect(subject).toMatch(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
        expect(new Set(built).size).toBe(built.length);
      }),
    );
  });

  test("of a fact or a live value starts with its prefix and with no other race's", () => {
    fc.assert(
      fc.property(race, race, car, factKind, (raceId, otherRace, carId, kind) => {
        fc.pre(raceId !== otherRace);
        expect(subjects.fact(raceId, kind, carId).startsWith(subjects.factsOf(raceId, kind))).toBe(true);
        expect(subjects.fact(raceId, kind, carId).startsWith(subjects.factsOf(otherRace, kind))).toBe(false);
        expect(subjects.live(raceId, carId).startsWith(subjects.liveOf(raceId))).toBe(true);
        expect(subjects.live(raceId, carId).startsWith(subjects.liveOf(otherRace))).toBe(false);
      }),
    );
  });
});

describe("a foreign subject", () => {
  test.each([
    "",
    "race",
    "race.r",
    "race.r.3",
    "race.r.3.tel",
    "race.r.3.ctl",
    "race.r.3.ml",
    "race.r.3.telemetry.24",
    "fact.r.lap.24",
    "RACE.r.3.tel.24",
    "$JS.API.INFO",
  ])("is not taken for one of the race log: %j", (subject) => {
    expect(parseRaceSubject(subject)).toBeUndefined();
  });

  test.each(["", "fact", "fact.r", "fact.r.lap", "live.r.24", "race.r.3.tel.24"])(
    "is not taken for a fact: %j",
    (subject) => {
      expect(parseFactSubject(subject)).toBeUndefined();
    },
  );

  test("never makes a parser throw", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (subject) => {
        parseRaceSubject(subject);
        parseFactSubject(subject);
      }),
    );
  });
});

describe("a car id", () => {
  test("is up to 24 letters, digits, hyphens and underscores", () => {
    for (const id of ["24", "0", "007", "A-1_b", "x".repeat(CAR_ID_LENGTH_MAX)]) expect(isCarId(id)).toBe(true);
    fc.assert(fc.property(car, isCarId));
  });

  test.each([
    ["is empty", ""],
    ["has a dot", "2.4"],
    ["is a dot", "."],
    ["has a space", "2 4"],
    ["ends in a line break", "24\n"],
    ["has a tab", "24\t"],
    ["is a wildcard", "*"],
    ["is the wildcard of the rest", ">"],
    ["holds a wildcard", "24>"],
    ["holds a star", "2*"],
    ["has a NUL", "24\0"],
    ["is longer than allowed by one", "x".repeat(CAR_ID_LENGTH_MAX + 1)],
    ["has 10 kB", "x".repeat(10_240)],
    ["is not ASCII", "№24"],
    ["has an umlaut", "Köln"],
    ["has digits of another script", "٢٤"],
    ["is an emoji", "🏎"],
    ["has a full-width letter", "Ａ"],
    ["is a name that the state keeps for itself", "~all"],
    ["is another such name", "~race"],
    ["has a slash", "../24"],
    ["has a quote", "24'"],
  ])("is refused when it %s", (_, id) => {
    expect(isCarId(id)).toBe(false);
  });

  test("is accepted only if it can be one token of a subject", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (id) => {
        const isToken =
          id.length >= 1 && id.length <= CAR_ID_LENGTH_MAX && [...id].every((c) => CHARACTERS.includes(c));
        expect(isCarId(id)).toBe(isToken);
      }),
      { numRuns: 1_000 },
    );
  });

  test("is not a name that every object has, whatever an object it may be used in", () => {
    // These are sound ids; whoever keeps cars by id needs a Map.
    expect(isCarId("constructor")).toBe(true);
    expect(isCarId("__proto__")).toBe(true);
  });
});

test("a race id follows the same rule with 64 characters", () => {
  expect(isRaceId("charlotte-2026_600")).toBe(true);
  expect(isRaceId("x".repeat(RACE_ID_LENGTH_MAX))).toBe(true);
  for (const bad of ["", "x".repeat(RACE_ID_LENGTH_MAX + 1), "a.b", "a b", "*", ">", "é"]) {
    expect(isRaceId(bad)).toBe(false);
  }
});
