import { describe, expect, test } from "vitest";
import { PROTOCOL_VERSION } from "../versions.ts";
import {
  CONNECT_TIMEOUT_MS,
  FEED_NOT_STARTED,
  type FeedCommand,
  type FeedEvent,
  type FeedState,
  feedStep,
  nextWakeMs,
  PING_INTERVAL_MS,
  RETRY_DELAY_MS_MAX,
  RETRY_DELAY_MS_MIN,
  retryDelayMs,
  SILENT_AFTER_MS,
  STALE_AFTER_MS,
} from "./feed-state.ts";

const NOW = 1_000_000;

const STATES = {
  closed: FEED_NOT_STARTED,
  connecting: { type: "connecting", attempt: 2, sinceMs: NOW - 100, greeted: false, isRefused: false },
  greeted: { type: "connecting", attempt: 2, sinceMs: NOW - 100, greeted: true, isRefused: false },
  live: { type: "live", heardMs: NOW - 50, dataMs: NOW - 50, pingedMs: NOW - 500 },
  stale: { type: "stale", heardMs: NOW - 50, dataMs: NOW - STALE_AFTER_MS - 1, pingedMs: NOW - 500 },
  reconnecting: { type: "reconnecting", attempt: 1, retryAtMs: NOW, sinceMs: NOW - 400, isRefused: true },
} as const satisfies Record<string, FeedState>;

const EVENTS = {
  start: { type: "start" },
  hello: { type: "hello", protocolVersion: PROTOCOL_VERSION },
  foreignHello: { type: "hello", protocolVersion: PROTOCOL_VERSION + 1 },
  data: { type: "data" },
  pong: { type: "pong" },
  lost: { type: "lost" },
  refused: { type: "refused" },
  wake: { type: "wake" },
  stop: { type: "stop" },
} as const satisfies Record<string, FeedEvent>;

type Expected = readonly [FeedState["type"], ...FeedCommand[]];
const same = "same" as const;

/** Every state with every event; no Partial, so a new state or event does not compile before it is decided here. */
const TABLE: Record<keyof typeof STATES, Record<keyof typeof EVENTS, Expected | typeof same>> = {
  closed: {
    start: ["connecting", "open"],
    hello: same,
    foreignHello: same,
    data: same,
    pong: same,
    lost: same,
    refused: same,
    wake: same,
    stop: same,
  },
  connecting: {
    start: same,
    hello: ["connecting", "subscribe", "ping"],
    foreignHello: ["closed", "close"],
    data: ["live"],
    pong: same,
    lost: ["reconnecting", "close"],
    refused: ["reconnecting", "close"],
    wake: same,
    stop: ["closed", "close"],
  },
  greeted: {
    start: same,
    hello: same,
    foreignHello: ["closed", "close"],
    data: ["live"],
    pong: same,
    lost: ["reconnecting", "close"],
    refused: ["reconnecting", "close"],
    wake: same,
    stop: ["closed", "close"],
  },
  live: {
    start: same,
    hello: same,
    foreignHello: same,
    data: ["live"],
    pong: ["live"],
    lost: ["reconnecting", "close"],
    refused: ["reconnecting", "close"],
    wake: same,
    stop: ["closed", "close"],
  },
  stale: {
    start: same,
    hello: same,
    foreignHello: same,
    data: ["live"],
    pong: ["stale"],
    lost: ["reconnecting", "close"],
    refused: ["reconnecting", "close"],
    wake: same,
    stop: ["closed", "close"],
  },
  reconnecting: {
    start: same,
    hello: same,
    foreignHello: same,
    data: same,
    pong: same,
    lost: same,
    refused: same,
    wake: ["connecting", "open"],
    stop: ["closed", "close"],
  },
};

describe("every state answers every event", () => {
  for (const [stateName, row] of Object.entries(TABLE)) {
    for (const [eventName, expected] of Object.entries(row)) {
      test(`${stateName} on ${eventName}`, () => {
        const state = STATES[stateName as keyof typeof STATES];
        const step = feedStep(state, EVENTS[eventName as keyof typeof EVENTS], NOW, 0.5);
        if (expected === same) expect(step).toEqual({ state, commands: [] });
        else expect([step.state.type, ...step.commands]).toEqual(expected);
      });
    }
  }
});

