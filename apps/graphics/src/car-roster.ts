import { CARS_MAX, type CarView, type RaceView, type ServerMessage } from "@burnline/contract";
import { newestCar } from "@burnline/contract/feed-client";

/** A car as whoever sets up its graphic has to know it. */
export interface RosterCar {
  readonly car: string;
  /** Empty: on no entry list. */
  readonly driver: string;
  readonly team: string;
  /** What its graphic would do now: show its numbers, say NO DATA, or stay invisible until the car sends something. */
  readonly air: "numbers" | "no data" | "invisible";
}

/** The cars of the race by number, out of the feed's board: a snapshot is the whole list, a delta what changed in it. */
export class CarRoster {
  race: RaceView | undefined;
  readonly #cars = new Map<string, CarView>();

  received(message: ServerMessage): void {
    const op = message.op;
    if (op.case !== "snapshot" && op.case !== "delta") return;
    const { race, cars } = op.value;
    if (op.case === "snapshot") {
      this.race = race;
      this.#cars.clear();
    } else if (race?.definition !== undefined) {
      this.race = race;
    }
    for (const car of cars) {
      const known = this.#cars.get(car.car);
      // The gateway has no more cars than this either.
      if (known === undefined && this.#cars.size >= CARS_MAX) continue;
      this.#cars.set(car.car, newestCar(known, car));
    }
  }

  /** @param wanted the beginning of a number, or a part of a driver's or team's name; empty: all. */
  cars(wanted: string): RosterCar[] {
    const words = wanted.trim().toLowerCase();
    return [...this.#cars.values()]
      .map(rosterCar)
      .filter((car) => matches(car, words))
      .sort(byNumber);
  }
}

function rosterCar(view: CarView): RosterCar {
  const isKnown = view.live !== undefined || view.lastLap !== undefined;
  return {
    car: view.car,
    driver: view.entry?.driver ?? "",
    team: view.entry?.team ?? "",
    air: !isKnown ? "invisible" : view.stale ? "no data" : "numbers",
  };
}

function matches({ car, driver, team }: RosterCar, words: string): boolean {
  if (car.toLowerCase().startsWith(words)) return true;
  return !/^\d+$/.test(words) && [driver, team].some((name) => name.toLowerCase().includes(words));
}

/** 2 before 10, numbers before names. */
function byNumber(a: RosterCar, b: RosterCar): number {
  return a.car.localeCompare(b.car, "en", { numeric: true });
}
