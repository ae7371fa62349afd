import type { Prng } from "@burnline/std";

export type Manufacturer = "Chevrolet" | "Ford" | "Toyota";

/** One line of the entry list; all people and teams are invented. */
export interface SimEntry {
  readonly car: string;
  readonly driver: string;
  readonly team: string;
  readonly manufacturer: Manufacturer;
  readonly startsFull: boolean;
}

export const CARS_MAX = 40;

const NUMBERS =
  "1 2 3 4 5 6 7 8 9 10 11 12 14 15 16 17 19 20 21 22 23 24 31 33 34 35 38 40 41 42 43 44 45 47 48 50 51 54 60 62 66 67 71 77 78 84 88 99".split(
    " ",
  );
const FIRST_NAMES =
  "Wade Colt Marcus Eli Dale Trent Jonah Casey Rory Hank Lena Brock Amos Tessa Gil Nolan Perry Dexter Ivy Curtis Shane Vaughn Otis Reed Maya Lyle Boone Grady Cole Jett".split(
    " ",
  );
const LAST_NAMES =
  "Hollister Pruitt Langdon Vasko Merriweather Tolliver Crane Abernathy Sandoval Kessler Rudd Farnsworth Okafor Bellamy Strand Whitlock Denning Caraway Mott Ferris Yarrow Quill Lindqvist Haskell Bram Novak Tierney Ashdown Calloway Rourke Pell Garrity Stroud Eastman Vickers Holm Dwyer Sayer Marlow Trask".split(
    " ",
  );
const TEAMS: readonly { name: string; manufacturer: Manufacturer }[] = [
  { name: "Blue Ridge Racing", manufacturer: "Chevrolet" },
  { name: "Carolina Apex", manufacturer: "Chevrolet" },
  { name: "Ironwood Motorsports", manufacturer: "Chevrolet" },
  { name: "Twin Forks Racing", manufacturer: "Chevrolet" },
  { name: "Granite State Performance", manufacturer: "Ford" },
  { name: "Lakeshore Racing", manufacturer: "Ford" },
  { name: "Piedmont Speed", manufacturer: "Ford" },
  { name: "Redstone Autosport", manufacturer: "Ford" },
  { name: "Cumberland Racing", manufacturer: "Toyota" },
  { name: "Meridian Motorsports", manufacturer: "Toyota" },
  { name: "Silver Pine Racing", manufacturer: "Toyota" },
];

/** Distinct numbers and family names, in grid order. */
export function drawEntries(prng: Prng, count: number): SimEntry[] {
  const numbers = shuffled(prng, NUMBERS);
  const lastNames = shuffled(prng, LAST_NAMES);
  return numbers.slice(0, count).map((car, index) => {
    const team = prng.pick(TEAMS);
    return {
      car,
      driver: `${prng.pick(FIRST_NAMES)} ${lastNames[index] ?? ""}`,
      team: team.name,
      manufacturer: team.manufacturer,
      startsFull: true,
    };
  });
}

function shuffled<T>(prng: Prng, items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = prng.integer(0, last);
    const moved = result[last];
    const swapped = result[other];
    if (moved === undefined || swapped === undefined) break;
    result[last] = swapped;
    result[other] = moved;
  }
  return result;
}
