import { type RaceClock, RaceClockSchema, subjects, toBinary } from "@burnline/contract";
import type { LiveChannel } from "@burnline/stream";

/** A gateway that starts in mid-race knows the clock after this. */
const REPEAT_MS = 1_000;

/**
 * Tells the gateways how event time runs against wall time, at once when it changes and once a second. Several ingests
 * of a live race say the same: there both are one.
 */
export class RaceClockBeacon {
  readonly #live: LiveChannel;
  readonly #subject: string;
  #clock: RaceClock | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(live: LiveChannel, race: string) {
    this.#live = live;
    this.#subject = subjects.raceClock(race);
  }

  /** As it was told last. */
  get clock(): RaceClock | undefined {
    return this.#clock;
  }

  set(clock: RaceClock): void {
    this.#clock = clock;
    if (this.#timer !== undefined) this.#say();
  }

  start(): void {
    this.#timer = setInterval(() => this.#say(), REPEAT_MS);
    this.#say();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #say(): void {
    if (this.#clock !== undefined) this.#live.publish(this.#subject, toBinary(RaceClockSchema, this.#clock));
  }
}
