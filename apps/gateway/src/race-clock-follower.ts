import { create, fromBinary, type RaceClock, RaceClockSchema, subjects } from "@burnline/contract";
import type { LiveChannel } from "@burnline/stream";

/** A live race runs on the wall clock; so does a race whose ingest has said nothing yet. */
const WALL = { anchorEventMs: 0, anchorWallMs: 0, speed: 1 };

/** Knows how event time runs against wall time, as ingest says it once a second. */
export class RaceClockFollower {
  readonly #live: LiveChannel;
  readonly #subject: string;
  #clock: RaceClock = create(RaceClockSchema, WALL);
  #unsubscribe: (() => void) | undefined;

  constructor(live: LiveChannel, race: string) {
    this.#live = live;
    this.#subject = subjects.raceClock(race);
  }

  get clock(): RaceClock {
    return this.#clock;
  }

  start(): void {
    this.#unsubscribe = this.#live.subscribe(this.#subject, (_subject, payload) => this.#hear(payload));
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  #hear(payload: Uint8Array): void {
    try {
      const clock = fromBinary(RaceClockSchema, payload);
      const isSound = Number.isFinite(clock.anchorEventMs) && Number.isFinite(clock.anchorWallMs) && clock.speed > 0;
      if (isSound && Number.isFinite(clock.speed)) this.#clock = clock;
    } catch {
      // What cannot be read says nothing; the next one comes within a second.
    }
  }
}
