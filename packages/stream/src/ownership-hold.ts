import { assert } from "@burnline/std";

/**
 * What this process does with one partition:
 *
 *                 wanted               acquired
 *   elsewhere ─────────────▶ acquiring ─────────▶ owned
 *    ▲ ▲ ▲                       │                │  │ unwanted
 *    │ │ └── refused, failed ────┘                │  ▼
 *    │ └──────────── lost, failed ────────────────┘ releasing
 *    └──────────────── released, lost, failed ────────┘
 *
 * wanted and unwanted are this machine's own decisions, the others are what the shell reports. What is not in the picture
 * cannot happen: a shell reports each outcome once.
 */
export type HoldState = "elsewhere" | "acquiring" | "owned" | "releasing";
/** failed: an error; the lease may still be ours, and another try comes after a pause. */
export type HoldOutcome = "acquired" | "refused" | "failed" | "lost" | "released";
export type HoldEvent = "wanted" | "unwanted" | HoldOutcome;

export function nextHoldState(state: HoldState, event: HoldEvent): HoldState | "impossible" {
  switch (state) {
    case "elsewhere":
      if (event === "unwanted") return state;
      return event === "wanted" ? "acquiring" : "impossible";
    case "acquiring":
      if (event === "wanted" || event === "unwanted") return state;
      if (event === "acquired") return "owned";
      return event === "refused" || event === "failed" ? "elsewhere" : "impossible";
    case "owned":
      if (event === "wanted") return state;
      if (event === "unwanted") return "releasing";
      return event === "lost" || event === "failed" ? "elsewhere" : "impossible";
    case "releasing":
      if (event === "wanted" || event === "unwanted") return state;
      return event === "released" || event === "lost" || event === "failed" ? "elsewhere" : "impossible";
  }
}

/** After an error: 50 ms, 100 ms, … up to this. */
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 2_000;
/** Whoever held a partition without an error for so long starts its pauses anew. */
const FAILURES_FORGOTTEN_MS = 10_000;

/** What this process does with one partition, and what it waits for. */
export class Hold {
  readonly #partition: number;
  #state: HoldState = "elsewhere";
  #ownedSinceMs = Number.POSITIVE_INFINITY;
  #failures = 0;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  /** The number of the newest view when its state last changed. */
  #changedAtView = -1;
  /** When its state last changed. */
  changedMs = 0;
  /** For whom it is being given back; undefined: for whoever comes. */
  releasingTo: string | undefined;

  constructor(partition: number) {
    this.#partition = partition;
  }

  get state(): HoldState {
    return this.#state;
  }

  /** Its state has changed since that view, so what the view says of it may be out of date. */
  isNewerThan(view: number): boolean {
    return this.#changedAtView >= view;
  }

  isPausing(nowMs: number): boolean {
    return nowMs < this.#retryAtMs;
  }

  on(event: HoldEvent, nowMs: number, view: number): void {
    const next = nextHoldState(this.#state, event);
    assert(next !== "impossible", `partition ${this.#partition} is ${this.#state} and cannot be ${event}`);
    if (next === this.#state) return;
    this.#state = next;
    this.#changedAtView = view;
    this.changedMs = nowMs;
    if (event === "acquired") this.#ownedSinceMs = nowMs;
    if (event === "failed") this.#pause(nowMs);
    if (next === "elsewhere") this.releasingTo = undefined;
  }

  #pause(nowMs: number): void {
    if (nowMs - this.#ownedSinceMs >= FAILURES_FORGOTTEN_MS) this.#failures = 0;
    this.#ownedSinceMs = Number.POSITIVE_INFINITY;
    this.#retryAtMs = nowMs + Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures);
    this.#failures += 1;
  }
}
