import type { Clock, Result } from "@burnline/std";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";

/** A clock that steps by no more than this (NTP, a leap second) is followed at once: admission allows for as much. */
export const CLOCK_STEP_MS_MAX = 1_000;

/**
 * When something arrives that comes behind something of this time. Arrivals are in order, and one from the past is taken as
 * arriving now; unless it is so far in the past that the clock was set back.
 */
export function nextArrivalMs(formerMs: number, arrivalMs: number): number {
  const isSetBack = arrivalMs < formerMs - CLOCK_STEP_MS_MAX;
  return isSetBack ? arrivalMs : Math.max(formerMs, arrivalMs);
}

/** As long as something fitted the race clock within this time, what fits another clock only does not change it. */
const CONFIRMED_MS = 2_000;

/** Lines about jumps are this far apart at least, however often a clock jumps; the counter counts all. */
const LOG_MS_MIN = 10_000;

/** machine: what the machine's clock says; former: the race clock before it followed another; log: the log server's clock. */
export type OtherClock = "machine" | "former" | "log";

export interface ClockReading {
  readonly clock: OtherClock;
  readonly nowMs: number;
}

/** By which clock something was judged, and when it arrived by that clock; undefined: the race clock. */
export interface JudgedBy {
  readonly arrivalMs: number;
  readonly clock: OtherClock | undefined;
}

export interface ArrivalClockOptions {
  readonly wall: Clock;
  /** Goes on evenly whatever is done to the wall clock; it stands while a machine is suspended. */
  readonly steady: Clock;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
}

/**
 * What time it is in a live race, for what arrives at one ingest.
 *
 * When a machine's clock is stepped by an hour, nobody on the machine knows whether it was right before or is right now: a
 * mistake, a mended mistake and a suspended machine look the same. So the race clock goes on as before, telemetry that fits
 * another clock is taken as well, and when none fits the race clock any more, that follows.
 *
 *   race clock = steady clock + offset
 *   machine's clock steps by <= 1 s                        offset follows
 *   machine's clock steps by more                          offset stays; the machine's clock is one of the others
 *   something fits another clock, nothing fitted for 2 s   offset follows that one; the former is one of the others
 */
export class ArrivalClock implements Clock {
  readonly #options: ArrivalClockOptions;
  #offsetMs: number;
  #machineOffsetMs: number;
  #formerOffsetMs: number | undefined;
  #logOffsetMs: number | undefined;
  #confirmedMs = Number.NEGATIVE_INFINITY;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ArrivalClockOptions) {
    this.#options = options;
    this.#machineOffsetMs = options.wall.nowMs() - options.steady.nowMs();
    this.#offsetMs = this.#machineOffsetMs;
  }

  nowMs(): number {
    this.#lookAtMachine();
    return this.#options.steady.nowMs() + this.#offsetMs;
  }

  /** What the clocks say that differ from this one. */
  others(): readonly ClockReading[] {
    const steadyMs = this.#options.steady.nowMs();
    const offsets = [
      ["machine", this.#machineOffsetMs],
      ["log", this.#logOffsetMs],
      ["former", this.#formerOffsetMs],
    ] as const;
    return offsets.flatMap(([clock, offsetMs]) =>
      offsetMs === undefined || this.#agrees(offsetMs) ? [] : [{ clock, nowMs: steadyMs + offsetMs }],
    );
  }

  /** Something was admitted by this clock; undefined: by the race clock. */
  confirm(clock: OtherClock | undefined): void {
    const steadyMs = this.#options.steady.nowMs();
    if (clock === undefined) {
      this.#confirmedMs = steadyMs;
      return;
    }
    const offsetMs = { machine: this.#machineOffsetMs, former: this.#formerOffsetMs, log: this.#logOffsetMs }[clock];
    if (offsetMs === undefined || steadyMs - this.#confirmedMs < CONFIRMED_MS) return;
    const stepMs = Math.round(offsetMs - this.#offsetMs);
    this.#formerOffsetMs = this.#offsetMs;
    this.#offsetMs = offsetMs;
    this.#confirmedMs = steadyMs;
    this.#options.metrics.raceClockFollowed(clock);
    this.#log({ clock, stepMs }, "the race clock follows another clock, because what arrives fits that one only");
    this.#tellOffsets();
  }

  /** The log's server took something just now and wrote this time to it. */
  hearLog(appendedAtMs: number): void {
    this.#logOffsetMs = appendedAtMs - this.#options.steady.nowMs();
    this.#tellOffsets();
  }

  #lookAtMachine(): void {
    const { wall, steady, metrics } = this.#options;
    const machineOffsetMs = wall.nowMs() - steady.nowMs();
    const jumpMs = Math.round(machineOffsetMs - this.#machineOffsetMs);
    this.#machineOffsetMs = machineOffsetMs;
    const agrees = this.#agrees(machineOffsetMs);
    if (agrees) this.#offsetMs = machineOffsetMs;
    if (Math.abs(jumpMs) <= CLOCK_STEP_MS_MAX) return;
    metrics.machineClockJumped(jumpMs > 0 ? "forwards" : "backwards");
    const does = agrees ? "and agrees with the race clock again" : "and the race clock goes on as before";
    this.#log({ jumpMs }, `the machine's clock jumped, ${does}`);
    this.#tellOffsets();
  }

  #agrees(offsetMs: number): boolean {
    return Math.abs(offsetMs - this.#offsetMs) <= CLOCK_STEP_MS_MAX;
  }

  #tellOffsets(): void {
    const { metrics } = this.#options;
    metrics.clockOffset("machine", this.#machineOffsetMs - this.#offsetMs);
    if (this.#logOffsetMs !== undefined) metrics.clockOffset("log", this.#logOffsetMs - this.#offsetMs);
  }

  #log(fields: object, message: string): void {
    const steadyMs = this.#options.steady.nowMs();
    if (steadyMs - this.#loggedMs < LOG_MS_MIN) return;
    this.#loggedMs = steadyMs;
    this.#options.logger.warn(fields, message);
  }
}

/**
 * Judges by the race clock, and what only its time speaks against by the other clocks as well. A judgement that refuses
 * something for its time must keep nothing of it.
 */
export function judgeByClocks<Value, Fault>(
  judge: (arrivalMs: number) => Result<Value, Fault>,
  isTimeFault: (fault: Fault) => boolean,
  arrivalMs: number,
  others: readonly ClockReading[],
): { readonly result: Result<Value, Fault>; readonly by: JudgedBy } {
  const result = judge(arrivalMs);
  if (!result.ok && isTimeFault(result.error)) {
    for (const { clock, nowMs } of others) {
      const other = judge(nowMs);
      if (other.ok) return { result: other, by: { arrivalMs: nowMs, clock } };
    }
  }
  return { result, by: { arrivalMs, clock: undefined } };
}
