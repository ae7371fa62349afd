/** Timers of one partition; over the cap a new one is refused. */
export const TIMERS_MAX = 4096;

/**
 * Timers that fire by ticks of the log, never by a clock, so that a replay fires them at the same place.
 * One timer per name; setting it again moves it.
 */
export class Timers {
  readonly #due = new Map<string, number>();

  /** False when there is no room. */
  set(name: string, dueMs: number): boolean {
    if (!this.#due.has(name) && this.#due.size >= TIMERS_MAX) return false;
    this.#due.set(name, dueMs);
    return true;
  }

  cancel(name: string): void {
    this.#due.delete(name);
  }

  /** Takes the names that are due, in order of time, then of name. */
  takeDue(tickMs: number): string[] {
    const due = [...this.#due].filter(([, dueMs]) => dueMs <= tickMs);
    due.sort(([nameA, dueA], [nameB, dueB]) => dueA - dueB || (nameA < nameB ? -1 : 1));
    for (const [name] of due) this.#due.delete(name);
    return due.map(([name]) => name);
  }

  snapshot(): [name: string, dueMs: number][] {
    return [...this.#due].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  restore(entries: readonly (readonly [name: string, dueMs: number])[]): void {
    this.#due.clear();
    for (const [name, dueMs] of entries) this.#due.set(name, dueMs);
  }
}
