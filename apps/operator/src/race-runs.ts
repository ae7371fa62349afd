import { type Logger, OperatingError } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { Race } from "./race-resource.ts";

/** A run that failed is tried again after this, doubling, up to that. */
const RETRY_MS_MIN = 30_000;
const RETRY_MS_MAX = 600_000;

export type RunSeen<T> =
  | { readonly state: "none" | "running" }
  | { readonly state: "done"; readonly totals: T }
  | { readonly state: "failed"; readonly message: string; readonly isRetryDue: boolean };

interface Run<T> {
  seen: RunSeen<T>;
  failures: number;
  failedMs: number;
}

export interface RaceRunsOptions<T> {
  /** What is done, for people: "archive". */
  readonly name: string;
  /** Does it for one race; what it throws is tried again. */
  readonly run: (race: Race, signal: AbortSignal) => Promise<T>;
  readonly logger: Logger;
  readonly steadyClock: Clock;
  /** A run has ended: look at this Race again. */
  readonly onEnd: (race: Race) => void;
}

/** Long work in the background, for each race at most once at a time; what is left undone goes on with the next leader. */
export class RaceRuns<T> {
  readonly #options: RaceRunsOptions<T>;
  readonly #runs = new Map<string, Run<T>>();
  readonly #running = new Set<Promise<void>>();
  #stopping = new AbortController();

  constructor(options: RaceRunsOptions<T>) {
    this.#options = options;
  }

  seen({ uid }: Race): RunSeen<T> {
    const run = this.#runs.get(uid);
    if (run === undefined) return { state: "none" };
    if (run.seen.state !== "failed") return run.seen;
    const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(run.failures - 1, 16));
    return { ...run.seen, isRetryDue: this.#options.steadyClock.nowMs() - run.failedMs >= waitMs };
  }

  start(race: Race): void {
    const former = this.#runs.get(race.uid);
    const run: Run<T> = { seen: { state: "running" }, failures: former?.failures ?? 0, failedMs: 0 };
    this.#runs.set(race.uid, run);
    const running = this.#run(race, run).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Races that are gone are forgotten. */
  keepOnly(uids: ReadonlySet<string>): void {
    for (const uid of this.#runs.keys()) if (!uids.has(uid)) this.#runs.delete(uid);
  }

  /** Ends what runs; it begins anew when it is asked for. */
  async stop(): Promise<void> {
    this.#stopping.abort(new OperatingError(`The ${this.#options.name} is left to another operator.`));
    await Promise.all(this.#running);
    this.#runs.clear();
    this.#stopping = new AbortController();
  }

  async #run(race: Race, run: Run<T>): Promise<void> {
    const { name, logger, steadyClock, onEnd } = this.#options;
    const { signal } = this.#stopping;
    try {
      const totals = await this.#options.run(race, signal);
      run.seen = { state: "done", totals };
      logger.info({ race: race.raceId, what: name, totals }, "work on a race is done");
    } catch (error) {
      const message = error instanceof OperatingError ? error.message : `The ${name} failed (${String(error)}).`;
      run.seen = { state: "failed", message, isRetryDue: false };
      run.failures++;
      run.failedMs = steadyClock.nowMs();
      if (!signal.aborted)
        logger.warn({ race: race.raceId, what: name, err: error }, "work on a race could not be done yet");
    }
    onEnd(race);
  }
}
