import fc from "fast-check";
import { expect, test } from "vitest";
import { RingBuffer } from "./ring-buffer.ts";

test("a ring buffer is a list that forgets its oldest item when it is full", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.integer(), { maxLength: 60 }), (capacity, items) => {
      const ring = new RingBuffer<number>(capacity);
      const model: number[] = [];
      for (const item of items) {
        model.push(item);
        const leaves = model.length > capacity ? model.shift() : undefined;
        expect(ring.push(item)).toBe(leaves);
        expect(ring.toArray()).toEqual(model);
        expect(ring.size).toBe(model.length);
        expect(ring.size).toBeLessThanOrEqual(ring.capacity);
      }
    }),
  );
});

test("what toArray gave does not change any more", () => {
  const ring = new RingBuffer<number>(2);
  ring.push(1);
  const before = ring.toArray();
  ring.push(2);
  ring.push(3);
  expect(before).toEqual([1]);
  before.push(99);
  expect(ring.toArray()).toEqual([2, 3]);
});

test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("a capacity of %d is refused by name", (capacity) => {
  expect(() => new RingBuffer(capacity)).toThrow(`not ${capacity}`);
});
