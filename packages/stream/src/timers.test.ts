import { expect, test } from "vitest";
import { TIMERS_MAX, Timers } from "./timers.ts";

test("timers fire once, in order of time and then of name", () => {
  const timers = new Timers();
  timers.set("b", 10);
  timers.set("a", 10);
  timers.set("c", 5);
  expect(timers.takeDue(9)).toEqual(["c"]);
  expect(timers.takeDue(10)).toEqual(["a", "b"]);
  expect(timers.takeDue(100)).toEqual([]);
});

test("a timer can be moved, cancelled and restored", () => {
  const timers = new Timers();
  timers.set("a", 10);
  timers.set("a", 20);
  timers.set("b", 10);
  timers.cancel("b");
  const restored = new Timers();
  restored.restore(timers.snapshot());
  expect(restored.takeDue(19)).toEqual([]);
  expect(restored.takeDue(20)).toEqual(["a"]);
});

test("at the cap a new timer is refused and an old one can still be moved", () => {
  const timers = new Timers();
  for (let index = 0; index < TIMERS_MAX; index++) timers.set(`t${index}`, index);
  expect(timers.set("one more", 1)).toBe(false);
  expect(timers.set("t0", 7)).toBe(true);
});
