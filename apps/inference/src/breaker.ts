/** Failures in a row after which the model is left alone. */
export const BREAKER_FAILURES_MAX = 5;

/** How long it is left alone before one batch may try again. */
export const BREAKER_OPEN_MS = 30_000;

/**
 * Keeps a failing model from being asked for every batch.
 *
 *   closed ──5 failures in a row──▶ open ──30 s──▶ half open ──success──▶ closed
 *                                     ▲                 └──failure──▶ open
 */
export class Breaker {
  readonly #failuresMax: number;
  readonly #openMs: number;
  #failures = 0;
  #openedAtMs: number | undefined;

  constructor(failuresMax: number = BREAKER_FAILURES_MAX, openMs: number = BREAKER_OPEN_MS) {
    this.#failuresMax = failuresMax;
    this.#openMs = openMs;
  }

  allows(nowMs: number): boolean {
    return this.#openedAtMs === undefined || nowMs - this.#openedAtMs >= this.#openMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openedAtMs = undefined;
  }

  failed(nowMs: number): void {
    this.#failures++;
    if (this.#failures >= this.#failuresMax) this.#openedAtMs = nowMs;
  }
}
