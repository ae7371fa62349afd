import fc from "fast-check";
import { expect, test } from "vitest";
import { graphicAddress, isOnlyHere } from "./graphic-address.ts";
import { AIR_UNITS, readOptions } from "./graphic-data.ts";

test("an address says only what differs from the bar's defaults, and stands beside the page under any path", () => {
  const plain = { units: "mpg", waits: false, debug: false } as const;
  expect(graphicAddress("http://studio:8080/graphics/", "41", plain)).toBe(
    "http://studio:8080/graphics/burn-bar.html?car=41",
  );
  expect(graphicAddress("https://x.example/race/graphics/index.html?a#b", "4", { ...plain, units: "l100" })).toBe(
    "https://x.example/race/graphics/burn-bar.html?car=4&units=l100",
  );
});

test("a page that was opened with a token gives it to every address", () => {
  const plain = { units: "mpg", waits: false, debug: true } as const;
  expect(graphicAddress("http://studio:8080/graphics/#token=a.b.c", "41", plain)).toBe(
    "http://studio:8080/graphics/burn-bar.html?car=41&debug=1#token=a.b.c",
  );
});

test("the bar reads from an address what was chosen for it", () => {
  const choice = fc.record({ units: fc.constantFrom(...AIR_UNITS), waits: fc.boolean(), debug: fc.boolean() });
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,16}$/), choice, (car, chosen) => {
      const { searchParams } = new URL(graphicAddress("http://127.0.0.1:8080/graphics/", car, chosen));
      const { units, waits, debug } = chosen;
      expect(readOptions(searchParams)).toEqual({ car, units, autoplay: !waits, debug });
    }),
  );
});

test.each([
  ["localhost", true],
  ["127.0.0.1", true],
  ["[::1]", true],
  ["burnline.localhost", true],
  ["192.168.1.20", false],
  ["studio", false],
  ["127.0.0.1.example", false],
])("addresses on %s lead nowhere on another machine: %s", (host, expected) => {
  expect(isOnlyHere(host)).toBe(expected);
});
