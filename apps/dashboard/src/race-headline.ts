import { FlagState, type RaceView } from "@burnline/contract";
import { type FeedState, toWallMs } from "@burnline/contract/feed-client";
import { ageWords, missing, type Shown, shown } from "./format.ts";
import type { Picture } from "./race-store.ts";

/** The head of every page: what race, which flag, how far. */
interface RaceHeadline {
  readonly name: string;
  readonly track: string;
  readonly flag: FlagWord;
  readonly lap: Shown;
  readonly scheduledLaps: Shown;
  readonly lapsToGo: Shown;
  readonly stage: Shown;
  readonly carsTotal: number;
  readonly carsStale: number;
}

export type FlagWord = "green" | "caution" | "red" | "white" | "checkered" | "none";

export function raceHeadline(race: RaceView): RaceHeadline {
  const definition = race.definition;
  const scheduled = definition?.scheduledLaps ?? 0;
  const lap = race.leaderLapNumber;
  const stageEnds = definition?.stageEndLaps ?? [];
  const stageEnd = stageEnds[race.stageNumber - 1];
  return {
    name: definition?.name || definition?.race || "Race",
    track: definition?.track?.name ?? "",
    flag: flagWord(race.flag),
    lap: lap > 0 ? shown(`${lap}`) : missing("no lap begun yet"),
    scheduledLaps: scheduled > 0 ? shown(`${scheduled}`) : missing("race length not known"),
    lapsToGo: scheduled > 0 && lap > 0 ? shown(`${Math.max(0, scheduled - lap)}`) : missing("race length not known"),
    stage:
      race.stageNumber > 0 && stageEnd !== undefined && stageEnds.length > 1
        ? shown(`${race.stageNumber} of ${stageEnds.length}, ends lap ${stageEnd}`)
        : missing("race without stages"),
    carsTotal: race.carsTotal,
    carsStale: race.carsStale,
  };
}

export function flagWord(flag: FlagState): FlagWord {
  switch (flag) {
    case FlagState.GREEN:
      return "green";
    case FlagState.CAUTION:
      return "caution";
    case FlagState.RED:
      return "red";
    case FlagState.WHITE:
      return "white";
    case FlagState.CHECKERED:
      return "checkered";
    default:
      return "none";
  }
}

/** How far the page may be believed, in one word for the colour and one sentence for the reader. */
export interface FeedHealth {
  readonly type: "waiting" | "connecting" | "live" | "stale" | "reconnecting" | "refused" | "closed";
  readonly words: string;
}

/** Event time further behind than this is said, even when messages still come: the source itself has stopped. */
const EVENT_AGE_MS_MAX = 5_000;

export function feedHealth(picture: Picture, nowMs: number, clockOffsetMs: number): FeedHealth {
  const { feed, race, dataAtMs } = picture;
  switch (feed.type) {
    case "closed":
      return { type: "closed", words: closedWords(feed) };
    case "connecting":
    case "reconnecting":
      if (feed.isRefused) {
        const age = dataAtMs === undefined ? "" : ` Data ${ageWords(nowMs - dataAtMs)} old.`;
        return { type: "refused", words: `The viewer's token is missing, or no longer valid.${age}` };
      }
      if (dataAtMs === undefined) return { type: "connecting", words: "Connecting to the server …" };
      return {
        type: "reconnecting",
        words: `Connection lost. Trying again by itself. Data ${ageWords(nowMs - dataAtMs)} old.`,
      };
    case "stale":
      return { type: "stale", words: `No news from the server. Data ${ageWords(nowMs - feed.dataMs)} old.` };
    case "live": {
      if (race.race?.definition === undefined) return { type: "waiting", words: "Connected. Waiting for a race." };
      const ageMs = eventAgeMs(picture, nowMs + clockOffsetMs);
      if (ageMs !== undefined && ageMs > EVENT_AGE_MS_MAX) {
        const isOver = race.race.flag === FlagState.CHECKERED;
        return { type: "stale", words: `${isOver ? "Race over." : "No new telemetry."} Data ${ageWords(ageMs)} old.` };
      }
      return { type: "live", words: "Live" };
    }
  }
}

function eventAgeMs(picture: Picture, serverNowMs: number): number | undefined {
  const race = picture.race.race;
  const clock = race?.clock ?? picture.race.hello?.clock;
  if (race === undefined || clock === undefined || race.eventTimeMs === 0) return undefined;
  const wallMs = toWallMs(clock, race.eventTimeMs);
  return wallMs === undefined ? undefined : serverNowMs - wallMs;
}

function closedWords(feed: Extract<FeedState, { type: "closed" }>): string {
  return feed.reason === "other protocol version"
    ? "The server speaks another version. Reload this page."
    : "Not connected.";
}
