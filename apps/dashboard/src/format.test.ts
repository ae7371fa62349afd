import { describe, expect, test } from "vitest";
import {
  ageWords,
  DASH,
  lapRange,
  missing,
  reasonCode,
  reasonWords,
  shownLapTime,
  shownNumber,
  shownPercent,
  wholeLaps,
} from "./format.ts";

const NOT_NUMBERS = [undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

test("what is not a number is a dash with a reason, in every format", () => {
  for (const value of NOT_NUMBERS) {
    for (const cell of [
      shownNumber(value, 1, "no lap yet"),
      shownPercent(value, "no lap yet"),
      shownLapTime(value, "no lap yet"),
    ]) {
      expect(cell.text).toBe(DASH);
      expect(cell.reason?.length).toBeGreaterThan(0);
    }
    expect(wholeLaps(value)).toBeUndefined();
    expect(lapRange(value, 3)).toBeUndefined();
    expect(lapRange(3, value)).toBeUndefined();
  }
  expect(missing("").reason).toBe("not known");
});

describe("numbers", () => {
  test("have a fixed count of decimals", () => {
    expect(shownNumber(4.65, 1, "").text).toBe("4.7");
    expect(shownNumber(4, 1, "").text).toBe("4.0");
  });

  test("in percent never say minus nothing", () => {
    expect(shownPercent(-0.001, "", true).text).toBe("0%");
    expect(shownPercent(0.034, "", true).text).toBe("+3%");
    expect(shownPercent(-0.034, "", true).text).toBe("−3%");
    expect(shownPercent(0.034, "").text).toBe("3%");
  });
});

describe("laps", () => {
  test("are whole: a part of a lap does not bring a car to the line", () => {
    expect(wholeLaps(3.99)).toBe(3);
    expect(wholeLaps(-2)).toBe(0);
  });

  test("are a range, or one number when both ends agree", () => {
    expect(lapRange(27.9, 34.2)).toBe("27–34");
    expect(lapRange(3.1, 3.9)).toBe("3");
  });

  test("have times to the tenth, with minutes when there are any", () => {
    expect(shownLapTime(31_449, "").text).toBe("31.4");
    expect(shownLapTime(59_999, "").text).toBe("1:00.0");
    expect(shownLapTime(65_250, "").text).toBe("1:05.3");
    expect(shownLapTime(0, "x").text).toBe(DASH);
  });
});

test("an age grows coarser and is never negative", () => {
  expect(ageWords(-50)).toBe("0 s");
  expect(ageWords(4_400)).toBe("4 s");
  expect(ageWords(300_000)).toBe("5 min");
  expect(ageWords(4 * 3_600_000)).toBe("4 h");
});

test("every reason that a lap can have has words and a mark; one that we do not know is shown as it is", () => {
  for (const reason of ["out", "in", "pit", "caution", "restart", "partial", "gap", "tow", "reset", "outlier"]) {
    expect(reasonWords([reason]).length).toBeGreaterThan(2);
    expect(reasonCode([reason])).toMatch(/^[A-Z]{2,4}$/);
  }
  expect(reasonWords(["caution", "in"])).toBe("caution, in lap");
  expect(reasonWords(["meteor"])).toBe("meteor");
  expect(reasonCode(["meteor"])).toBe("MET");
  expect(reasonCode([])).toBe("");
});
