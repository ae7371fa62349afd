import type { RaceClock, TelemetryFrame } from "@burnline/contract";
import { toWallMs } from "@burnline/contract/feed-client";
import type { Clock } from "@burnline/std";
import type { EventLog, LogAppend } from "@burnline/stream";
import { AppendQueue, type QueueTiming } from "./append-queue.ts";
import type { ArrivalClock } from "./arrival-clock.ts";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";
import { type IngestSession, type ItemOutcome, TRAILING_TICKS } from "./ingest-session.ts";
import type { LogClock } from "./log-clock.ts";
import { Pace, type Speed } from "./pace.ts";
import type { ResumeFilter } from "./resume-point.ts";
import { SamplingControl } from "./sampling.ts";
import type { Source, SourceItem } from "./source.ts";

/** Takes a copy of what arrives. Never fails: a recording that cannot be written must not stop the race. */
export interface ItemRecorder {
  write(item: SourceItem): Promise<void>;
  close(): Promise<void>;
}

export interface LiveClocks {
  readonly clock: ArrivalClock;
  /** undefined: the log's clock is the machine's own. */
  readonly logClock: LogClock | undefined;
}

export interface PublisherOptions {
  readonly log: EventLog;
  readonly source: Source;
  readonly session: IngestSession;
  readonly resume: ResumeFilter;
  /** Of a live source: `live.clock`. */
  readonly clock: Clock;
  /** undefined: the source is not live. */
  readonly live: LiveClocks | undefined;
  readonly speed: Speed;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
  readonly onRaceClock: (clock: RaceClock) => void;
  readonly recorder: ItemRecorder | undefined;
  readonly timing: QueueTiming;
}

/** How often a live source's clock is looked at for a due tick. */
const LIVE_TICK_POLL_MS = 50;

/** So long what arrives first waits for the log's clock, in case the machine's is wrong from the start. */
const LOG_CLOCK_WAIT_MS_MAX = 3_000;

/** Steps between two turns for the rest of the process while a resumed recording is gone through. */
const CATCH_UP_TURN = 1_024;

