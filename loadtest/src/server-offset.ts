/** Round trips that are enough to know a clock by. */
export const ROUND_TRIPS_WANTED = 5;

/**
 * How far the gateway's clock is ahead of this machine's, by the shortest round trip. An offset smaller than half of
 * that trip cannot be told from none, and on the same machine there is none.
 */
export class ServerOffset {
  #bestTripMs = Number.POSITIVE_INFINITY;
  #offsetMs = 0;
  #trips = 0;

  answered(sentMs: number, serverMs: number, receivedMs: number): void {
    const tripMs = receivedMs - sentMs;
    if (tripMs < 0) return;
    this.#trips++;
    if (tripMs >= this.#bestTripMs) return;
    this.#bestTripMs = tripMs;
    this.#offsetMs = serverMs - (sentMs + receivedMs) / 2;
  }

  get isKnown(): boolean {
    return this.#trips >= ROUND_TRIPS_WANTED;
  }

  /** To be added to this machine's time. */
  get ms(): number {
    return Math.abs(this.#offsetMs) <= Math.max(1, this.#bestTripMs / 2) ? 0 : this.#offsetMs;
  }
}
