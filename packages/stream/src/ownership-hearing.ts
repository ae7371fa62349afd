/**
 * Who has not heard the log for so long is deaf and takes nothing. If somebody else has heard it so long after us, the
 * fault lies between the log and us. Longer than a stall of a server that all of us see, and far shorter than a lease.
 */
const CUT_OFF_MS = 500;

/**
 * Whether this process reaches the log, by signs of life that come over the same connection as the records. A member
 * that is cut off from the log alone goes on beating and renewing its leases in the store, so nobody would take over.
 */
export class Hearing {
  #signs = -1;
  #heardMs = Number.NEGATIVE_INFINITY;
  #isCutOff = false;

  /** @param signs how many signs of life have come so far */
  on(nowMs: number, signs: number): void {
    if (signs === this.#signs) return;
    this.#signs = signs;
    this.#heardMs = nowMs;
  }

  /** 0 when nobody ever said anything about signs of life. */
  silentMs(nowMs: number): number {
    return this.#signs < 0 ? 0 : nowMs - this.#heardMs;
  }

  isDeaf(nowMs: number): boolean {
    return this.silentMs(nowMs) >= CUT_OFF_MS;
  }

  /** Others hear the log and we do not. When it is away for all, nobody is cut off and everything stays where it is. */
  get isCutOff(): boolean {
    return this.#isCutOff;
  }

  /** Compares with what the others say of themselves. @returns whether that changed anything. */
  judge(nowMs: number, others: readonly { readonly logHeardMs: number }[]): boolean {
    const before = this.#isCutOff;
    const isHeardLaterThanByUs = others.some(({ logHeardMs }) => logHeardMs - this.#heardMs >= CUT_OFF_MS);
    this.#isCutOff = this.isDeaf(nowMs) && isHeardLaterThanByUs;
    return this.#isCutOff !== before;
  }
}
