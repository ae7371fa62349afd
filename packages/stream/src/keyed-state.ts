import { assert } from "@burnline/std";

/** How many ticks had been counted when something happened to a key. Stored with it. */
export interface KeyTicks {
  /** When the key was last heard of. */
  readonly heardTick: number;
  /** When its state was last changed, by whatever. */
  readonly changedTick: number;
}

interface Slot<State> {
  state: State;
  changed: boolean;
  heardTick: number;
  changedTick: number;
}

export interface KeyedStateOptions {
  /** One key more is refused (undefined from `getOrCreate`). */
  readonly keysMax: number;
  /** A key that was silent for so many ticks is forgotten. */
  readonly silentTicksMax: number;
}

/**
 * The state of the keys of one partition: bounded, change-tracked for the commit, expired by a count of ticks. What a tick
 * says about the time plays no part: whoever writes it may have a wrong clock, and must not make anybody be forgotten.
 */
export class KeyedState<State> {
  readonly #options: KeyedStateOptions;
  readonly #slots = new Map<string, Slot<State>>();
  readonly #removed = new Set<string>();
  #ticks = 0;

  constructor(options: KeyedStateOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): State | undefined {
    return this.#slots.get(key)?.state;
  }

  /** The key's state, made if it is new; undefined when there is no room for another key. */
  getOrCreate(key: string, create: () => State): State | undefined {
    const slot = this.#slots.get(key);
    if (slot !== undefined) return slot.state;
    if (this.#slots.size >= this.#options.keysMax) return undefined;
    const state = create();
    this.#slots.set(key, { state, changed: true, heardTick: this.#ticks, changedTick: this.#ticks });
    this.#removed.delete(key);
    return state;
  }

  /** The key's state was changed by an event of that key. */
  markHeard(key: string): void {
    this.#change(key).heardTick = this.#ticks;
  }

  /** The key's state was changed by something else (a tick, a broadcast). */
  markChanged(key: string): void {
    this.#change(key);
  }

  /**
   * Counts a tick and forgets the keys that were silent for too many. At least one key has to be marked as changed by the
   * same record, behind this call: the count is stored with the keys that changed, and with nothing else.
   */
  tick(): void {
    this.#ticks++;
    for (const [key, { heardTick }] of this.#slots) {
      if (this.#ticks - heardTick < this.#options.silentTicksMax) continue;
      this.#slots.delete(key);
      this.#removed.add(key);
    }
  }

  *entries(): IterableIterator<[string, State]> {
    for (const [key, slot] of this.#slots) yield [key, slot.state];
  }

  /** Encodings of what changed since the last call; null for a forgotten key. */
  takeChanges(encode: (key: string, state: State, ticks: KeyTicks) => Uint8Array): Map<string, Uint8Array | null> {
    const changes = new Map<string, Uint8Array | null>();
    for (const key of this.#removed) changes.set(key, null);
    this.#removed.clear();
    for (const [key, slot] of this.#slots) {
      if (!slot.changed) continue;
      slot.changed = false;
      changes.set(key, encode(key, slot.state, { heardTick: slot.heardTick, changedTick: slot.changedTick }));
    }
    return changes;
  }

  restore(key: string, state: State, { heardTick, changedTick }: KeyTicks): void {
    this.#slots.set(key, { state, changed: false, heardTick, changedTick });
    this.#ticks = Math.max(this.#ticks, changedTick);
  }

  #change(key: string): Slot<State> {
    const slot = this.#slots.get(key);
    assert(slot !== undefined, `no state for key ${key}`);
    slot.changed = true;
    slot.changedTick = this.#ticks;
    return slot;
  }
}
