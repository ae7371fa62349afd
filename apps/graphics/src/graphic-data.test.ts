import { describe, expect, test } from "vitest";
import { readOptions, readUpdate, UPDATE_LENGTH_MAX } from "./graphic-data.ts";

const options = (query: string) => readOptions(new URLSearchParams(query));

describe("the address", () => {
  test("chooses car, units, autoplay and hints", () => {
    expect(options("car=24&units=l100&autoplay=0&debug=1")).toEqual({
      car: "24",
      units: "l100",
      autoplay: false,
      debug: true,
    });
  });

  test("of nothing goes on air by itself, in mpg, for no car", () => {
    expect(options("")).toEqual({ car: "", units: "mpg", autoplay: true, debug: false });
  });

  test("takes no car that cannot be one and no unit that does not exist", () => {
    expect(options("car=a.b&units=furlong")).toMatchObject({ car: "", units: "mpg" });
    expect(options(`car=${"9".repeat(100)}`).car).toBe("");
  });
});

describe("an update", () => {
  test("comes as JSON, as an object, or as the XML of a template", () => {
    const xml =
      '<templateData><componentData id="car"><data id="text" value="5"/></componentData>' +
      '<componentData id="units">\n<data id="text" value="kg" /></componentData></templateData>';
    expect(readUpdate('{"car":"5","units":"kg"}')).toEqual({ car: "5", units: "kg" });
    expect(readUpdate({ car: " 5 " })).toEqual({ car: "5" });
    expect(readUpdate(xml)).toEqual({ car: "5", units: "kg" });
  });

  test("changes nothing when it is not sound", () => {
    for (const update of [
      undefined,
      null,
      7,
      "",
      "{",
      "[]",
      '"x"',
      "<x",
      '{"car":7}',
      '{"car":"../x","units":"no"}',
      `{"car":"5","pad":"${"x".repeat(UPDATE_LENGTH_MAX)}"}`,
    ]) {
      expect(readUpdate(update)).toEqual({});
    }
  });
});
