import { type EventLoopUtilization, performance } from "node:perf_hooks";
import type { Clock } from "@burnline/std";

/** Readings closer together than this give the same share. */
const READING_INTERVAL_MS = 1_000;

/** Says how the event loop has been used, as `performance.eventLoopUtilization` does. */
export type UtilizationMeter = (now?: EventLoopUtilization, before?: EventLoopUtilization) => EventLoopUtilization;

/** How much of its one thread a process uses: what the autoscaler looks at first. */
export class BusyShare {
  readonly #clock: Clock;
  readonly #meter: UtilizationMeter;
  #utilization: EventLoopUtilization;
  #readMs: number;
  #busy = 0;

  /** @param clock must not go back */
  constructor(clock: Clock, meter: UtilizationMeter = performance.eventLoopUtilization) {
    this.#clock = clock;
    this.#meter = meter;
    this.#utilization = meter();
    this.#readMs = clock.nowMs();
  }

  /** Share of the time since the last reading in which the event loop was busy, 0 to 1. */
  read(): number {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#readMs < READING_INTERVAL_MS) return this.#busy;
    const utilization = this.#meter();
    this.#busy = this.#meter(utilization, this.#utilization).utilization;
    this.#utilization = utilization;
    this.#readMs = nowMs;
    return this.#busy;
  }
}
