import { expect, test } from "vitest";
import { instead } from "./instead.ts";

class Counter {
  #count = 0;
  readonly name = "counter";

  add(by: number): number {
    this.#count += by;
    return this.#count;
  }

  double(): number {
    return this.add(this.#count);
  }
}

test("the members that are named are the others, all else is the object's own, private fields too", () => {
  const counter = new Counter();
  const loud = instead(counter, { add: (by) => counter.add(by) * 100 });
  expect(loud.add(2)).toBe(200);
  expect(loud.double()).toBe(4);
  expect(loud.name).toBe("counter");
  expect(counter.add(0)).toBe(4);
});

test("it stands for an object that is no promise, so it can be awaited", async () => {
  const counter = instead(new Counter(), {});
  expect(await Promise.resolve(counter)).toBe(counter);
});
