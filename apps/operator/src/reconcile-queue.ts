/** More Races than this in one namespace are no use of it; what finds no place comes again with the next resync. */
const KEYS_MAX = 256;
const BACKOFF_MS_MIN = 1_000;
const BACKOFF_MS_MAX = 60_000;

/** Keys that have to be worked on, each at most once and not before its time. Bounded; knows no clock. */
export class ReconcileQueue {
  readonly #dueMs = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #dropped = 0;

  /** A key that waits already keeps the earlier time. */
  add(key: string, dueMs: number): void {
    const held = this.#dueMs.get(key);
    if (held === undefined && this.#dueMs.size >= KEYS_MAX) {
      this.#dropped++;
      return;
    }
    this.#dueMs.set(key, Math.min(dueMs, held ?? dueMs));
  }

  /** The key that is due longest, taken out. */
  take(nowMs: number): string | undefined {
    const first = this.#first();
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.#dueMs.delete(first.key);
    return first.key;
  }

  /** Until the next key is due; undefined when none waits. */
  waitMs(nowMs: number): number | undefined {
    const first = this.#first();
    return first === undefined ? undefined : Math.max(0, first.dueMs - nowMs);
  }

  /** It did not work: again, later each time. */
  failed(key: string, nowMs: number): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.add(key, nowMs + Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures, 16)));
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  get size(): number {
    return this.#dueMs.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  #first(): { readonly key: string; readonly dueMs: number } | undefined {
    let first: { key: string; dueMs: number } | undefined;
    for (const [key, dueMs] of this.#dueMs) if (first === undefined || dueMs < first.dueMs) first = { key, dueMs };
    return first;
  }
}
