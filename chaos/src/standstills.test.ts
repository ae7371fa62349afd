import { expect, test } from "vitest";
import { Standstills } from "./standstills.ts";

test("the gap is the longest time in which a partition came no further, one that lasts included", () => {
  const standstills = new Standstills([3, 5], 0);
  standstills.committed(3, 1, 100);
  standstills.committed(5, 2, 150);
  standstills.committed(3, 4, 400);
  expect(standstills.longest(500)).toMatchObject({ gapMs: 350, partition: 5 });
});

test("committing again what was committed before is no progress", () => {
  const standstills = new Standstills([3], 0);
  standstills.committed(3, 10, 100);
  standstills.committed(3, 0, 200);
  standstills.committed(3, 9, 300);
  expect(standstills.behind(new Map([[3, 10]]))).toEqual([3]);
  standstills.committed(3, 11, 900);
  expect(standstills.longest(900)).toMatchObject({ gapMs: 800 });
});

test("a new measurement knows nothing of the former one, but of a standstill from where it began", () => {
  const standstills = new Standstills([3], 0);
  standstills.committed(3, 1, 1_000);
  standstills.begin();
  standstills.committed(3, 2, 1_300);
  expect(standstills.longest(1_300)).toMatchObject({ gapMs: 300 });
});

test("the wait is that of the record that was committed last after it was made; silence of the feed is none", () => {
  const standstills = new Standstills([3], 0);
  standstills.appended(3, 1, 1_000);
  standstills.appended(3, 2, 1_050);
  standstills.appended(7, 3, 0);
  standstills.committed(3, 1, 1_020);
  standstills.committed(3, 2, 1_100);
  expect(standstills.longest(9_000)).toMatchObject({ waitMs: 50 });
  standstills.appended(3, 4, 9_100);
  expect(standstills.longest(9_300)).toMatchObject({ waitMs: 200 });
});

test("a partition without cars is waited for and not measured", () => {
  // A last tick that nobody had committed yet when all processors left was once taken for a lost commit.
  const standstills = new Standstills([1], 0, [13]);
  standstills.committed(1, 5, 100);
  standstills.appended(13, 9, 100);
  expect(
    standstills.behind(
      new Map([
        [1, 5],
        [13, 9],
      ]),
    ),
  ).toEqual([13]);
  standstills.committed(13, 9, 1_100);
  expect(
    standstills.behind(
      new Map([
        [1, 5],
        [13, 9],
      ]),
    ),
  ).toEqual([]);
  expect(standstills.longest(100)).toEqual({ gapMs: 100, partition: 1, waitMs: 0 });
});
