import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyChanges } from "./entry-changes.ts";
import { KeyedState, type KeyTicks } from "./keyed-state.ts";

const SILENT_TICKS_MAX = 10;
const encode = (_key: string, state: { n: number }, { heardTick, changedTick }: KeyTicks) =>
  Uint8Array.of(state.n, heardTick, changedTick);
const keyed = (keysMax = 8) => new KeyedState<{ n: number }>({ keysMax, silentTicksMax: SILENT_TICKS_MAX });

/** Ticks in which this key is heard. */
function ticks(cars: KeyedState<{ n: number }>, count: number, heard: string) {
  for (let tick = 0; tick < count; tick++) {
    cars.tick();
    cars.markHeard(heard);
  }
}

test("only what changed since the last commit is committed", () => {
  const cars = keyed();
  cars.getOrCreate("a", () => ({ n: 1 }));
  cars.getOrCreate("b", () => ({ n: 2 }));
  expect([...cars.takeChanges(encode).keys()]).toEqual(["a", "b"]);
  expect(cars.takeChanges(encode).size).toBe(0);
  cars.markChanged("b");
  expect([...cars.takeChanges(encode).keys()]).toEqual(["b"]);
});

test("a key too many is refused", () => {
  const cars = keyed(1);
  expect(cars.getOrCreate("a", () => ({ n: 1 }))).toBeDefined();
  expect(cars.getOrCreate("b", () => ({ n: 2 }))).toBeUndefined();
});

describe("expiry", () => {
  test("forgets a key that was silent for too many ticks, and deletes it from the store", () => {
    const cars = keyed();
    cars.getOrCreate("a", () => ({ n: 1 }));
    cars.getOrCreate("b", () => ({ n: 2 }));
    cars.takeChanges(encode);
    ticks(cars, SILENT_TICKS_MAX - 1, "b");
    expect(cars.get("a")).toEqual({ n: 1 });
    ticks(cars, 1, "b");
    expect(cars.takeChanges(encode).get("a")).toBeNull();
    expect(cars.get("b")).toEqual({ n: 2 });
  });

  test("does not take a change by a tick or a broadcast for a sign of life", () => {
    const cars = keyed();
    cars.getOrCreate("a", () => ({ n: 1 }));
    for (let tick = 0; tick < SILENT_TICKS_MAX - 1; tick++) {
      cars.tick();
      cars.markChanged("a");
    }
    cars.tick();
    expect(cars.get("a")).toBeUndefined();
  });

  test("goes on from a stored state as if nothing had happened, wherever it was cut", () => {
    const event = fc.oneof(
      fc.record({ type: fc.constantFrom("heard", "changed"), key: fc.constantFrom("a", "b", "c") }),
      fc.record({ type: fc.constant("tick"), key: fc.constantFrom("a", "b", "c") }),
    );
    type Event = { readonly type: string; readonly key: string };
    const apply = (cars: KeyedState<{ n: number }>, { type, key }: Event) => {
      if (type === "tick") cars.tick();
      const state = cars.getOrCreate(key, () => ({ n: 0 }));
      if (state === undefined) return;
      state.n++;
      if (type === "heard") cars.markHeard(key);
      else cars.markChanged(key);
    };
    const store = (cars: KeyedState<{ n: number }>, into: Map<string, Uint8Array>) =>
      applyChanges(into, cars.takeChanges(encode));
    const cuts = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(event, { minLength: 60, maxLength: 60 }), cuts, (events, isCut) => {
        const whole = keyed();
        let cars = keyed();
        const stored = new Map<string, Uint8Array>();
        for (const [index, one] of events.entries()) {
          apply(whole, one);
          apply(cars, one);
          if (!isCut[index]) continue;
          store(cars, stored);
          cars = keyed();
          for (const [key, [n = 0, heardTick = 0, changedTick = 0]] of stored) {
            cars.restore(key, { n }, { heardTick, changedTick });
          }
        }
        store(cars, stored);
        const wholeStored = new Map<string, Uint8Array>();
        store(whole, wholeStored);
        expect([...stored].toSorted()).toEqual([...wholeStored].toSorted());
      }),
    );
  });
});
