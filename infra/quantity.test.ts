import { expect, test } from "vitest";
import { parseQuantity } from "./quantity.ts";

test.each([
  ["250m", 0.25],
  ["1.5", 1.5],
  ["2e3", 2000],
  ["512Mi", 512 * 2 ** 20],
  ["20Gi", 20 * 2 ** 30],
  ["1E", 1e18],
])("%s is %d", (text, value) => {
  expect(parseQuantity(text)).toBeCloseTo(value);
});

test.each(["", "Mi", "1 Gi", "12x"])("%j is no quantity", (text) => {
  expect(parseQuantity(text)).toBeNaN();
});
