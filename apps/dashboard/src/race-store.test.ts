import { create, ServerMessageSchema } from "@burnline/contract";
import { expect, test } from "vitest";
import { RaceStore } from "./race-store.ts";

function fakeStore() {
  const frames: (() => void)[] = [];
  const store = new RaceStore({ beforePaint: (run) => frames.push(run), nowMs: () => 42 });
  return {
    store,
    frames,
    paint: () => {
      for (const run of frames.splice(0)) run();
    },
    delta: (eventTimeMs: number) =>
      store.received(
        create(ServerMessageSchema, { op: { case: "delta", value: { id: 1, cars: [{ car: "24", eventTimeMs }] } } }),
      ),
  };
}

test("many messages between two paints are one picture", () => {
  const { store, frames, paint, delta } = fakeStore();
  let told = 0;
  store.subscribe(() => told++);
  for (let index = 1; index <= 100; index++) delta(index);
  expect(frames.length).toBe(1);
  expect(told).toBe(0);
  paint();
  expect(told).toBe(1);
  expect(store.picture().race.cars.get("24")?.eventTimeMs).toBe(100);
});

test("the picture on screen changes only at a paint", () => {
  const { store, paint, delta } = fakeStore();
  const before = store.picture();
  delta(1);
  expect(store.picture()).toBe(before);
  paint();
  expect(store.picture()).not.toBe(before);
});

test("a page that is not painted holds no queue and shows the latest when it is", () => {
  const { store, frames, paint, delta } = fakeStore();
  for (let index = 1; index <= 10_000; index++) delta(index);
  expect(frames.length).toBe(1);
  paint();
  expect(store.picture().race.cars.get("24")?.eventTimeMs).toBe(10_000);
});

test("only snapshots and deltas make the data younger", () => {
  const { store, paint, delta } = fakeStore();
  store.received(create(ServerMessageSchema, { op: { case: "hello", value: {} } }));
  paint();
  expect(store.picture().dataAtMs).toBeUndefined();
  delta(1);
  store.stateChanged({ type: "closed", reason: "stopped" });
  paint();
  expect(store.picture()).toMatchObject({ dataAtMs: 42, feed: { type: "closed" } });
});

test("who has left is not told", () => {
  const { store, paint, delta } = fakeStore();
  let told = 0;
  const leave = store.subscribe(() => told++);
  leave();
  delta(1);
  paint();
  expect(told).toBe(0);
});
