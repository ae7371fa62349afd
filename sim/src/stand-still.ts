/**
 * A place in the middle of a process's work where it may stand still while everybody else goes on: a pause of the whole
 * machine does not wait for the end of a turn.
 */
export class StandStill {
  #callsLeft: number | undefined;
  #pause: Promise<void> | undefined;
  #resume: (() => void) | undefined;
  #onStop: (() => void) | undefined;

  /** The process will stand still at the call of a port that comes after so many others. */
  arm(calls: number): void {
    this.#callsLeft = calls;
  }

  /** It stands still now, until this resolves. */
  get pause(): Promise<void> | undefined {
    return this.#pause;
  }

  /** At every call of a port; undefined: go on. */
  pass(): Promise<void> | undefined {
    if (this.#callsLeft === undefined || this.#callsLeft-- > 0) return undefined;
    this.#callsLeft = undefined;
    this.#pause = new Promise((resolve) => {
      this.#resume = resolve;
      this.#onStop?.();
    });
    return this.#pause;
  }

  /** Goes on with this work, if it stands still, until it ends (true) or stands still (false). */
  async run(work: Promise<void>): Promise<boolean> {
    const stopped = new Promise<false>((resolve) => {
      this.#onStop = () => resolve(false);
    });
    this.#pause = undefined;
    this.#resume?.();
    this.#resume = undefined;
    return Promise.race([work.then(() => true), stopped]);
  }
}
