import type { Fact } from "@burnline/contract";

/** What tells two facts of one kind apart and which of them is the newer. */
export interface Rank {
  /** The fact's id without its revision. */
  readonly key: string;
  readonly revision: number;
  /** Place in the race: a lap's start, a stint's number. Whole order together with `key`. */
  readonly order: number;
}

/** True when `candidate` takes the place of `current` as the newest of its kind. Never true in both directions (I9). */
export function supersedes(candidate: Rank, current: Rank | undefined): boolean {
  if (current === undefined) return true;
  if (candidate.key === current.key) return candidate.revision > current.revision;
  return candidate.order > current.order || (candidate.order === current.order && candidate.key > current.key);
}

/** The id of a fact is "<kind>:<car>:<key>:<revision>", and the key may itself hold colons. */
export function factKey(fact: Fact): string {
  const cut = fact.id.lastIndexOf(":");
  return cut === -1 ? fact.id : fact.id.slice(0, cut);
}

interface Shelved {
  readonly rank: Rank;
  readonly fact: Fact;
  readonly version: number;
}

/**
 * Facts of one kind: one per key, always the highest revision, at most `capacity`; beyond, the one that comes first in
 * the order leaves. What it holds does not depend on the order of arrival or on repetition, up to what has left.
 */
export class FactShelf {
  readonly #capacity: number;
  readonly #orderOf: (fact: Fact) => number;
  readonly #items = new Map<string, Shelved>();
  #changedAt = 0;
  #edition = 0;

  constructor(capacity: number, orderOf: (fact: Fact) => number) {
    this.#capacity = capacity;
    this.#orderOf = orderOf;
  }

  get size(): number {
    return this.#items.size;
  }

  /** Version at which anything here last changed. */
  get changedAt(): number {
    return this.#changedAt;
  }

  /** Rises with every change, also between two versions. */
  get edition(): number {
    return this.#edition;
  }

  rankOf(fact: Fact): Rank {
    return { key: factKey(fact), revision: fact.revision, order: this.#orderOf(fact) };
  }

  /** False when the shelf knows this or better already, or has no place for something that old. */
  offer(fact: Fact, version: number): boolean {
    const rank = this.rankOf(fact);
    const held = this.#items.get(rank.key);
    if (held === undefined && this.#items.size >= this.#capacity) {
      const first = this.#first();
      if (first !== undefined && !supersedes(rank, first)) return false;
      if (first !== undefined) this.#items.delete(first.key);
    }
    if (held !== undefined && rank.revision <= held.rank.revision) return false;
    this.#items.set(rank.key, { rank, fact, version });
    this.#changedAt = version;
    this.#edition++;
    return true;
  }

  all(): Fact[] {
    return this.changedSince(-1);
  }

  /** In order of the race, not of arrival. */
  changedSince(version: number): Fact[] {
    if (this.#changedAt <= version) return [];
    const changed = [...this.#items.values()].filter((item) => item.version > version);
    changed.sort((a, b) => a.rank.order - b.rank.order || (a.rank.key < b.rank.key ? -1 : 1));
    return changed.map((item) => item.fact);
  }

  #first(): Rank | undefined {
    let first: Rank | undefined;
    for (const { rank } of this.#items.values()) {
      if (first === undefined || supersedes(first, rank)) first = rank;
    }
    return first;
  }
}
