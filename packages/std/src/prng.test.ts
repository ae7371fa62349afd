import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Prng } from "./prng.ts";

const SEED = 20_260_517;
const MASK = 0xffff_ffffn;

/** The published recurrences of splitmix32 and sfc32 in big integers, where nothing can wrap by accident. */
function* referenceDraws(seed: number): Generator<number, never> {
  let mixer = BigInt.asUintN(32, BigInt(seed));
  const seedWord = () => {
    mixer = (mixer + 0x9e3779b9n) & MASK;
    let word = mixer ^ (mixer >> 16n);
    word = (word * 0x21f0aaadn) & MASK;
    word ^= word >> 15n;
    word = (word * 0x735a2d97n) & MASK;
    return word ^ (word >> 15n);
  };
  let [a, b, c, counter] = [seedWord(), seedWord(), seedWord(), 1n];
  for (let drawn = 0; ; drawn++) {
    const sum = (a + b + counter) & MASK;
    counter = (counter + 1n) & MASK;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & MASK;
    c = (((c << 21n) | (c >> 11n)) + sum) & MASK;
    if (drawn >= 12) yield Number(sum);
  }
}

const draws = (prng: Prng, count: number) => Array.from({ length: count }, () => prng.uint32());

/** Pearson's statistic against equal shares. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Correlation of two series of the same length. */
function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(xs), mean(ys)];
  let [xy, xx, yy] = [0, 0, 0];
  xs.forEach((x, index) => {
    const y = ys[index]!;
    xy += (x - meanX) * (y - meanY);
    xx += (x - meanX) ** 2;
    yy += (y - meanY) ** 2;
  });
  return xy / Math.sqrt(xx * yy);
}

describe("the sequence of a seed", () => {
  test("is sfc32 seeded through splitmix32, for every seed", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const prng = new Prng(seed);
        const reference = referenceDraws(seed);
        for (let drawn = 0; drawn < 50; drawn++) expect(prng.uint32()).toBe(reference.next().value);
      }),
    );
  });

  test("never changes between versions, because a seed in a bug report has to mean the same race", () => {
    expect(draws(new Prng(0), 4)).toEqual([2899526011, 769844623, 220372281, 4270301181]);
    expect(draws(new Prng(42), 4)).toEqual([1959603763, 2423114712, 2466933512, 4144396390]);
  });

  test("is that of another generator with the same seed and not that of its neighbour", () => {
    expect(draws(new Prng(SEED), 100)).toEqual(draws(new Prng(SEED), 100));
    const neighbour = draws(new Prng(SEED + 1), 100);
    expect(draws(new Prng(SEED), 100).filter((value, index) => value === neighbour[index])).toEqual([]);
  });
});

describe("uniform draws", () => {
  // 99.9 % quantile of chi-square with 255 degrees of freedom; with a fixed seed the test cannot flicker.
  const CHI_SQUARE_255_MAX = 330.5;

  test.each([0, 8, 16, 24])("fill all values of the byte at bit %i evenly", (shift) => {
    const prng = new Prng(SEED);
    const counts = new Array<number>(256).fill(0);
    for (let drawn = 0; drawn < 100_000; drawn++) counts[(prng.uint32() >>> shift) & 255]! += 1;
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_255_MAX);
  });

  test("fill the square of successive pairs evenly", () => {
    const prng = new Prng(SEED);
    const counts = new Array<number>(256).fill(0);
    const nibble = () => Math.floor(prng.float() * 16);
    for (let drawn = 0; drawn < 100_000; drawn++) counts[nibble() * 16 + nibble()]! += 1;
    expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_255_MAX);
  });

  test("stay in their interval", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -1000, max: 1000 }), fc.nat(1000), (seed, from, width) => {
        const prng = new Prng(seed);
        const whole = prng.integer(from, from + width);
        expect(Number.isInteger(whole) && whole >= from && whole <= from + width).toBe(true);
        const real = prng.uniform(from, from + width);
        expect(real >= from && real <= from + width).toBe(true);
        const unit = prng.float();
        expect(unit >= 0 && unit < 1).toBe(true);
      }),
    );
  });

  test("reach both ends of a range of whole numbers", () => {
    const prng = new Prng(SEED);
    const seen = new Set(Array.from({ length: 200 }, () => prng.integer(-1, 2)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
  });
});

