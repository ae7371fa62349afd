import fc from "fast-check";
import { expect, test } from "vitest";
import { insertInOrder, type Reorderable, releaseReady } from "./reorder-buffer.ts";

const item = (index: number): Reorderable => ({
  firstEventTimeMs: index * 100,
  lastEventTimeMs: index * 100 + 91,
  sequence: index,
});

/** Nothing follows on what went on before, so everything waits for the watermark. */
const UNCONNECTED = -100;

function releaseAll(waiting: Reorderable[], watermarkMs: number, waitingMax = 64, releasedSequence = UNCONNECTED) {
  const released: number[] = [];
  const rule = { releasedSequence, watermarkMs, waitingMax };
  const last = releaseReady(waiting, rule, ({ sequence }) => released.push(sequence));
  return { released, last };
}

const arrival = fc.shuffledSubarray(
  Array.from({ length: 30 }, (_, index) => index),
  { minLength: 1 },
);

test("items leave in event-time order, whatever the order of arrival", () => {
  fc.assert(
    fc.property(arrival, (order) => {
      const waiting: Reorderable[] = [];
      for (const index of order) insertInOrder(waiting, item(index));
      const { released } = releaseAll(waiting, 10_000);
      expect(released).toEqual([...order].sort((a, b) => a - b));
      expect(waiting).toEqual([]);
    }),
  );
});

test("behind a gap nothing leaves before the watermark has passed its last event", () => {
  const waiting: Reorderable[] = [];
  insertInOrder(waiting, item(0));
  expect(releaseAll(waiting, 90).released).toEqual([]);
  expect(releaseAll(waiting, 91).released).toEqual([0]);
});

test("what follows on the last one leaves at once; a missing one holds up all behind it until it comes", () => {
  fc.assert(
    fc.property(arrival, (order) => {
      const waiting: Reorderable[] = [];
      const arrived = new Set<number>();
      let last = -1;
      for (const index of order) {
        arrived.add(index);
        insertInOrder(waiting, item(index));
        ({ last } = releaseAll(waiting, -1, 64, last));
        let complete = -1;
        while (arrived.has(complete + 1)) complete++;
        expect(last).toBe(complete);
        expect(waiting).toHaveLength(arrived.size - complete - 1);
      }
    }),
  );
});

test("a gap that the watermark has passed holds up nothing more, nor does what fills it later", () => {
  const waiting: Reorderable[] = [];
  for (const index of [3, 4, 5]) insertInOrder(waiting, item(index));
  expect(releaseAll(waiting, 390, 64, 1).released).toEqual([]);
  expect(releaseAll(waiting, 391, 64, 1)).toEqual({ released: [3, 4, 5], last: 5 });
  insertInOrder(waiting, item(2));
  expect(releaseAll(waiting, 391, 64, 5)).toEqual({ released: [2], last: 5 });
});

test("over the cap the oldest leave early and none is lost", () => {
  const waiting: Reorderable[] = [];
  for (const index of [1, 3, 5, 7, 9, 11]) insertInOrder(waiting, item(index));
  expect(releaseAll(waiting, -1, 4).released).toEqual([1, 3]);
  expect(waiting.map(({ sequence }) => sequence)).toEqual([5, 7, 9, 11]);
});
