import { expect, test } from "vitest";
import { parseQuantity } from "./quantity.ts";

test.each([
  ["250m", 0.25],
  ["1", 1],
  [2, 2],
  ["1.5", 1.5],
  ["64Mi", 67_108_864],
  ["1Gi", 1_073_741_824],
  ["1G", 1_000_000_000],
])("%s is %d", (quantity, number) => {
  expect(parseQuantity(quantity)).toBe(number);
});

test.each(["", "Mi", "1Mb", "-1", "1 Gi", undefined])("%s is no quantity", (quantity) => {
  expect(parseQuantity(quantity)).toBeUndefined();
});
