import type { Logger } from "@burnline/runtime";
import type { RaceLogs } from "./race-logs.ts";
import type { StreamLimits } from "./race-plan.ts";
import type { RaceShelf } from "./race-shelf.ts";

export interface InitialStreamsOptions {
  readonly shelf: Pick<RaceShelf, "races" | "releases">;
  readonly logs: Pick<RaceLogs, "streams" | "ensure">;
  /** Undefined: the apps make streams themselves. */
  readonly limits: StreamLimits | undefined;
  readonly logger: Logger;
}

/**
 * Streams for releases that nobody has made a Race for. Their apps get ready only when they have streams, and whoever
 * installs a release waits for that; the definition of a Race may have come no sooner than the release itself.
 */
export class InitialStreams {
  readonly #options: InitialStreamsOptions;
  /** What was last said of a race id, so that it is said once. */
  readonly #said = new Map<string, string>();

  constructor(options: InitialStreamsOptions) {
    this.#options = options;
  }

  /** Makes those that are missing; what could not be made is tried again at the next look. */
  async make(): Promise<"unchanged" | "changed"> {
    const { shelf, logs, limits } = this.#options;
    if (limits === undefined) return "unchanged";
    const withRace = new Set(shelf.races().map(({ raceId }) => raceId));
    const waiting = [...shelf.releases()].filter((raceId) => !withRace.has(raceId));
    for (const raceId of this.#said.keys()) if (!waiting.includes(raceId)) this.#said.delete(raceId);
    let outcome: "unchanged" | "changed" = "unchanged";
    for (const raceId of waiting) {
      if (logs.streams(raceId).state === "ready") continue;
      await logs.ensure(raceId, limits);
      this.#say(raceId);
      outcome = "changed";
    }
    return outcome;
  }

  #say(raceId: string): void {
    const streams = this.#options.logs.streams(raceId);
    const text = "message" in streams ? streams.message : streams.state;
    if (this.#said.get(raceId) === text) return;
    this.#said.set(raceId, text);
    if (streams.state === "ready") this.#options.logger.info({ race: raceId }, "a release without a Race has streams");
    else this.#options.logger.warn({ race: raceId, why: text }, "a release without a Race gets no streams yet");
  }
}
