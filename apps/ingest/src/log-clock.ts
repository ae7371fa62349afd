import { subjects } from "@burnline/contract";
import type { EventLog } from "@burnline/stream";

/**
 * What time it is on the log's server, which is another machine: what it wrote to the newest tick, asked right after it took
 * one. Too early by the age of that tick, a second at most, where another ingest was first.
 */
export class LogClock {
  readonly #log: EventLog;
  readonly #race: string;
  readonly #onTime: (appendedAtMs: number) => void;
  readonly #heard = Promise.withResolvers<void>();
  #isAsking = false;

  constructor(log: EventLog, race: string, onTime: (appendedAtMs: number) => void) {
    this.#log = log;
    this.#race = race;
    this.#onTime = onTime;
  }

  /** Resolves when it has been heard once. */
  get heard(): Promise<void> {
    return this.#heard.promise;
  }

  /** The log has just taken a tick. Never rejects: a log that does not answer says nothing about the time. */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const tick = await this.#log.newest(0, subjects.tick(this.#race, 0));
      if (tick === undefined) return;
      this.#onTime(tick.appendedAtMs);
      this.#heard.resolve();
    } catch {
      // The next tick asks again; that the log is away is counted by whoever appends.
    } finally {
      this.#isAsking = false;
    }
  }
}
