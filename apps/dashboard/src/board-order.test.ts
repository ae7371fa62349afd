import { type CarView, CarViewSchema, create } from "@burnline/contract";
import { describe, expect, test } from "vitest";
import { boardOrder, NO_FILTER, SORT_WORDS } from "./board-order.ts";
import { SORTS } from "./settings.ts";

function car(id: string, position: number, lapsLeft?: number, saved?: number, driver = ""): CarView {
  return create(CarViewSchema, {
    car: id,
    position,
    entry: { car: id, driver, team: "Team 24", manufacturer: "Ford" },
    ...(lapsLeft === undefined ? {} : { strategy: { lapsLeft: { p50: lapsLeft } } }),
    ...(saved === undefined ? {} : { lastLap: { averages: { savedFraction: saved } } }),
  });
}

const FIELD = [
  car("24", 3, 20, 0.05, "Anna Berg"),
  car("5", 1, 9, -0.04, "Carl Dahl"),
  car("x1", 0, undefined, undefined),
  car("2", 2, 9.9, 0.01, "Eva Falk"),
];

const ids = (...args: Parameters<typeof boardOrder>) => boardOrder(...args).map((view) => view.car);

describe("the order", () => {
  test("of each kind, with what is not known at the end", () => {
    expect(ids(FIELD, "position", NO_FILTER, [])).toEqual(["5", "2", "24", "x1"]);
    expect(ids(FIELD, "trouble", NO_FILTER, [])).toEqual(["5", "2", "24", "x1"]);
    expect(ids(FIELD, "saving", NO_FILTER, [])).toEqual(["24", "2", "5", "x1"]);
    expect(ids(FIELD, "hard", NO_FILTER, [])).toEqual(["5", "2", "24", "x1"]);
    expect(ids(FIELD, "number", NO_FILTER, [])).toEqual(["2", "5", "24", "x1"]);
  });

  test("is the same whatever order the cars come in", () => {
    for (const sort of SORTS)
      expect(ids(FIELD.toReversed(), sort, NO_FILTER, [])).toEqual(ids(FIELD, sort, NO_FILTER, []));
  });

  test("loses and doubles no car", () => {
    for (const sort of SORTS) expect(new Set(ids(FIELD, sort, NO_FILTER, [])).size).toBe(FIELD.length);
  });

  test("has words for each", () => {
    for (const sort of SORTS) expect(SORT_WORDS[sort].length).toBeGreaterThan(3);
  });
});

describe("the filter", () => {
  const filtered = (text: string) => ids(FIELD, "number", { text, favouritesOnly: false }, []);

  test("finds numbers from their beginning and names anywhere, in any case", () => {
    expect(filtered("2")).toEqual(["2", "24"]);
    expect(filtered(" BERG ")).toEqual(["24"]);
    expect(filtered("ford")).toEqual(["2", "5", "24", "x1"]);
    expect(filtered("zzz")).toEqual([]);
  });

  test("of digits looks at the number only, not at team names", () => {
    expect(filtered("24")).toEqual(["24"]);
  });

  test("keeps to favourites when told", () => {
    expect(ids(FIELD, "number", { text: "", favouritesOnly: true }, ["5", "77"])).toEqual(["5"]);
  });
});
