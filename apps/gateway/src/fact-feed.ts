import { setImmediate as nextTurn } from "node:timers/promises";
import { FactSchema, fromBinary, LiveValueSchema, parseFactSubject, subjects } from "@burnline/contract";
import { type Logger, lossOf, OperatingError } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { EventLog, LiveChannel, LogPosition, LogReader, LogRecord } from "@burnline/stream";
import type { EventLatency } from "./event-latency.ts";
import type { Outcome } from "./fact-check.ts";
import { countTrust } from "./fact-trust.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import {
  FACT_BATCH_RECORDS,
  FACT_READ_FAILURES_MAX,
  FACT_RETRY_MS_MAX,
  FACT_RETRY_MS_MIN,
  FACT_WAIT_MS,
} from "./limits.ts";
import type { RaceView } from "./race-view.ts";

interface FactFeedContext {
  readonly factLog: EventLog;
  readonly live: LiveChannel;
  readonly view: RaceView;
  readonly clock: Clock;
  readonly latency: EventLatency;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** The view changed. */
  readonly onChange: () => void;
  /** Nothing more will come: a FactLogError, or a programmer's error that has to end the process. */
  readonly onFault: (error: unknown) => void;
}

/** The fact log cannot be read; the cause says why. */
export class FactLogError extends OperatingError {
  constructor(options: ErrorOptions) {
    super(
      "The fact log cannot be read, so there is no view of the race: check the data folder and start again.",
      options,
    );
    this.name = "FactLogError";
  }
}

/** Fills the view: from the first fact on to the newest, then with whatever comes, and with live values. */
export class FactFeed {
  readonly #context: FactFeedContext;
  readonly #abort = new AbortController();
  #position: LogPosition = 0;
  #appliedCount = 0;
  #reader: LogReader | undefined;
  #endPause: () => void = () => {};
  #running: Promise<void> | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(context: FactFeedContext) {
    this.#context = context;
  }

  /** Facts that changed the view. */
  get appliedCount(): number {
    return this.#appliedCount;
  }

  /** Resolves when the view holds everything that was in the log when it was called. */
  async start(): Promise<void> {
    const { factLog, live, view } = this.#context;
    this.#unsubscribe = live.subscribe(subjects.liveOf(view.race), (_subject, payload) => this.#applyLive(payload));
    const { last } = await factLog.bounds();
    const caughtUp = Promise.withResolvers<void>();
    this.#running = this.#follow(last, caughtUp.resolve).catch((error: unknown) => {
      caughtUp.reject(error);
      this.#context.onFault(error);
    });
    await caughtUp.promise;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#endPause();
    this.#unsubscribe?.();
    // Wakes a read that waits.
    await this.#reader?.close();
    await this.#running;
  }

  async #follow(lastAtStart: LogPosition, onCaughtUp: () => void): Promise<void> {
    const { clock, metrics } = this.#context;
    let isBehind = this.#position < lastAtStart;
    if (!isBehind) onCaughtUp();
    while (!this.#abort.signal.aborted) {
      const records = await this.#nextRecords(isBehind ? 0 : FACT_WAIT_MS);
      for (const record of records) {
        this.#applyRecord(record);
        if (!isBehind) metrics.observeFactAge(clock.nowMs() - record.appendedAtMs);
      }
      if (records.length > 0) this.#context.onChange();
      // The log may end with records of other races: a read that finds nothing has passed them all.
      if (isBehind && (records.length === 0 || this.#position >= lastAtStart)) {
        isBehind = false;
        onCaughtUp();
      }
      await nextTurn();
    }
    onCaughtUp();
  }

  /** Reads on from the last position, through a new reader when the old one failed. */
  async #nextRecords(waitMs: number): Promise<readonly LogRecord[]> {
    const { factLog, view } = this.#context;
    for (let failures = 0; ; ) {
      try {
        const subjectPrefix = subjects.factsOfRace(view.race);
        this.#reader ??= await factLog.open({ after: this.#position, subjectPrefix, isGapless: true });
        return await this.#reader.next(FACT_BATCH_RECORDS, waitMs);
      } catch (error) {
        const loss = lossOf(error);
        // The oldest facts are forgotten first, and whoever comes late has to do without.
        if (loss === "gap") continue;
        // Where the places are given again, the view tells what is new: it keeps the highest revision of each fact.
        if (loss === "tail") this.#position = 0;
        this.#reader?.close().catch(() => {});
        this.#reader = undefined;
        if (this.#abort.signal.aborted) return [];
        failures++;
        if (failures > FACT_READ_FAILURES_MAX) throw new FactLogError({ cause: error });
        this.#context.logger.warn({ err: error, failures }, "reading the fact log failed; trying again");
        await this.#pause(failures);
      }
    }
  }

  #applyRecord(record: LogRecord): void {
    this.#position = record.position;
    const outcome = this.#outcomeOf(record);
    if (outcome === "applied") this.#appliedCount++;
    this.#context.metrics.countInput("fact", outcome);
  }

  #outcomeOf(record: LogRecord): Outcome {
    const { view, latency, metrics, clock } = this.#context;
    const subject = parseFactSubject(record.subject);
    if (subject === undefined) return "undecodable";
    let fact: ReturnType<typeof fromBinary<typeof FactSchema>>;
    try {
      fact = fromBinary(FactSchema, record.payload);
    } catch {
      return "undecodable";
    }
    const outcome = view.applyFact(fact);
    if (outcome === "applied") {
      latency.applied(subject.kind, fact.car, fact.eventTimeMs, clock.nowMs());
      countTrust(fact, metrics);
    }
    return outcome;
  }

  #applyLive(payload: Uint8Array): void {
    const { metrics, view, latency, clock, onChange } = this.#context;
    let value: ReturnType<typeof fromBinary<typeof LiveValueSchema>>;
    try {
      value = fromBinary(LiveValueSchema, payload);
    } catch {
      metrics.countInput("live", "undecodable");
      return;
    }
    const outcome = view.applyLive(value);
    metrics.countInput("live", outcome);
    if (outcome !== "applied") return;
    latency.applied("live", value.car, value.eventTimeMs, clock.nowMs());
    onChange();
  }

  /** Doubling, half of it by chance, so that gateways that lost the same log do not return in step. */
  async #pause(failures: number): Promise<void> {
    const fullMs = Math.min(FACT_RETRY_MS_MAX, FACT_RETRY_MS_MIN * 2 ** failures);
    const waitMs = fullMs / 2 + Math.random() * (fullMs / 2);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
  }
}