/**
 * The shell around an ingest session: takes items from the source when they are due, and brings what the session makes
 * of them into the log. A recording that is resumed is first gone through at full speed up to where the log stopped.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #pace: Pace;
  readonly #queue: AppendQueue;
  readonly #sampling = new SamplingControl();
  readonly #stopped = new AbortController();
  #caughtUpCount = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#pace = new Pace(options.source.live ? 1 : options.speed, options.clock, options.onRaceClock);
    this.#queue = new AppendQueue(options.log, options.metrics, options.timing);
  }

  raceClock(): RaceClock {
    return this.#pace.raceClock();
  }

  /**
   * Until the source ends or stop() is called; everything taken from the source is then in the log.
   * @throws SourceError, AppendError
   */
  async run(): Promise<void> {
    const { source, session, recorder } = this.#options;
    let ticking = Promise.resolve();
    try {
      // A fresh race starts with its clock; a resumed one gets its clock where the log stopped.
      if (this.#options.resume.isDone) this.#pace.start(source.startMs);
      await this.#push(session.start());
      if (source.live) ticking = this.#tickLive();
      await this.#waitForLogClock();
      for await (const item of source.items()) {
        if (this.#stopped.signal.aborted) break;
        await this.#publishItem(item);
        if (this.#stopped.signal.aborted) break;
      }
      if (!source.live && !this.#stopped.signal.aborted) await this.#endRace();
    } finally {
      this.#stopped.abort();
      await ticking;
      try {
        await this.#queue.close();
      } finally {
        await recorder?.close();
      }
    }
  }

  /** Ends run() after the item in hand. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    // A live source may be waiting for what never comes; a file may just be read and is closed by whoever opened it.
    if (this.#options.source.live) await this.#options.source.close?.();
  }

  async #publishItem(taken: SourceItem): Promise<void> {
    const { session, recorder, live } = this.#options;
    const item = live === undefined ? taken : { ...taken, arrivalMs: Math.floor(live.clock.nowMs()) };
    while (session.tickDue(item.arrivalMs)) {
      if (!(await this.#waitUntil(session.nextTickMs))) return;
      await this.#push(session.tick());
    }
    if (item.type !== "skipped" && !(await this.#waitUntil(item.arrivalMs))) return;
    const outcome = session.accept(item, this.#rateHzMax(), live?.clock.others());
    const { appends, fault, arrivalMs, clock } = outcome;
    if (recorder !== undefined) await recorder.write({ ...item, arrivalMs: Math.floor(arrivalMs) });
    if (fault === undefined && item.type !== "skipped") live?.clock.confirm(clock);
    this.#count(item, outcome);
    const settle = item.type === "skipped" ? undefined : item.settle;
    if (fault !== undefined) settle?.(fault);
    else await this.#push(appends, settle);
  }

  /** A live source cannot be told to wait, so under pressure its samples are thinned; a recording waits. */
  #rateHzMax(): number {
    const { source, timing, metrics, logger } = this.#options;
    if (!source.live) return Number.POSITIVE_INFINITY;
    const before = this.#sampling.rateHzMax;
    this.#sampling.update(this.#queue.fill, timing.steadyMs());
    const { rateHzMax } = this.#sampling;
    if (rateHzMax !== before) {
      metrics.samplingLimit(rateHzMax);
      const limit = Number.isFinite(rateHzMax) ? `${rateHzMax} samples per second and car` : "every sample";
      logger.warn({ limit, fill: this.#queue.fill }, "the pressure on the log changed what is kept");
    }
    return rateHzMax;
  }

  async #endRace(): Promise<void> {
    const { session, resume } = this.#options;
    for (let count = 0; count < TRAILING_TICKS; count++) {
      if (!(await this.#waitUntil(session.nextTickMs))) return;
      await this.#push(session.tick());
    }
    resume.end();
  }

  async #push(appends: readonly LogAppend[], settle?: (fault: string | undefined) => void): Promise<void> {
    const { resume } = this.#options;
    const kept = resume.isDone ? appends : resume.keep(appends);
    if (kept.length === 0 && appends.length > 0) return settle?.(undefined);
    await this.#queue.push(kept, settle);
  }

  /** False when the run was stopped meanwhile. */
  async #waitUntil(arrivalMs: number): Promise<boolean> {
    const { resume, source, timing } = this.#options;
    if (!resume.isDone) {
      if (++this.#caughtUpCount % CATCH_UP_TURN === 0) await timing.yieldTurn();
    } else if (!source.live) {
      const waitMs = this.#pace.waitMs(arrivalMs);
      if (waitMs > 0) await timing.sleep(waitMs, this.#stopped.signal);
    }
    return !this.#stopped.signal.aborted;
  }

  /** A live race ticks whether anything arrives or not. */
  async #tickLive(): Promise<void> {
    const { clock, session, timing, logger, live } = this.#options;
    const askLog = () => void live?.logClock?.ask();
    try {
      while (!this.#stopped.signal.aborted) {
        while (session.tickDue(clock.nowMs())) await this.#push(session.tick(), askLog);
        await timing.sleep(LIVE_TICK_POLL_MS, this.#stopped.signal);
      }
    } catch (error) {
      // The log failed: run() meets the same failure with its next item; without items it is told here.
      logger.error({ err: error }, "the race clock stopped because the log takes nothing");
      await this.stop();
    }
  }

  async #waitForLogClock(): Promise<void> {
    const { live, timing } = this.#options;
    if (live?.logClock === undefined) return;
    const waited = new AbortController();
    const signal = AbortSignal.any([waited.signal, this.#stopped.signal]);
    await Promise.race([live.logClock.heard, timing.sleep(LOG_CLOCK_WAIT_MS_MAX, signal)]);
    waited.abort();
  }

  #measureAge({ car, eventTimeMs, offsetMs }: TelemetryFrame): void {
    const { clock, metrics } = this.#options;
    const newestMs = eventTimeMs + (offsetMs.at(-1) ?? 0);
    const takenMs = toWallMs(this.#pace.raceClock(), newestMs);
    if (takenMs !== undefined) metrics.eventAge(clock.nowMs() - takenMs, car, newestMs);
  }

  #count(item: SourceItem, { appends, fault, samples, thinned, frame }: ItemOutcome): void {
    const { metrics, resume } = this.#options;
    // What the log already holds was counted before the restart.
    if (!resume.isDone) return;
    if (item.type === "skipped") metrics.samplesSkipped(item.reason, item.count);
    else if (item.type === "control") {
      if (fault === undefined) metrics.controlAdmitted();
      else metrics.controlRejected(fault);
    } else if (fault === undefined) {
      metrics.frameAdmitted(samples, appends[0]?.payload.length ?? 0);
      if (thinned > 0) metrics.samplesThinned(thinned);
      if (frame !== undefined) this.#measureAge(frame);
    } else metrics.frameRejected(fault);
  }
}
