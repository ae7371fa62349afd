/**
 * Seeded pseudo-random numbers: sfc32 (Chris Doty-Humphrey, PractRand), seeded through splitmix32.
 * 128 bits of state, passes PractRand; not for secrets.
 */
export class Prng {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(seed: number) {
    const next = splitmix32(seed);
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#counter = 1;
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** Uniform in 0 .. 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** Uniform whole number in [from, to], both included. */
  integer(from: number, to: number): number {
    return from + Math.floor(this.float() * (to - from + 1));
  }

  uniform(from: number, to: number): number {
    return from + this.float() * (to - from);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** Normal by Box and Muller; one value per call so that the draw count stays predictable. */
  normal(mean: number, sd: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.float()));
    return mean + sd * radius * Math.cos(2 * Math.PI * this.float());
  }

  /** Exponential waiting time with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.float());
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error("pick from an empty list");
    return item;
  }

  /** An independent stream named by a number, so that adding a consumer does not shift the others' draws. */
  fork(stream: number): Prng {
    return new Prng((Math.imul(this.uint32(), 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0);
  }
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) | 0;
  };
}