describe("time", () => {
  test("a connection that never gets a snapshot is given up after the time-out", () => {
    const state = STATES.greeted;
    expect(nextWakeMs(state)).toBe(state.sinceMs + CONNECT_TIMEOUT_MS);
    const step = feedStep(state, EVENTS.wake, state.sinceMs + CONNECT_TIMEOUT_MS, 0.5);
    expect([step.state.type, ...step.commands]).toEqual(["reconnecting", "close"]);
  });

  test("data that does not come makes the feed stale although pongs do", () => {
    let state: FeedState = { type: "live", heardMs: NOW, dataMs: NOW, pingedMs: NOW };
    state = feedStep(state, EVENTS.pong, NOW + STALE_AFTER_MS - 1, 0).state;
    state = feedStep(state, EVENTS.wake, NOW + STALE_AFTER_MS, 0).state;
    expect(state.type).toBe("stale");
  });

  test("a live feed pings in its interval and never in between", () => {
    const state: FeedState = { type: "live", heardMs: NOW, dataMs: NOW, pingedMs: NOW };
    expect(feedStep(state, EVENTS.wake, NOW + PING_INTERVAL_MS - 1, 0).commands).toEqual([]);
    expect(feedStep(state, EVENTS.wake, NOW + PING_INTERVAL_MS, 0).commands).toEqual(["ping"]);
  });

  test("a socket that says nothing at all is taken for dead", () => {
    const state: FeedState = { type: "stale", heardMs: NOW, dataMs: NOW, pingedMs: NOW + SILENT_AFTER_MS };
    const step = feedStep(state, EVENTS.wake, NOW + SILENT_AFTER_MS, 0);
    expect([step.state.type, ...step.commands]).toEqual(["reconnecting", "close"]);
  });

  test("a waiting feed does not open before its time", () => {
    const step = feedStep(STATES.reconnecting, EVENTS.wake, STATES.reconnecting.retryAtMs - 1, 0);
    expect(step.commands).toEqual([]);
  });

  test("every state but closed says when to wake it", () => {
    for (const state of Object.values(STATES)) {
      if (state.type === "closed") expect(nextWakeMs(state)).toBeUndefined();
      else expect(Number.isFinite(nextWakeMs(state))).toBe(true);
    }
  });
});

describe("retries", () => {
  test("wait longer each time, up to the cap, and never less than half of it", () => {
    let before = 0;
    for (let attempt = 0; attempt < 40; attempt++) {
      const longest = retryDelayMs(attempt, 0.999999);
      expect(longest).toBeGreaterThanOrEqual(before);
      expect(longest).toBeLessThanOrEqual(RETRY_DELAY_MS_MAX);
      expect(retryDelayMs(attempt, 0)).toBeGreaterThanOrEqual(RETRY_DELAY_MS_MIN / 2);
      before = longest;
    }
    expect(before).toBeGreaterThan(RETRY_DELAY_MS_MAX * 0.99);
  });

  test("of a refused page are slow from the first one on, and say so until the gateway greets it", () => {
    const refused = feedStep(STATES.connecting, EVENTS.refused, NOW, 0).state;
    expect(refused).toMatchObject({ type: "reconnecting", isRefused: true, retryAtMs: NOW + RETRY_DELAY_MS_MAX / 2 });
    const again = feedStep(STATES.reconnecting, EVENTS.wake, NOW, 0).state;
    expect(again).toMatchObject({ type: "connecting", isRefused: true });
    expect(feedStep(again, EVENTS.lost, NOW, 0).state).toMatchObject({ isRefused: true });
    expect(feedStep(again, EVENTS.hello, NOW, 0).state).toMatchObject({ isRefused: false });
    expect(feedStep(STATES.live, EVENTS.lost, NOW, 0).state).toMatchObject({ isRefused: false });
  });

  test("count up while the server stays away and begin anew after a good connection", () => {
    let state: FeedState = STATES.connecting;
    const away = feedStep(state, EVENTS.lost, NOW, 0).state;
    expect(away).toMatchObject({ type: "reconnecting", attempt: 3 });
    state = feedStep(STATES.live, EVENTS.lost, NOW, 0).state;
    expect(state).toMatchObject({ type: "reconnecting", attempt: 1 });
  });
});
