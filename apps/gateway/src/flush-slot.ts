import type { Clock } from "@burnline/std";

/**
 * One shared slot for all clients: a request runs at once when the last run is an interval ago, else at the end of the
 * interval; requests in between are one. So an update waits at most `intervalMs`, and usually not at all.
 */
export class FlushSlot {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #run: () => void;
  #cancel: (() => void) | undefined;
  #lastRunMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(clock: Clock, intervalMs: number, run: () => void) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
    this.#run = run;
  }

  request(): void {
    if (this.#cancel !== undefined || this.#isStopped) return;
    const sinceMs = this.#clock.nowMs() - this.#lastRunMs;
    // A clock that was set back must not hold the clients up.
    const waitMs = sinceMs < 0 ? 0 : Math.max(0, this.#intervalMs - sinceMs);
    this.#cancel = waitMs === 0 ? soon(() => this.#fire()) : later(() => this.#fire(), waitMs);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #fire(): void {
    this.#cancel = undefined;
    this.#lastRunMs = this.#clock.nowMs();
    this.#run();
  }
}

// Behind everything that arrived in this turn of the event loop, so that a burst of 40 cars is one update.
function soon(run: () => void): () => void {
  const handle = setImmediate(run);
  return () => clearImmediate(handle);
}

function later(run: () => void, waitMs: number): () => void {
  const handle = setTimeout(run, waitMs);
  return () => clearTimeout(handle);
}
