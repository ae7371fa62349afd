import { expect, expectTypeOf, test } from "vitest";
import { err, ok, type Result } from "./result.ts";

const half = (value: number): Result<number, "odd"> => (value % 2 === 0 ? ok(value / 2) : err("odd"));

test("a result is either a value or an error and never both", () => {
  expect(half(4)).toEqual({ ok: true, value: 2 });
  expect(half(3)).toEqual({ ok: false, error: "odd" });
});

test("an absent value is still a success", () => {
  expect(ok(undefined)).toEqual({ ok: true, value: undefined });
  expect(err(undefined).ok).toBe(false);
});

test("the compiler knows which of the two it is once ok was asked", () => {
  const result = half(8);
  if (result.ok) expectTypeOf(result).toEqualTypeOf<{ readonly ok: true; readonly value: number }>();
  else expectTypeOf(result.error).toEqualTypeOf<"odd">();
  expect(result.ok).toBe(true);
});
