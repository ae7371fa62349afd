import type { FeedState } from "@burnline/contract/feed-client";
import fc from "fast-check";
import { expect, test } from "vitest";
import { addressPageWords } from "./address-page-words.ts";

const LIVE: FeedState = { type: "live", heardMs: 0, dataMs: 0, pingedMs: 0 };
const LOST: FeedState = { type: "reconnecting", attempt: 1, retryAtMs: 0, sinceMs: 0, isRefused: false };
const STATES: readonly FeedState[] = [
  { type: "connecting", attempt: 0, sinceMs: 0, greeted: false, isRefused: false },
  LIVE,
  { ...LIVE, type: "stale" },
  LOST,
  { type: "closed", reason: "other protocol version" },
];
const words = (feed: FeedState, carsKnown: number, carsShown = carsKnown, refusal?: string) =>
  addressPageWords({ feed, refusal, carsKnown, carsShown, wanted: " 77 " });

test("a list without cars is never silent, a list with cars is never hidden", () => {
  const cars = fc.integer({ min: 0, max: 128 });
  fc.assert(
    fc.property(
      fc.constantFrom(...STATES),
      cars,
      cars,
      fc.option(fc.string({ minLength: 1 })),
      (feed, a, b, refusal) => {
        const { empty } = words(feed, Math.max(a, b), Math.min(a, b), refusal ?? undefined);
        expect(empty === undefined).toBe(Math.min(a, b) > 0);
      },
    ),
  );
});

test("it says what is the matter: nobody there, no race, lost, another version, nothing found", () => {
  expect(STATES.map((feed) => words(feed, 0).empty?.title)).toEqual([
    "Connecting",
    "No cars yet",
    "No cars yet",
    "No connection to the gateway",
    "Not connected",
  ]);
  expect(words(LIVE, 40, 0).empty?.title).toBe("Nothing found for “77”");
  expect(words(LIVE, 40).banner).toBeUndefined();
  expect(words(LOST, 40).banner).toContain("Connection lost");
  expect(words(LIVE, 0, 0, "Too many topics.").empty?.hint).toBe("Too many topics.");
});

test("a new attempt does not change what is said of a lost connection", () => {
  const attempt: FeedState = { type: "connecting", attempt: 3, sinceMs: 0, greeted: false, isRefused: false };
  for (const cars of [0, 40]) expect(words(attempt, cars)).toEqual(words(LOST, cars));
});

test("a missing token is said while it is tried again, in place of the list or above it, and how to give one", () => {
  const trying: FeedState = { type: "connecting", attempt: 3, sinceMs: 0, greeted: false, isRefused: true };
  for (const feed of [trying, { ...LOST, isRefused: true } as FeedState]) {
    const state = { feed, refusal: undefined, carsKnown: 0, carsShown: 0, wanted: "" };
    expect(addressPageWords(state).empty?.title).toMatch(/token/);
    expect(addressPageWords(state).empty?.hint).toMatch(/#token=/);
    expect(addressPageWords({ ...state, carsKnown: 3, carsShown: 3 }).banner).toMatch(/#token=/);
  }
});
