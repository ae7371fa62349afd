import { expect, test } from "vitest";
import { KeyedState } from "./keyed-state.ts";

const encode = (_key: string, state: { n: number }, heardMs: number) => Uint8Array.of(state.n, heardMs / 1000);
const keyed = (keysMax = 8) => new KeyedState<{ n: number }>({ keysMax, idleExpiryMs: 10_000 });

test("only what changed since the last commit is committed", () => {
  const cars = keyed();
  cars.getOrCreate("a", 1_000, () => ({ n: 1 }));
  cars.getOrCreate("b", 1_000, () => ({ n: 2 }));
  expect([...cars.takeChanges(encode).keys()]).toEqual(["a", "b"]);
  expect(cars.takeChanges(encode).size).toBe(0);
  cars.markChanged("b");
  expect([...cars.takeChanges(encode).keys()]).toEqual(["b"]);
});

test("a key too many is refused", () => {
  const cars = keyed(1);
  expect(cars.getOrCreate("a", 1_000, () => ({ n: 1 }))).toBeDefined();
  expect(cars.getOrCreate("b", 1_000, () => ({ n: 2 }))).toBeUndefined();
});

test("a key that ticks find silent for too long is forgotten and deleted from the store", () => {
  const cars = keyed();
  cars.getOrCreate("a", 1_000, () => ({ n: 1 }));
  cars.getOrCreate("b", 1_000, () => ({ n: 2 }));
  cars.takeChanges(encode);
  expect(cars.tick(5_000)).toEqual([]);
  cars.markHeard("b", 5_000);
  expect(cars.tick(11_000)).toEqual(["a"]);
  expect(cars.takeChanges(encode).get("a")).toBeNull();
  expect(cars.get("b")).toEqual({ n: 2 });
});

test("expiry goes on from a restored state as if nothing had happened", () => {
  const cars = keyed();
  cars.restore("a", { n: 1 }, 5_000);
  expect(cars.tick(14_999)).toEqual([]);
  expect(cars.tick(15_000)).toEqual(["a"]);
});

test("a key is as old as its newest event, so a restore forgets nothing that an uninterrupted run remembers", () => {
  const whole = keyed();
  whole.getOrCreate("a", 1_000, () => ({ n: 1 }));
  whole.tick(9_000);
  whole.markHeard("a", 2_000);
  const restored = keyed();
  restored.restore("a", { n: 1 }, 1_000);
  restored.markHeard("a", 2_000);
  expect(restored.takeChanges(encode)).toEqual(whole.takeChanges(encode));
});
