import { CLOCK_STEP_MS_MAX } from "./arrival-clock.ts";

/** Allows `ratePerS` on average and `burst` at once. Pure: time comes in with each call. */
export class TokenBucket {
  readonly #ratePerMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor(ratePerS: number, burst: number, nowMs: number) {
    this.#ratePerMs = ratePerS / 1000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** True when `count` may pass now; false takes nothing. */
  take(count: number, nowMs: number): boolean {
    if (nowMs > this.#atMs) {
      this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#atMs) * this.#ratePerMs);
      this.#atMs = nowMs;
    } else if (nowMs < this.#atMs - CLOCK_STEP_MS_MAX) {
      // The clock was set back: it would not be refilled until the clock comes by again.
      this.#atMs = nowMs;
    }
    if (count > this.#tokens) return false;
    this.#tokens -= count;
    return true;
  }
}
