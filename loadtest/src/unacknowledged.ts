/** Messages that wait for their acknowledgement; one more pushes the oldest out, which is a drop. 60 s: ingest takes nothing older. */
export const UNACKNOWLEDGED_MAX = 600;

interface Waiting {
  readonly message: ArrayBuffer;
  readonly frames: number;
}

/**
 * What a feed has sent and not been told of. The log has what is acknowledged, whatever dies afterwards; the rest is sent
 * again on a new connection, and who has it already knows it by its sequence.
 */
export class Unacknowledged {
  #waiting: Waiting[] = [];

  /** @returns frames that are given up for lack of room */
  add(message: ArrayBuffer, frames: number): number {
    this.#waiting.push({ message, frames });
    return this.#waiting.length > UNACKNOWLEDGED_MAX ? (this.#waiting.shift()?.frames ?? 0) : 0;
  }

  /** Answers come in the order of the messages. @returns frames of the message that was answered */
  answered(): number {
    return this.#waiting.shift()?.frames ?? 0;
  }

  /** Oldest first. */
  messages(): readonly ArrayBuffer[] {
    return this.#waiting.map(({ message }) => message);
  }

  get frames(): number {
    return this.#waiting.reduce((sum, { frames }) => sum + frames, 0);
  }
}
