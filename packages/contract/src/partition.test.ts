import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PARTITION_COUNT } from "./limits.ts";
import { partitionOf } from "./partition.ts";

/** FNV-1a 32 as published (Fowler, Noll, Vo), in big integers and over UTF-8 bytes. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffff_ffffn;
  return Number(hash);
}

const WHOLE_HASH = 2 ** 32;

const ID_CHARACTERS = "ABCXYZabcxyz0123456789-_".split("");
const carId = fc.string({ unit: fc.constantFrom(...ID_CHARACTERS), minLength: 1, maxLength: 24 });

describe("the partition of a car", () => {
  test.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["foobar", 0xbf9cf968],
  ])("is taken from the published FNV-1a hash of %j", (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
    expect(partitionOf(text, WHOLE_HASH)).toBe(hash);
  });

  // The worked example in the NATS documentation, "Subject Mapping and Partitioning".
  test.each([
    ["customerid1", 3, 0],
    ["customerid2", 3, 2],
    ["customerid3", 3, 1],
    ["customerid4", 3, 2],
    ["customerid5", 3, 1],
    ["customerid6", 3, 0],
    // Two tokens are hashed as if they were written together.
    ["uscustomerid", 5, 0],
  ])("is what NATS says: partition(%s, %i) = %i", (key, count, partition) => {
    expect(partitionOf(key, count)).toBe(partition);
  });

  test("never changes, or every stored state would belong to another owner", () => {
    const partitions = Array.from({ length: 40 }, (_, index) => partitionOf(String(index + 1)));
    // biome-ignore format: a table
    expect(partitions).toEqual([
      28, 21, 2, 35, 16, 9, 54, 7, 52, 4, 23, 42, 61, 56, 11, 30, 49, 44, 63, 63,
      44, 37, 18, 51, 32, 25, 6, 23, 4, 54, 9, 16, 35, 2, 21, 28, 47, 14, 33, 41,
    ]);
    expect(partitionOf("pace-car")).toBe(33);
  });

  test("equals hash modulo count for every car id and count", () => {
    fc.assert(
      fc.property(carId, fc.integer({ min: 1, max: 4096 }), (car, count) => {
        expect(partitionOf(car, count)).toBe(fnv1a32(car) % count);
        expect(partitionOf(car)).toBe(fnv1a32(car) % PARTITION_COUNT);
      }),
    );
  });

  test("spreads a field of numbered cars over most partitions that it could reach", () => {
    const held = new Set(Array.from({ length: 128 }, (_, car) => partitionOf(String(car))));
    expect(held.size).toBeGreaterThan(PARTITION_COUNT * 0.75);
  });
});