describe("shaped draws", () => {
  const COUNT = 50_000;
  const sample = (draw: (prng: Prng) => number) => {
    const prng = new Prng(SEED);
    return Array.from({ length: COUNT }, () => draw(prng));
  };
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  test("normal has the asked mean and deviation and 68.3 % within one deviation", () => {
    const values = sample((prng) => prng.normal(10, 3));
    const sd = Math.sqrt(mean(values.map((value) => (value - 10) ** 2)));
    expect(mean(values)).toBeCloseTo(10, 1);
    expect(sd).toBeCloseTo(3, 1);
    expect(values.filter((value) => Math.abs(value - 10) < 3).length / COUNT).toBeCloseTo(0.683, 2);
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test("exponential has the asked mean, is never negative and exceeds its mean once in e times", () => {
    const values = sample((prng) => prng.exponential(4));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.abs(mean(values) - 4)).toBeLessThan(0.1);
    expect(values.filter((value) => value > 4).length / COUNT).toBeCloseTo(1 / Math.E, 2);
  });

  test("chance keeps its probability and both certainties", () => {
    expect(mean(sample((prng) => (prng.chance(0.2) ? 1 : 0)))).toBeCloseTo(0.2, 2);
    expect(sample((prng) => (prng.chance(0) ? 1 : 0)).includes(1)).toBe(false);
    expect(sample((prng) => (prng.chance(1) ? 1 : 0)).includes(0)).toBe(false);
  });

  test("normal takes two draws every time, so that what follows does not depend on its value", () => {
    const [one, other] = [new Prng(SEED), new Prng(SEED)];
    one.normal(0, 1);
    other.uint32();
    other.uint32();
    expect(one.uint32()).toBe(other.uint32());
  });

  test("pick takes every item sometimes and refuses an empty list", () => {
    const prng = new Prng(SEED);
    expect(new Set(Array.from({ length: 100 }, () => prng.pick(["a", "b", "c"])))).toEqual(new Set(["a", "b", "c"]));
    expect(() => prng.pick([])).toThrow("empty list");
  });
});

describe("a fork", () => {
  test("has the same sequence whatever its parent and its siblings draw afterwards", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(500), (seed, parentDraws) => {
        const [idle, busy] = [new Prng(seed), new Prng(seed)];
        const [fromIdle, fromBusy] = [idle.fork(7), busy.fork(7)];
        draws(busy, parentDraws);
        expect(draws(fromBusy, 20)).toEqual(draws(fromIdle, 20));
      }),
    );
  });

  test("costs its parent one draw, so that a consumer of many numbers shifts nobody else's", () => {
    const [forked, plain] = [new Prng(SEED), new Prng(SEED)];
    draws(forked.fork(1), 1_000);
    plain.uint32();
    expect(draws(forked, 20)).toEqual(draws(plain, 20));
  });

  test("is another sequence than its parent's and than its siblings', also under the same name", () => {
    const parent = new Prng(SEED);
    const streams = [parent.fork(1), parent.fork(1), parent.fork(2), parent.fork(1_000_000), parent];
    const all = streams.flatMap((stream) => draws(stream, 1_000));
    // 5,000 draws of 32 bits: 0.003 repeats are to be expected.
    expect(new Set(all).size).toBe(all.length);
  });

  test("is not correlated with its siblings, and first draws of many forks are uniform", () => {
    const parent = new Prng(SEED);
    const forks = Array.from({ length: 256 }, (_, stream) => parent.fork(stream));
    const series = forks.map((fork) => Array.from({ length: 400 }, () => fork.float()));
    for (let index = 1; index < series.length; index++) {
      // Five standard errors of a correlation over 400 pairs.
      expect(Math.abs(correlation(series[index - 1]!, series[index]!))).toBeLessThan(5 / Math.sqrt(400));
    }
    const first = new Array<number>(16).fill(0);
    for (const values of series) first[Math.floor(values[0]! * 16)]! += 1;
    // 99.9 % quantile of chi-square with 15 degrees of freedom.
    expect(chiSquare(first)).toBeLessThan(37.7);
  });
});
