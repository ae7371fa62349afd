import fc from "fast-check";
import { expect, test } from "vitest";
import { insertInOrder, type Reorderable, releaseThrough } from "./reorder-buffer.ts";

const item = (index: number): Reorderable => ({
  firstEventTimeMs: index * 100,
  lastEventTimeMs: index * 100 + 91,
  sequence: index,
});

test("items leave in event-time order, whatever the order of arrival", () => {
  const arrival = fc.shuffledSubarray(
    Array.from({ length: 30 }, (_, index) => index),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(arrival, (order) => {
      const waiting: Reorderable[] = [];
      const released: number[] = [];
      for (const index of order) insertInOrder(waiting, item(index));
      releaseThrough(waiting, 10_000, 64, ({ sequence }) => released.push(sequence));
      expect(released).toEqual([...order].sort((a, b) => a - b));
      expect(waiting).toEqual([]);
    }),
  );
});

test("nothing leaves before the watermark has passed its last event", () => {
  const waiting: Reorderable[] = [];
  insertInOrder(waiting, item(0));
  const released: number[] = [];
  releaseThrough(waiting, 90, 64, ({ sequence }) => released.push(sequence));
  expect(released).toEqual([]);
  releaseThrough(waiting, 91, 64, ({ sequence }) => released.push(sequence));
  expect(released).toEqual([0]);
});

test("over the cap the oldest leave early and none is lost", () => {
  const waiting: Reorderable[] = [];
  const released: number[] = [];
  for (let index = 0; index < 10; index++) insertInOrder(waiting, item(index));
  releaseThrough(waiting, -1, 4, ({ sequence }) => released.push(sequence));
  expect(released).toEqual([0, 1, 2, 3, 4, 5]);
  expect(waiting.map(({ sequence }) => sequence)).toEqual([6, 7, 8, 9]);
});
