import { expect, test } from "vitest";
import { assert, InvariantError, unreachable } from "./assert.ts";

test("an invariant that holds says nothing", () => {
  for (const truthy of [true, 1, "x", {}, []]) expect(() => assert(truthy, "holds")).not.toThrow();
});

test.each([false, 0, "", null, undefined, Number.NaN])("a broken invariant stops with its sentence (%s)", (falsy) => {
  let thrown: unknown;
  try {
    assert(falsy, "stint = sum of its laps");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InvariantError);
  expect((thrown as InvariantError).name).toBe("InvariantError");
  expect((thrown as InvariantError).message).toBe("invariant broken: stint = sum of its laps");
});

test("a switch that was thought complete and is not says which case came", () => {
  expect(() => unreachable("purple" as never)).toThrow(new InvariantError("unreachable: purple"));
});
