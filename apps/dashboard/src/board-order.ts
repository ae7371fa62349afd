import type { CarView } from "@burnline/contract";
import { lapsLeftOf } from "./board-row.ts";
import type { Sort } from "./settings.ts";

export const SORT_WORDS: Readonly<Record<Sort, string>> = {
  position: "running order",
  trouble: "in trouble: fewest laps left",
  saving: "saving most",
  hard: "driving hardest",
  number: "car number",
};

export interface BoardFilter {
  readonly text: string;
  readonly favouritesOnly: boolean;
}

export const NO_FILTER: BoardFilter = { text: "", favouritesOnly: false };

/** The cars of the board in the chosen order; what is not known comes last, ties go by position, then by number. */
export function boardOrder(
  cars: Iterable<CarView>,
  sort: Sort,
  filter: BoardFilter,
  favourites: readonly string[],
): CarView[] {
  const wanted = filter.text.trim().toLowerCase();
  return [...cars]
    .filter((car) => (!filter.favouritesOnly || favourites.includes(car.car)) && matches(car, wanted))
    .map((car) => ({ car, key: sortKey(car, sort) }))
    .sort((a, b) => a.key - b.key || positionKey(a.car) - positionKey(b.car) || byNumber(a.car, b.car))
    .map(({ car }) => car);
}

function sortKey(car: CarView, sort: Sort): number {
  switch (sort) {
    case "position":
      return positionKey(car);
    case "trouble":
      return lapsLeftOf(car) ?? Number.MAX_VALUE;
    case "saving":
      return -(car.lastLap?.averages?.savedFraction ?? -Number.MAX_VALUE);
    case "hard":
      return car.lastLap?.averages?.savedFraction ?? Number.MAX_VALUE;
    case "number":
      return numberKey(car);
  }
}

function positionKey(car: CarView): number {
  return car.position > 0 ? car.position : Number.MAX_VALUE;
}

/** Cars without a number come last. */
function numberKey(car: CarView): number {
  const number = Number.parseInt(car.car, 10);
  return Number.isNaN(number) ? Number.MAX_VALUE : number;
}

function byNumber(a: CarView, b: CarView): number {
  return numberKey(a) - numberKey(b) || (a.car < b.car ? -1 : a.car > b.car ? 1 : 0);
}

/** A number has to begin with what was typed ("2" finds 2 and 24), names only have to contain it. */
function matches(car: CarView, wanted: string): boolean {
  if (wanted === "") return true;
  if (car.car.toLowerCase().startsWith(wanted)) return true;
  const entry = car.entry;
  if (entry === undefined || /^\d+$/.test(wanted)) return false;
  return [entry.driver, entry.team, entry.manufacturer].some((name) => name.toLowerCase().includes(wanted));
}
