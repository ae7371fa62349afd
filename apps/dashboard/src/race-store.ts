import type { ServerMessage } from "@burnline/contract";
import { FEED_NOT_STARTED, type FeedState } from "@burnline/contract/feed-client";
import { EMPTY_RACE, type RaceState, reduceRace } from "./race-state.ts";

/** One picture: what is known of the race, and how the connection does. */
export interface Picture {
  readonly race: RaceState;
  readonly feed: FeedState;
  /** Client wall time of the last snapshot or delta; undefined: never. */
  readonly dataAtMs: number | undefined;
}

interface StorePorts {
  /** Runs once before the next paint. */
  beforePaint(run: () => void): void;
  nowMs(): number;
}

/**
 * Reduces every message when it comes and tells its listeners at most once per painted frame. A page in the
 * background is not painted; its state still moves on and holds no queue.
 */
export class RaceStore {
  readonly #ports: StorePorts;
  readonly #listeners = new Set<() => void>();
  #next: Picture = { race: EMPTY_RACE, feed: FEED_NOT_STARTED, dataAtMs: undefined };
  #shown: Picture = this.#next;
  #isPaintDue = false;

  constructor(ports: StorePorts) {
    this.#ports = ports;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The picture on screen; changes only at a paint. */
  readonly picture = (): Picture => this.#shown;

  received(message: ServerMessage): void {
    const isData = message.op.case === "snapshot" || message.op.case === "delta";
    const race = reduceRace(this.#next.race, message);
    this.#set({ ...this.#next, race, dataAtMs: isData ? this.#ports.nowMs() : this.#next.dataAtMs });
  }

  stateChanged(feed: FeedState): void {
    this.#set({ ...this.#next, feed });
  }

  #set(next: Picture): void {
    this.#next = next;
    if (this.#isPaintDue) return;
    this.#isPaintDue = true;
    this.#ports.beforePaint(() => {
      this.#isPaintDue = false;
      this.#shown = this.#next;
      for (const listener of this.#listeners) listener();
    });
  }
}
