import type { CarView, RaceView, ServerMessage } from "@burnline/contract";
import { isOfOtherRun, newestCar } from "@burnline/contract/feed-client";

/** What is known of the one car that a graphic shows; keeps the last values over every loss of the connection. */
export class CarWatch {
  readonly car: string;
  race: RaceView | undefined;
  view: CarView | undefined;
  /** When the car last told something new, on the clock given to `received`; undefined: never. */
  newsAtMs: number | undefined;

  constructor(car: string) {
    this.car = car;
  }

  received(message: ServerMessage, nowMs: number): void {
    const op = message.op;
    if (op.case === "hello") {
      if (this.view !== undefined && isOfOtherRun(op.value, this.view.eventTimeMs)) this.#forget();
      return;
    }
    if (op.case !== "snapshot" && op.case !== "delta") return;
    const { race, cars } = op.value;
    if (race?.definition !== undefined) {
      const before = this.race?.definition?.race;
      if (before !== undefined && before !== race.definition.race) this.#forget();
      this.race = race;
    }
    for (const car of cars) {
      if (car.car !== this.car) continue;
      const before = this.view?.live?.eventTimeMs;
      this.view = newestCar(this.view, car);
      if (this.view.live?.eventTimeMs !== before) this.newsAtMs = nowMs;
    }
  }

  newsAgeMs(nowMs: number): number {
    return this.newsAtMs === undefined ? Number.POSITIVE_INFINITY : nowMs - this.newsAtMs;
  }

  #forget(): void {
    this.race = undefined;
    this.view = undefined;
    this.newsAtMs = undefined;
  }
}
