/** From this event time on, this value holds. */
export interface TimelineEntry<T> {
  fromMs: number;
  value: T;
}

/** Changes kept per timeline; over it the oldest is forgotten. A 600-mile race has some 40. */
export const TIMELINE_ENTRIES_MAX = 1024;

/**
 * A value that holds for every key (a flag, a stage) as intervals of event time, so that an event that arrives late is
 * judged by what held when it happened.
 */
export class BroadcastTimeline<T> {
  readonly #initial: T;
  #entries: TimelineEntry<T>[] = [];

  constructor(initial: T) {
    this.#initial = initial;
  }

  /** From fromMs on the value holds, until the next entry. An entry at the same time is replaced. */
  set(fromMs: number, value: T): void {
    let index = this.#entries.length;
    while (index > 0 && (this.#entries[index - 1]?.fromMs ?? 0) > fromMs) index--;
    if (this.#entries[index - 1]?.fromMs === fromMs) this.#entries[index - 1] = { fromMs, value };
    else this.#entries.splice(index, 0, { fromMs, value });
    if (this.#entries.length > TIMELINE_ENTRIES_MAX) this.#entries.shift();
  }

  /** Forgets what was to come from fromMs on: a newer announcement takes the place of an older plan. */
  truncateFrom(fromMs: number): void {
    while ((this.#entries.at(-1)?.fromMs ?? Number.NEGATIVE_INFINITY) >= fromMs) this.#entries.pop();
  }

  at(eventTimeMs: number): T {
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (entry !== undefined && entry.fromMs <= eventTimeMs) return entry.value;
    }
    return this.#initial;
  }

  /** Start of the next interval after a time; Infinity when the last one runs on. */
  nextChangeMs(eventTimeMs: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (entry === undefined || entry.fromMs <= eventTimeMs) break;
      next = entry.fromMs;
    }
    return next;
  }

  get entries(): readonly TimelineEntry<T>[] {
    return this.#entries;
  }

  restore(entries: readonly TimelineEntry<T>[]): void {
    this.#entries = entries.map(({ fromMs, value }) => ({ fromMs, value }));
  }
}
