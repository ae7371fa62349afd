import { FlagState, type RaceView } from "@burnline/contract";

const FLAG_WORDS: Record<FlagState, string> = {
  [FlagState.UNSPECIFIED]: "no flag",
  [FlagState.GREEN]: "green",
  [FlagState.CAUTION]: "CAUTION",
  [FlagState.RED]: "RED",
  [FlagState.WHITE]: "white",
  [FlagState.CHECKERED]: "checkered",
};

export interface Progress {
  readonly race: RaceView;
  readonly framesPerSecond: number;
  readonly clients: number;
  readonly url: string;
}

/** One line that says whether the race is alive: "lap 12/400  green  40 cars  400 frames/s  2 clients  http://…". */
export function progressLine({ race, framesPerSecond, clients, url }: Progress): string {
  const scheduled = race.definition?.scheduledLaps ?? 0;
  const cars = race.carsTotal === 0 ? "waiting for cars" : `${race.carsTotal} cars`;
  return [
    `lap ${race.leaderLapNumber}${scheduled > 0 ? `/${scheduled}` : ""}`,
    FLAG_WORDS[race.flag],
    race.carsStale > 0 ? `${cars} (${race.carsStale} silent)` : cars,
    `${Math.round(framesPerSecond)} frames/s`,
    `${clients} client${clients === 1 ? "" : "s"}`,
    url,
  ].join("  ");
}
