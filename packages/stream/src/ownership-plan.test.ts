import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitionLoad, planOwners } from "./ownership-plan.ts";

const IDS = ["a", "b", "c", "d", "e"];
const members = fc
  .uniqueArray(fc.constantFrom(...IDS), { minLength: 1 })
  .chain((ids) =>
    fc.tuple(...ids.toSorted().map((memberId) => fc.boolean().map((takesMore) => ({ memberId, takesMore })))),
  )
  .filter((all) => all.some(({ takesMore }) => takesMore));
const partitions = fc.array(
  fc.record({
    ownerId: fc.option(fc.constantFrom(...IDS, "gone"), { nil: undefined }),
    load: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 64 },
);

describe("the plan", () => {
  test("leaves nothing without a living owner, and gives nothing to who takes no more", () => {
    fc.assert(
      fc.property(members, partitions, (all, before) => {
        planOwners(all, before).forEach((ownerId, partition) => {
          const owner = all.find(({ memberId }) => memberId === ownerId);
          expect(owner).toBeDefined();
          if (!owner!.takesMore) expect(before[partition]!.ownerId).toBe(ownerId);
        });
      }),
    );
  });

  test("no two members differ by more than the lightest partition of the heavier one", () => {
    fc.assert(
      fc.property(members, partitions, (all, before) => {
        const plan = planOwners(all, before);
        const loads = all
          .filter(({ takesMore }) => takesMore)
          .map(({ memberId }) => before.filter((_, partition) => plan[partition] === memberId).map(({ load }) => load));
        for (const heavier of loads) {
          for (const lighter of loads) {
            const difference = sum(heavier) - sum(lighter);
            if (difference > 0) expect(difference).toBeLessThanOrEqual(Math.min(...heavier));
          }
        }
      }),
    );
  });

  test("carried out, it gives itself again", () => {
    fc.assert(
      fc.property(members, partitions, (all, before) => {
        const plan = planOwners(all, before);
        const after = before.map(({ load }, partition) => ({ load, ownerId: plan[partition] }));
        expect(planOwners(all, after)).toEqual(plan);
      }),
    );
  });

  test("a partition that is carried out one by one, in any order, ends in the same plan", () => {
    fc.assert(
      fc.property(members, partitions, fc.array(fc.nat()), (all, before, order) => {
        const plan = planOwners(all, before);
        const now = before.map(({ load, ownerId }) => ({ load, ownerId }));
        for (const pick of order) {
          const partition = pick % now.length;
          now[partition]!.ownerId = plan[partition];
        }
        const everything = now.map(({ load }, partition) => ({ load, ownerId: plan[partition] }));
        expect(planOwners(all, everything)).toEqual(plan);
      }),
    );
  });

  test.each([
    [1, [64]],
    [2, [32, 32]],
    [3, [21, 21, 22]],
    [5, [12, 13, 13, 13, 13]],
  ])("64 equal partitions on %i members: floor or ceiling for each", (count, expected) => {
    const ids = Array.from({ length: count }, (_, index) => `m${index}`);
    const plan = planOwners(
      ids.map((memberId) => ({ memberId, takesMore: true })),
      Array.from({ length: 64 }, () => ({ ownerId: "m0", load: 1 })),
    );
    expect(ids.map((id) => plan.filter((ownerId) => ownerId === id).length).sort()).toEqual(expected);
  });

  test("cars weigh, not partitions: with 40 cars in 64 partitions each of three members has 13 or 14", () => {
    const cars = Array.from({ length: 64 }, (_, partition) => (partition % 16 === 0 ? 2 : partition % 2 === 1 ? 1 : 0));
    const plan = planOwners(
      ["a", "b", "c"].map((memberId) => ({ memberId, takesMore: true })),
      cars.map((count) => ({ ownerId: "a", load: partitionLoad(count) })),
    );
    const held = ["a", "b", "c"].map((id) => sum(cars.filter((_, partition) => plan[partition] === id)));
    expect(held.sort()).toEqual([13, 13, 14]);
  });

  test("a newcomer gets its share, and nothing moves between those who were there", () => {
    const before = Array.from({ length: 64 }, (_, partition) => ({ ownerId: partition < 32 ? "a" : "b", load: 1 }));
    const plan = planOwners(
      ["a", "b", "c"].map((memberId) => ({ memberId, takesMore: true })),
      before,
    );
    const moved = plan.flatMap((ownerId, partition) => (ownerId === before[partition]!.ownerId ? [] : [ownerId]));
    expect(new Set(moved)).toEqual(new Set(["c"]));
    expect(moved).toHaveLength(21);
  });

  test("nobody who takes more: what is owned stays, the rest is nobody's", () => {
    const plan = planOwners(
      [{ memberId: "a", takesMore: false }],
      [
        { ownerId: "a", load: 1 },
        { ownerId: undefined, load: 1 },
        { ownerId: "gone", load: 1 },
      ],
    );
    expect(plan).toEqual(["a", undefined, undefined]);
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
