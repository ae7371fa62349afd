/** What time is it, in ms since the Unix epoch. The shell passes the wall clock, tests pass a StepClock. */
export interface Clock {
  nowMs(): number;
}

/** A clock that only moves when told. */
export class StepClock implements Clock {
  #nowMs: number;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
