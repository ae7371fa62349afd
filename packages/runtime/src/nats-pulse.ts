/** Counts a server's signs of life. */
export class NatsPulse {
  readonly #flush: () => Promise<void>;
  #signs = 0;
  #isAsking = false;

  /** @param flush resolves when the server has answered to everything that was sent before. */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  get signs(): number {
    return this.#signs;
  }

  /**
   * Asks for another sign, unless one is still on its way. It comes after what was sent to us before, so it also tells
   * that the way is not choked.
   */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      await this.#flush();
      this.#signs += 1;
    } catch {
      // The connection broke meanwhile: no sign came.
    } finally {
      this.#isAsking = false;
    }
  }
}
