import type { EventEmitter } from "node:events";
import type { Health } from "./health.ts";

export const EXIT_OK = 0;
/** Something failed while starting, running or stopping. */
export const EXIT_FAILURE = 1;
/** Wrong flags or configuration (sysexits would say 64; shells and our docs say 2). */
export const EXIT_USAGE = 2;
/** A second signal cut the stop short: 128 + SIGINT, as shells report it. */
export const EXIT_FORCED = 130;

/** How long one part may take to stop before the next one's turn comes. */
const STOP_MS_MAX = 5_000;
/** How long all of them may take together; less than the 30 s after which Kubernetes kills. */
const STOP_ALL_MS_MAX = 20_000;

/** Something with a start and an end. `stop` is only called when `start` has succeeded. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly stopMsMax?: number;
}

export interface LifecycleOptions {
  readonly parts: readonly Part[];
  /** The parts of a pino logger that are needed. */
  readonly logger: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** Told before the first part stops, so that the process is not ready any more while it still serves. */
  readonly health?: Pick<Health, "stopping">;
  /** Emits SIGINT and SIGTERM: `process`. */
  readonly signals: Pick<EventEmitter, "on" | "off">;
  /** Then the process ends, whatever has not stopped. */
  readonly stopAllMsMax?: number;
  /** Ends the process: `process.exit`. */
  readonly exit: (code: number) => void;
}

/**
 * Starts parts in order and stops them in reverse.
 *
 *   run ─▶ starting ─▶ running ─signal, fail or finish─▶ stopping ─▶ exit(0 | 1)
 *              └─ a start failed or a signal came ──────────▲  └─ second signal ─▶ exit(130)
 */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #started: Part[] = [];
  readonly #ended = Promise.withResolvers<number>();
  #exitCode = EXIT_OK;
  #lastFault: string | undefined;
  #isStopping = false;
  #isStarting = false;
  #hasEnded = false;

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Starts everything and resolves with the exit code when everything has stopped, just before `exit` is called. */
  async run(): Promise<number> {
    this.#options.signals.on("SIGINT", this.#onSignal);
    this.#options.signals.on("SIGTERM", this.#onSignal);
    // A start that hangs must not hide that everything has ended.
    await Promise.race([this.#start(), this.#ended.promise]);
    return this.#ended.promise;
  }

  /** A part cannot go on: stop everything, exit code 1. What sixty-four partitions find at once is said once. */
  fail(name: string, error: unknown): void {
    const fault = `${name}: ${String(error)}`;
    if (this.#lastFault === fault) return;
    this.#lastFault = fault;
    this.#options.logger.error({ part: name, err: error }, "a part failed, so everything stops");
    this.#exitCode = EXIT_FAILURE;
    this.#requestStop();
  }

  /** The work is done: stop everything, exit code 0. */
  finish(): void {
    this.#requestStop();
  }

  async #start(): Promise<void> {
    this.#isStarting = true;
    for (const part of this.#options.parts) {
      if (this.#isStopping) break;
      try {
        await part.start();
        this.#started.push(part);
      } catch (error) {
        this.#options.logger.error({ part: part.name, err: error }, "a part did not start");
        this.#exitCode = EXIT_FAILURE;
        this.#isStopping = true;
      }
    }
    this.#isStarting = false;
    if (this.#isStopping) await this.#stop();
  }

  readonly #onSignal = (signal: string): void => {
    if (this.#isStopping) {
      this.#options.logger.error({ signal }, "a second signal: ending at once");
      this.#end(EXIT_FORCED);
      return;
    }
    this.#options.logger.info({ signal }, "stopping; a second signal ends at once");
    this.#requestStop();
  };

  /** A stop during the start waits for the part that is just starting. */
  #requestStop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#options.health?.stopping();
    this.#watchStop();
    if (!this.#isStarting) void this.#stop();
  }

  /** Also a start that a signal has to wait for is not waited for longer than this. */
  #watchStop(): void {
    const { stopAllMsMax = STOP_ALL_MS_MAX, logger } = this.#options;
    const timer = setTimeout(() => {
      logger.error({}, `not everything stopped within ${stopAllMsMax} ms: ending`);
      this.#end(EXIT_FAILURE);
    }, stopAllMsMax);
    timer.unref();
  }

  async #stop(): Promise<void> {
    for (const part of this.#started.reverse()) await this.#stopPart(part);
    this.#end(this.#exitCode);
  }

  async #stopPart(part: Part): Promise<void> {
    const stopMsMax = part.stopMsMax ?? STOP_MS_MAX;
    const { promise: tooLate, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`it did not stop within ${stopMsMax} ms`)), stopMsMax);
    try {
      await Promise.race([part.stop(), tooLate]);
    } catch (error) {
      this.#options.logger.error({ part: part.name, err: error }, "a part did not stop cleanly");
      this.#exitCode = EXIT_FAILURE;
    } finally {
      clearTimeout(timer);
    }
  }

  #end(code: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.signals.off("SIGINT", this.#onSignal);
    this.#options.signals.off("SIGTERM", this.#onSignal);
    this.#ended.resolve(code);
    this.#options.exit(code);
  }
}
