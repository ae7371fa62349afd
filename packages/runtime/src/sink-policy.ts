import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "@burnline/std";
import type { OutboxRecord, OutboxSink } from "@burnline/stream";
import type { Logger } from "./log.ts";
import { OperatingError } from "./operating-error.ts";
import { admit, type Breaker, type BreakerOptions, backoffMs, CLOSED, failed } from "./sink-policy-breaker.ts";
import type { DeadLetter, DeadLetterSink } from "./sink-policy-dead-letter.ts";
import { RecordsRefusedError } from "./sink-policy-error.ts";
import type { SinkMetrics } from "./sink-policy-metrics.ts";
import { StorageError } from "./storage-error.ts";
import { wallClock } from "./wall-clock.ts";

/** Time and chance of the shell; a simulation or test brings its own. */
export interface SinkTiming {
  readonly clock: Clock;
  /** Resolves early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  chance(): number;
}

/** The time and chance of this machine. */
export const SINK_TIMING: SinkTiming = {
  clock: wallClock,
  sleep: async (ms, signal) => {
    // Aborted: what was waited for has happened.
    await sleep(ms, undefined, { signal }).catch(() => {});
  },
  chance: Math.random,
};

export interface SinkPolicy extends BreakerOptions {
  /** In metrics and logs: "facts". */
  readonly name: string;
  /** A larger call goes in several batches, in order. */
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  /**
   * After so many failed attempts a batch becomes dead letters ("attempts"). "unbounded" for what must not be lost: it
   * is tried for ever, and the open breaker shows it.
   */
  readonly attemptsMax: number | "unbounded";
  /** Where records go that were refused for good or have had all their attempts. */
  readonly deadLetters: DeadLetterSink;
  readonly timing: SinkTiming;
  readonly metrics?: SinkMetrics;
  readonly logger?: Pick<Logger, "warn" | "error" | "info">;
}

/** For facts and snapshots: nothing is lost because somebody was not there. */
export const SINK_POLICY_DEFAULTS = {
  batchRecordsMax: 500,
  batchBytesMax: 4 * 1024 * 1024,
  attemptsMax: "unbounded",
  failuresToOpen: 3,
  backoffMsMin: 50,
  backoffMsMax: 2_000,
} as const;

/** A sink under a policy. `send` resolves when each record was delivered or is a dead letter. */
export interface PoliticSink extends OutboxSink {
  readonly breaker: Breaker["state"];
  /** Ends all waiting: calls that are not done reject as "closed", their records stay where they come from. */
  close(): void;
}

/**
 * Puts batching, retries, a circuit breaker and dead letters around a sink. Calls may run side by side; they share the
 * breaker, so that a sink that is gone is asked by one of them only. Errors that are not of the surroundings
 * (OperatingError) are programmer errors and pass through.
 */
export function withSinkPolicy(sink: OutboxSink, policy: SinkPolicy): PoliticSink {
  return new Policed(sink, policy);
}

class Policed implements PoliticSink {
  readonly #sink: OutboxSink;
  readonly #policy: SinkPolicy;
  readonly #closing = new AbortController();
  #breaker: Breaker = CLOSED;
  /** Aborted when the breaker changes its state: whoever waits looks again. */
  #changed = new AbortController();
  #waiting = 0;

  constructor(sink: OutboxSink, policy: SinkPolicy) {
    this.#sink = sink;
    this.#policy = policy;
  }

  get breaker(): Breaker["state"] {
    return this.#breaker.state;
  }

  async send(records: readonly OutboxRecord[]): Promise<void> {
    this.#addWaiting(records.length);
    try {
      for (const batch of toBatches(records, this.#policy)) await this.#deliver(batch);
    } finally {
      this.#addWaiting(-records.length);
    }
  }

  close(): void {
    this.#closing.abort();
    this.#changed.abort();
  }

  async #deliver(batch: readonly OutboxRecord[]): Promise<void> {
    const { attemptsMax, timing, metrics } = this.#policy;
    const startMs = timing.clock.nowMs();
    const refused: DeadLetter[] = [];
    const outcome = await this.#persist(attemptsMax, async () => {
      try {
        await this.#sink.send(batch);
      } catch (error) {
        if (!(error instanceof RecordsRefusedError)) throw error;
        // The sink is there and has taken all the others.
        for (const { index, reason } of error.refused) refused.push(...letterOf(batch[index], reason));
      }
    });
    const dead = outcome === "done" ? refused : batch.map((record) => ({ record, reason: "attempts" }));
    metrics?.delivered(batch.length - dead.length, (timing.clock.nowMs() - startMs) / 1_000);
    if (dead.length > 0) await this.#bury(dead);
  }

