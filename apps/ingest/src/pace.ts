import { create, type RaceClock, RaceClockSchema } from "@burnline/contract";
import type { Clock } from "@burnline/std";

/** How fast a recording or simulation runs: 1 = as it happened, 10 = ten times as fast, "max" = as fast as it goes. */
export type Speed = number | "max";

export const SPEED_MIN = 0.01;
export const SPEED_MAX = 1_000;

/** Further behind than this (a sleeping laptop, a busy machine), the race goes on from here instead of rushing after. */
export const LAG_MS_MAX = 5_000;

/** A wait longer than this, in wall time, is a hole in the recording and is jumped over. */
export const WAIT_MS_MAX = 600_000;

/** A race that starts within this distance of the wall clock runs on the wall clock itself. */
const WALL_START_MS_MAX = 10_000;

/** At full speed the race clock is measured anew this often. */
const MEASURE_MS = 250;

/**
 * Maps the arrival times of a source to wall time and says how long to wait. Pure but for the clock that it is given.
 * The mapping is told to whoever shows race time (`RaceClock`) each time it changes.
 */
export class Pace {
  readonly #speed: Speed;
  readonly #clock: Clock;
  readonly #onChange: (clock: RaceClock) => void;
  #anchorEventMs = 0;
  #anchorWallMs = 0;
  #measuredSpeed = 1;
  #isAnchored = false;

  constructor(speed: Speed, clock: Clock, onChange: (clock: RaceClock) => void) {
    this.#speed = speed;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** The race (or what is left of it) starts now, at this event time. */
  start(eventMs: number): void {
    const nowMs = this.#clock.nowMs();
    const isWallRace = this.#speed === 1 && Math.abs(nowMs - eventMs) <= WALL_START_MS_MAX;
    this.#anchor(eventMs, isWallRace ? eventMs : nowMs);
  }

  /** How long until something that arrives at this time is due; 0 = now. */
  waitMs(arrivalMs: number): number {
    if (!this.#isAnchored) this.start(arrivalMs);
    const nowMs = this.#clock.nowMs();
    if (this.#speed === "max") {
      this.#measure(arrivalMs, nowMs);
      return 0;
    }
    const waitMs = this.#anchorWallMs + (arrivalMs - this.#anchorEventMs) / this.#speed - nowMs;
    if (waitMs <= WAIT_MS_MAX && waitMs >= -LAG_MS_MAX) return Math.max(0, waitMs);
    this.#anchor(arrivalMs, nowMs);
    return 0;
  }

  raceClock(): RaceClock {
    return create(RaceClockSchema, {
      anchorEventMs: this.#anchorEventMs,
      anchorWallMs: this.#anchorWallMs,
      speed: this.#speed === "max" ? this.#measuredSpeed : this.#speed,
    });
  }

  #measure(arrivalMs: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#anchorWallMs;
    if (elapsedMs < MEASURE_MS) return;
    this.#measuredSpeed = Math.max(1, (arrivalMs - this.#anchorEventMs) / elapsedMs);
    this.#anchor(arrivalMs, nowMs);
  }

  #anchor(eventMs: number, wallMs: number): void {
    this.#anchorEventMs = eventMs;
    this.#anchorWallMs = wallMs;
    this.#isAnchored = true;
    this.#onChange(this.raceClock());
  }
}
