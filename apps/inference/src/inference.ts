import { setTimeout } from "node:timers/promises";
import { subjects } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import type { DurableReader, EventLog, LogAppend, LogRecord } from "@burnline/stream";
import { BATCHER_DEFAULTS, Batcher, type BatcherOptions } from "./batcher.ts";
import { toLogAppend } from "./correction.ts";
import { EntryBook } from "./entry-book.ts";
import { Forecaster } from "./forecaster.ts";
import { InferenceCounts, type InferenceMetrics, type InferenceStats } from "./inference-metrics.ts";
import type { ResidualModel } from "./residual-model.ts";
import { decodeWindowFact, type WindowRequest } from "./window-request.ts";

/** How long the loop waits for the first window before it looks whether it shall stop. */
const IDLE_WAIT_MS = 250;

/** After a failed read, append or acknowledgement the loop waits, doubling from the first to the second. */
const RETRY_WAIT_MS_MIN = 100;
const RETRY_WAIT_MS_MAX = 5_000;

export interface InferenceLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface InferenceOptions {
  /** Where the window facts come from. */
  readonly factLog: EventLog;
  /** Where the corrections go. */
  readonly raceLog: EventLog;
  readonly race: string;
  /** Undefined: every window is declined ("no-model") and physics stands. */
  readonly model: ResidualModel | undefined;
  readonly clock: Clock;
  readonly logger: InferenceLogger;
  readonly metrics?: InferenceMetrics;
  readonly options?: Partial<BatcherOptions>;
}

export interface Inference {
  /** Works until stop(). */
  start(): Promise<void>;
  /** Finishes the batch at hand; what was not acknowledged comes again after a restart. */
  stop(): Promise<void>;
  /**
   * For headless and simulated use instead of start(): handles what is there, at most one batch, without waiting and
   * without ever declining because of load. Returns the number of records handled; 0 = nothing to do. Rejects when a
   * log does; the next call goes on with the same batch.
   */
  step(): Promise<number>;
  stats(): InferenceStats;
}

export function createInference(options: InferenceOptions): Inference {
  return new InferenceLoop(options);
}

/** Records that were delivered once and stay ours until they are acknowledged, whatever fails in between. */
interface Work {
  readonly batch: readonly WindowRequest[];
  /** All of the batch, and those that need no answer. */
  readonly records: readonly LogRecord[];
  /** The answers to the batch; undefined before the model was asked. */
  appends: readonly LogAppend[] | undefined;
}

/**
 * window facts → gate → batch → model → corrections in the race log → acknowledgement. The order of the last two makes
 * it at least once; the message ids make it exactly once in effect.
 */
class InferenceLoop implements Inference {
  readonly #options: InferenceOptions;
  readonly #counts: InferenceCounts;
  readonly #batcher: Batcher<WindowRequest>;
  #opened: { reader: DurableReader; entries: EntryBook; forecaster: Forecaster } | undefined;
  #work: Work | undefined;
  #running: Promise<void> | undefined;
  readonly #stopping = new AbortController();

  constructor(options: InferenceOptions) {
    this.#options = options;
    this.#counts = new InferenceCounts(options.metrics);
    this.#batcher = new Batcher({ ...BATCHER_DEFAULTS, ...options.options });
  }

  async start(): Promise<void> {
    await this.#open();
    this.#running ??= this.#loop();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#opened?.reader.close();
    await this.#opened?.entries.close();
    this.#opened = undefined;
  }

  async step(): Promise<number> {
    const finished = await this.#finish();
    if (finished > 0) return finished;
    const { reader } = await this.#open();
    const { requests, refused } = this.#decode(await reader.next(this.#batcher.options.batchMax, 0));
    return this.#handle(requests, refused);
  }

  stats(): InferenceStats {
    return this.#counts.stats(this.#batcher.size);
  }

  async #open() {
    if (this.#opened !== undefined) return this.#opened;
    const { factLog, raceLog, race, model, clock, logger } = this.#options;
    const entries = await EntryBook.open(raceLog, race);
    const reader = await factLog.openDurable("inference", subjects.factsOf(race, "window"));
    const onModelError = (error: Error) =>
      logger.warn({ err: error, model: model?.schema.version }, "the model failed; these windows keep physics");
    const carProfileOf = (car: string) => entries.carProfileOf(car);
    const forecaster = new Forecaster({ model, clock, counts: this.#counts, carProfileOf, onModelError });
    this.#opened = { reader, entries, forecaster };
    logger.info({ race, model: model?.schema.version ?? "none" }, "inference reads window facts");
    return this.#opened;
  }

  async #loop(): Promise<void> {
    let retryWaitMs = RETRY_WAIT_MS_MIN;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#turn();
        retryWaitMs = RETRY_WAIT_MS_MIN;
      } catch (cause) {
        this.#options.logger.warn({ err: cause, retryWaitMs }, "a log is out of reach; corrections wait");
        await pause(retryWaitMs, this.#stopping.signal);
        retryWaitMs = Math.min(RETRY_WAIT_MS_MAX, retryWaitMs * 2);
      }
    }
  }

  /** Takes in what there is, then runs one batch if it is due. */
  async #turn(): Promise<void> {
    await this.#finish();
    const { clock } = this.#options;
    const { reader } = await this.#open();
    const waitMs = this.#batcher.dueInMs(clock.nowMs()) ?? IDLE_WAIT_MS;
    const { requests, refused } = this.#decode(await reader.next(this.#batcher.options.queueCap, waitMs));
    const nowMs = clock.nowMs();
    const pushedOut = this.#batcher.push(requests, nowMs);
    this.#counts.countWindows("queue-full", pushedOut.length);
    const done = [...refused, ...pushedOut.map(({ record }) => record)];
    await this.#handle(this.#batcher.dueInMs(nowMs) === 0 ? this.#batcher.take() : [], done);
  }

  #decode(records: readonly LogRecord[]): { requests: WindowRequest[]; refused: LogRecord[] } {
    const requests: WindowRequest[] = [];
    const refused: LogRecord[] = [];
    for (const record of records) {
      const decoded = decodeWindowFact(record, this.#options.race);
      if (decoded.ok) {
        requests.push(decoded.value);
      } else {
        this.#counts.countWindows(decoded.error, 1);
        refused.push(record);
      }
    }
    return { requests, refused };
  }

  async #handle(batch: readonly WindowRequest[], done: readonly LogRecord[]): Promise<number> {
    if (batch.length === 0 && done.length === 0) return 0;
    this.#work = { batch, records: [...done, ...batch.map(({ record }) => record)], appends: undefined };
    return this.#finish();
  }

  async #finish(): Promise<number> {
    const work = this.#work;
    if (work === undefined) return 0;
    const { reader, entries, forecaster } = await this.#open();
    if (work.appends === undefined) {
      if (work.batch.length > 0) await entries.catchUp();
      const corrections = await forecaster.forecast(work.batch);
      work.appends = corrections.map((correction) => toLogAppend(this.#options.race, correction));
    }
    if (work.appends.length > 0) await this.#options.raceLog.append(work.appends);
    await reader.acknowledge(work.records);
    this.#work = undefined;
    return work.records.length;
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch {
    // Only an abort gets here: stop() does not want to wait.
  }
}
