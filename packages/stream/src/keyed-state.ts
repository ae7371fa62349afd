import { assert } from "@burnline/std";

interface Slot<State> {
  state: State;
  changed: boolean;
  /** Event time at which the key was last heard of. */
  heardMs: number;
}

export interface KeyedStateOptions {
  /** One key more is refused (undefined from `getOrCreate`). */
  readonly keysMax: number;
  /** A key that was silent for so long, by ticks, is forgotten. */
  readonly idleExpiryMs: number;
}

/** The state of the keys of one partition: bounded, change-tracked for the commit, expired by ticks and not by a clock. */
export class KeyedState<State> {
  readonly #options: KeyedStateOptions;
  readonly #slots = new Map<string, Slot<State>>();
  readonly #removed = new Set<string>();

  constructor(options: KeyedStateOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): State | undefined {
    return this.#slots.get(key)?.state;
  }

  /**
   * The key's state, made if it is new; undefined when there is no room for another key. The time is the event's own and
   * not that of the last tick, which a restored state could not know.
   */
  getOrCreate(key: string, eventTimeMs: number, create: () => State): State | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined) return slot.state;
    if (this.#slots.size >= this.#options.keysMax) return undefined;
    const state = create();
    this.#slots.set(key, { state, changed: true, heardMs: eventTimeMs });
    this.#removed.delete(key);
    return state;
  }

  /** The key's state was changed by an event of that key. */
  markHeard(key: string, eventTimeMs: number): void {
    const slot = this.#slots.get(key);
    assert(slot !== undefined, `no state for key ${key}`);
    slot.changed = true;
    slot.heardMs = Math.max(slot.heardMs, eventTimeMs);
  }

  /** The key's state was changed by something else (a tick, a broadcast). */
  markChanged(key: string): void {
    const slot = this.#slots.get(key);
    assert(slot !== undefined, `no state for key ${key}`);
    slot.changed = true;
  }

  /** Forgets keys that were silent for too long at this tick and returns them. */
  tick(tickMs: number): string[] {
    const expired: string[] = [];
    for (const [key, slot] of this.#slots) {
      if (tickMs - slot.heardMs >= this.#options.idleExpiryMs) expired.push(key);
    }
    for (const key of expired) {
      this.#slots.delete(key);
      this.#removed.add(key);
    }
    return expired;
  }

  *entries(): IterableIterator<[string, State]> {
    for (const [key, slot] of this.#slots) yield [key, slot.state];
  }

  /** Encodings of what changed since the last call; null for a forgotten key. */
  takeChanges(encode: (key: string, state: State, heardMs: number) => Uint8Array): Map<string, Uint8Array | null> {
    const changes = new Map<string, Uint8Array | null>();
    for (const key of this.#removed) changes.set(key, null);
    this.#removed.clear();
    for (const [key, slot] of this.#slots) {
      if (!slot.changed) continue;
      slot.changed = false;
      changes.set(key, encode(key, slot.state, slot.heardMs));
    }
    return changes;
  }

  restore(key: string, state: State, heardMs: number): void {
    this.#slots.set(key, { state, changed: false, heardMs });
  }
}
