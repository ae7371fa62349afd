import { create, FlagState, HelloSchema, RaceViewSchema } from "@burnline/contract";
import type { FeedState } from "@burnline/contract/feed-client";
import { describe, expect, test } from "vitest";
import { feedHealth, flagWord, raceHeadline } from "./race-headline.ts";
import { EMPTY_RACE } from "./race-state.ts";
import type { Picture } from "./race-store.ts";

const NOW = 10_000_000;
const NEVER = -1;

function picture(feed: FeedState, eventTimeMs: number | undefined, flag = FlagState.GREEN, dataAtMs = NOW): Picture {
  const hello = create(HelloSchema, { clock: { anchorEventMs: 0, anchorWallMs: NOW, speed: 1 } });
  const race =
    eventTimeMs === undefined ? undefined : create(RaceViewSchema, { definition: { race: "a" }, eventTimeMs, flag });
  return { feed, dataAtMs: dataAtMs === NEVER ? undefined : dataAtMs, race: { ...EMPTY_RACE, hello, race } };
}

const live: FeedState = { type: "live", heardMs: NOW, dataMs: NOW, pingedMs: NOW };

describe("the page says how far it may be believed", () => {
  const away: FeedState = { type: "reconnecting", attempt: 1, retryAtMs: NOW, sinceMs: NOW, isRefused: false };
  const cases: readonly (readonly [string, Picture, string, RegExp])[] = [
    ["live", picture(live, 500), "live", /^Live$/],
    ["before a race", picture(live, undefined), "waiting", /Waiting for a race/],
    [
      "first connection",
      picture(
        { type: "connecting", attempt: 0, sinceMs: NOW, greeted: false, isRefused: false },
        undefined,
        undefined,
        NEVER,
      ),
      "connecting",
      /Connecting/,
    ],
    ["refused from the start", picture(away, undefined, undefined, NEVER), "connecting", /Connecting/],
    ["no token", picture({ ...away, isRefused: true }, undefined, undefined, NEVER), "refused", /token/],
    [
      "a token that ended in the race",
      picture({ ...away, isRefused: true }, 500, undefined, NOW - 7_000),
      "refused",
      /token.*7 s old/,
    ],
    ["connection lost", picture(away, 500, undefined, NOW - 7_000), "reconnecting", /lost.*by itself.*7 s old/],
    [
      "trying again",
      picture(
        { type: "connecting", attempt: 3, sinceMs: NOW, greeted: false, isRefused: false },
        500,
        undefined,
        NOW - 7_000,
      ),
      "reconnecting",
      /lost/,
    ],
    [
      "server silent",
      picture({ type: "stale", heardMs: NOW, dataMs: NOW - 4_000, pingedMs: NOW }, 500),
      "stale",
      /4 s old/,
    ],
    ["source silent", picture(live, -8_000), "stale", /No new telemetry. Data 8 s old/],
    ["race over", picture(live, -600_000, FlagState.CHECKERED), "stale", /Race over. Data 10 min old/],
    ["other version", picture({ type: "closed", reason: "other protocol version" }, 500), "closed", /Reload/],
  ];
  for (const [name, shown, type, words] of cases) {
    test(name, () => {
      const health = feedHealth(shown, NOW, 0);
      expect(health.type).toBe(type);
      expect(health.words).toMatch(words);
    });
  }

  test("and takes the server's clock for it, not the page's own", () => {
    expect(feedHealth(picture(live, 500), NOW - 60_000, 60_000).type).toBe("live");
    expect(feedHealth(picture(live, 500), NOW + 60_000, -60_000).type).toBe("live");
  });
});

describe("the head", () => {
  test("counts laps to go from the leader's lap and never below nothing", () => {
    const race = (leaderLapNumber: number) =>
      raceHeadline(
        create(RaceViewSchema, {
          definition: { scheduledLaps: 200, stageEndLaps: [50, 200] },
          leaderLapNumber,
          stageNumber: 2,
        }),
      );
    expect(race(58)).toMatchObject({
      lap: { text: "58" },
      lapsToGo: { text: "142" },
      stage: { text: "2 of 2, ends lap 200" },
    });
    expect(race(203).lapsToGo.text).toBe("0");
    expect(race(0).lap.reason).toBe("no lap begun yet");
  });

  test("of a race that says little is dashes with reasons", () => {
    const head = raceHeadline(create(RaceViewSchema, {}));
    expect(head.name).toBe("Race");
    for (const cell of [head.lap, head.scheduledLaps, head.lapsToGo, head.stage])
      expect(cell.reason?.length).toBeGreaterThan(0);
  });

  test("has a word for every flag", () => {
    for (const flag of [FlagState.GREEN, FlagState.CAUTION, FlagState.RED, FlagState.WHITE, FlagState.CHECKERED]) {
      expect(flagWord(flag)).not.toBe("none");
    }
    expect(flagWord(FlagState.UNSPECIFIED)).toBe("none");
  });
});