  /** Dead letters are tried for ever, like what must not be lost; but if they are refused too, nothing is left to do. */
  async #bury(letters: readonly DeadLetter[]): Promise<void> {
    const { name, deadLetters, logger, metrics } = this.#policy;
    for (const { record, reason } of letters) {
      metrics?.deadLettered(reason);
      logger?.error({ sink: name, id: record.id, subject: record.subject, reason }, "a record became a dead letter");
    }
    await this.#persist("unbounded", async () => {
      try {
        await deadLetters(letters);
      } catch (error) {
        if (!(error instanceof RecordsRefusedError)) throw error;
        logger?.error({ sink: name, err: error }, "dead letters were refused and are lost");
      }
    });
  }

  /** Tries until it works or the attempts are used up; waits between them, and while the breaker is open. */
  async #persist(attemptsMax: number | "unbounded", attempt: () => Promise<void>): Promise<"done" | "given-up"> {
    const { timing, metrics, logger, name } = this.#policy;
    for (let attempts = 1; ; attempts++) {
      await this.#admission();
      try {
        await attempt();
        this.#turn(CLOSED);
        return "done";
      } catch (error) {
        const isOurs = !(error instanceof OperatingError) || isClosed(error);
        this.#turn(
          isOurs ? this.#released() : failed(this.#breaker, timing.clock.nowMs(), timing.chance(), this.#policy),
        );
        if (isOurs) throw error;
        metrics?.failed();
        logger?.warn({ sink: name, attempts, breaker: this.#breaker.state, err: error }, "a sink failed, trying again");
      }
      if (attempts === attemptsMax) return "given-up";
      if (this.#breaker.state === "closed") await this.#pause(backoffMs(attempts, timing.chance(), this.#policy));
    }
  }

  /** Resolves when an attempt may start. */
  async #admission(): Promise<void> {
    const { timing } = this.#policy;
    for (;;) {
      this.#requireOpen();
      const nowMs = timing.clock.nowMs();
      const asked = admit(this.#breaker, nowMs);
      this.#turn(asked.breaker);
      if (asked.isAdmitted) return;
      const waitMs = this.#breaker.state === "open" ? this.#breaker.retryAtMs - nowMs : this.#policy.backoffMsMax;
      await timing.sleep(waitMs, this.#changed.signal);
    }
  }

  async #pause(ms: number): Promise<void> {
    await this.#policy.timing.sleep(ms, this.#closing.signal);
    this.#requireOpen();
  }

  #requireOpen(): void {
    if (!this.#closing.signal.aborted) return;
    throw new StorageError(
      "closed",
      `The sink ${this.#policy.name} is closed: what it did not take stays where it was.`,
    );
  }

  /** A probe that ended in our own error says nothing about the sink: the next one may try. */
  #released(): Breaker {
    return this.#breaker.state === "half-open" ? { ...this.#breaker, state: "open" } : this.#breaker;
  }

  #turn(next: Breaker): void {
    const { state } = this.#breaker;
    this.#breaker = next;
    if (next.state === state) return;
    const { metrics, logger, name } = this.#policy;
    metrics?.breaker(next.state);
    if (next.state !== "half-open")
      logger?.info({ sink: name, failures: next.failures }, `the breaker is ${next.state}`);
    const changed = this.#changed;
    if (!this.#closing.signal.aborted) this.#changed = new AbortController();
    changed.abort();
  }

  #addWaiting(records: number): void {
    this.#waiting += records;
    this.#policy.metrics?.waiting(this.#waiting);
  }
}

function isClosed(error: unknown): boolean {
  return error instanceof StorageError && error.fault === "closed";
}

function letterOf(record: OutboxRecord | undefined, reason: string): DeadLetter[] {
  return record === undefined ? [] : [{ record, reason }];
}

/** Cuts at both limits; a record that is larger than a batch may be goes alone. */
function* toBatches(
  records: readonly OutboxRecord[],
  { batchRecordsMax, batchBytesMax }: Pick<SinkPolicy, "batchRecordsMax" | "batchBytesMax">,
): Generator<readonly OutboxRecord[]> {
  let from = 0;
  let bytes = 0;
  for (const [index, { payload }] of records.entries()) {
    const isFull = index - from >= batchRecordsMax || bytes + payload.byteLength > batchBytesMax;
    if (isFull && index > from) {
      yield records.slice(from, index);
      from = index;
      bytes = 0;
    }
    bytes += payload.byteLength;
  }
  if (from < records.length) yield records.slice(from);
}
