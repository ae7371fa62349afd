import { OperatingError } from "@burnline/runtime";
import type { EventLog, LogAppend } from "@burnline/stream";
import type { IngestMetrics } from "./ingest-metrics.ts";

/**
 * A batch leaves when it has this many records, or when its first record has waited this long: every number is later by it.
 * What comes while a batch is on its way to the log leaves together anyway, so a slow log makes larger batches.
 */
export const BATCH_RECORDS_MAX = 256;
export const BATCH_WAIT_MS = 5;

/** Records waiting for the log; at the cap the producer waits (backpressure). Two seconds of 40 cars with their ticks. */
export const QUEUE_RECORDS_MAX = 2_048;

/** Attempts to append one batch; after the last the run ends with an AppendError. About a minute in all. */
export const APPEND_ATTEMPTS_MAX = 16;
const BACKOFF_MS_MIN = 50;
const BACKOFF_MS_MAX = 5_000;

/** The log took nothing for a minute. */
export class AppendError extends OperatingError {
  override readonly name = "AppendError";
}

/** What the queue needs of the machine; injected so that tests need not wait. */
export interface QueueTiming {
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets timers, signals and sockets have their turn; a log that answers at once would starve them. */
  yieldTurn(): Promise<void>;
  /** Measures how long something took. */
  steadyMs(): number;
  /** Uniform in [0, 1); spreads the retries of several senders. */
  random(): number;
}

interface QueuedAppend {
  readonly append: LogAppend;
  /** When it was taken, on a clock that only measures. */
  readonly takenMs: number;
  /** Called when the log has this record for good, with a reason when it never will. */
  readonly settle: ((fault: string | undefined) => void) | undefined;
}

/**
 * A bounded queue in front of the log: records leave in order, in batches, one batch at a time, each retried with
 * jittered backoff. After a rejected append any prefix may be stored; records with a message id are then not stored
 * twice, and live telemetry, which has none, is recognised downstream by its source sequence.
 */
export class AppendQueue {
  readonly #log: EventLog;
  readonly #metrics: IngestMetrics;
  readonly #timing: QueueTiming;
  readonly #queue: QueuedAppend[] = [];
  #queuedBytes = 0;
  #failure: AppendError | undefined;
  #isClosed = false;
  #wakeWriter: (() => void) | undefined;
  #wakeProducers: (() => void)[] = [];
  readonly #writing: Promise<void>;

  constructor(log: EventLog, metrics: IngestMetrics, timing: QueueTiming) {
    this.#log = log;
    this.#metrics = metrics;
    this.#timing = timing;
    this.#writing = this.#write();
  }

  /**
   * Takes the records of one item. Resolves when there is room for more.
   * @throws AppendError when the log has failed for good.
   */
  async push(appends: readonly LogAppend[], settle?: (fault: string | undefined) => void): Promise<void> {
    if (this.#failure !== undefined) {
      settle?.("log-unavailable");
      throw this.#failure;
    }
    const last = appends.length - 1;
    const takenMs = this.#timing.steadyMs();
    if (last < 0) settle?.(undefined);
    for (const [index, append] of appends.entries()) {
      this.#queue.push({ append, takenMs, settle: index === last ? settle : undefined });
      this.#queuedBytes += append.payload.byteLength;
    }
    this.#metrics.queueDepth(this.#queue.length, this.#queuedBytes);
    this.#wakeWriter?.();
    if (this.#queue.length >= QUEUE_RECORDS_MAX) this.#metrics.queueOverrun();
    while (this.#queue.length >= QUEUE_RECORDS_MAX && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#wakeProducers.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** How full the queue is: 1 = the next producer waits. */
  get fill(): number {
    return this.#queue.length / QUEUE_RECORDS_MAX;
  }

  /** Writes out what is queued. @throws AppendError */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wakeWriter?.();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #write(): Promise<void> {
    while (await this.#waitForBatch()) {
      const batch = this.#queue.slice(0, BATCH_RECORDS_MAX);
      try {
        await this.#append(batch.map(({ append }) => append));
      } catch (cause) {
        this.#fail(cause);
        return;
      }
      this.#queue.splice(0, batch.length);
      this.#metrics.appended(this.#timing.steadyMs() - (batch[0]?.takenMs ?? 0));
      for (const { append } of batch) this.#queuedBytes -= append.payload.byteLength;
      this.#metrics.queueDepth(this.#queue.length, this.#queuedBytes);
      for (const { settle } of batch) settle?.(undefined);
      this.#releaseProducers();
      await this.#timing.yieldTurn();
    }
  }

  /** False when the queue is closed and empty. */
  async #waitForBatch(): Promise<boolean> {
    while (this.#queue.length === 0) {
      if (this.#isClosed) return false;
      await this.#woken();
    }
    if (this.#queue.length >= BATCH_RECORDS_MAX || this.#isClosed) return true;
    const filled = new AbortController();
    const waiting = this.#timing.sleep(BATCH_WAIT_MS, filled.signal);
    let isWaiting = true;
    void waiting.then(() => {
      isWaiting = false;
      this.#wakeWriter?.();
    });
    while (isWaiting && this.#queue.length < BATCH_RECORDS_MAX && !this.#isClosed) await this.#woken();
    filled.abort();
    return true;
  }

  async #woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wakeWriter = resolve;
    });
    this.#wakeWriter = undefined;
  }

  async #append(batch: readonly LogAppend[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#log.append(batch);
        return;
      } catch (cause) {
        if (attempt === APPEND_ATTEMPTS_MAX) throw cause;
        this.#metrics.appendRetried();
        const ceilingMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** attempt);
        await this.#timing.sleep(ceilingMs * (0.5 + 0.5 * this.#timing.random()));
      }
    }
  }

  #fail(cause: unknown): void {
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#failure = new AppendError(`The race log took nothing in ${APPEND_ATTEMPTS_MAX} attempts: ${why}`, { cause });
    for (const { settle } of this.#queue.splice(0)) settle?.("log-unavailable");
    this.#releaseProducers();
  }

  #releaseProducers(): void {
    const producers = this.#wakeProducers;
    this.#wakeProducers = [];
    for (const wake of producers) wake();
  }
}
