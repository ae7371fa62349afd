import type { CarView } from "@burnline/contract";
import { type ServerClock, toWallMs } from "@burnline/contract/feed-client";
import type { Picture } from "./race-store.ts";

/** Measurements kept of each kind: ten minutes of 40 cars at 10 Hz. At the cap the oldest tenth leaves. */
const MEASUREMENTS_MAX = 240_000;

/** Age of what is on screen at the moment of its paint, in ms on the server's wall clock. */
interface LatencyReport {
  /** From the event time of a live value. */
  readonly live: readonly number[];
  /** From the end of a window, first revision only: a correction is late by its nature. */
  readonly window: readonly number[];
}

/** Compares each painted picture with the one before. What the first picture of a connection holds is history. */
export class LatencyProbe {
  readonly #clock: ServerClock;
  readonly #measurementsMax: number;
  readonly #live: number[] = [];
  readonly #window: number[] = [];
  #painted: Picture | undefined;

  constructor(clock: ServerClock, measurementsMax: number = MEASUREMENTS_MAX) {
    this.#clock = clock;
    this.#measurementsMax = measurementsMax;
  }

  /** To be called right after the paint. */
  painted(picture: Picture, nowMs: number): void {
    const before = this.#painted;
    this.#painted = picture;
    const clock = picture.race.race?.clock ?? picture.race.hello?.clock;
    if (clock === undefined || before === undefined || before.race.hello !== picture.race.hello) return;
    const serverNowMs = nowMs + this.#clock.offsetMs;
    for (const [id, car] of picture.race.cars) {
      const former = before.race.cars.get(id);
      if (former === undefined || former === car) continue;
      const liveDueMs = newLiveMs(former, car);
      const windowDueMs = newWindowEndMs(former, car);
      const liveWallMs = liveDueMs === undefined ? undefined : toWallMs(clock, liveDueMs);
      const windowWallMs = windowDueMs === undefined ? undefined : toWallMs(clock, windowDueMs);
      if (liveWallMs !== undefined) pushBounded(this.#live, this.#measurementsMax, serverNowMs - liveWallMs);
      if (windowWallMs !== undefined) pushBounded(this.#window, this.#measurementsMax, serverNowMs - windowWallMs);
    }
  }

  report(): LatencyReport {
    return { live: [...this.#live], window: [...this.#window] };
  }
}

function newLiveMs(former: CarView, car: CarView): number | undefined {
  const beforeMs = former.live?.eventTimeMs;
  const afterMs = car.live?.eventTimeMs;
  return beforeMs !== undefined && afterMs !== undefined && afterMs > beforeMs ? afterMs : undefined;
}

function newWindowEndMs(former: CarView, car: CarView): number | undefined {
  const before = former.lastWindow;
  const after = car.lastWindow;
  if (before === undefined || after === undefined || car.lastWindowRevision !== 0) return undefined;
  return after.startMs > before.startMs ? after.endMs : undefined;
}

/** Drops a tenth at once, so that the shifting of the rest is paid rarely. */
function pushBounded(measurements: number[], max: number, measurement: number): void {
  if (measurements.length >= max) measurements.splice(0, Math.ceil(max / 10));
  measurements.push(measurement);
}
