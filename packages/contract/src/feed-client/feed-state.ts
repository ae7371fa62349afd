import { PROTOCOL_VERSION } from "../versions.ts";

/**
 * The state of one connection to the gateway's feed, without sockets, timers or clocks.
 *
 *            start                hello + first snapshot
 *   closed ────────▶ connecting ─────────────────────────▶ live ◀──── data ────┐
 *     ▲                │   ▲                                │ no data for 3 s   │
 *     │ stop, or a     │   │ wake at retryAtMs              ▼                   │
 *     │ foreign        │   │                              stale ────────────────┘
 *     │ protocol       ▼   │                                │
 *     └────────────  reconnecting ◀── lost, refused, or nothing heard for 10 s ─┘
 */
export type FeedState =
  | ({ readonly type: "connecting"; readonly greeted: boolean } & Trying)
  | ({ readonly type: "live" } & Heard)
  | ({ readonly type: "stale" } & Heard)
  | ({ readonly type: "reconnecting"; readonly retryAtMs: number } & Trying)
  | { readonly type: "closed"; readonly reason: ClosedReason };

interface Trying {
  readonly attempt: number;
  readonly sinceMs: number;
  /** The last answer was that a viewer's token is missing or not valid. */
  readonly isRefused: boolean;
}

interface Heard {
  /** Last message of any kind. */
  readonly heardMs: number;
  /** Last snapshot or delta. */
  readonly dataMs: number;
  readonly pingedMs: number;
}

export type ClosedReason = "not started" | "stopped" | "other protocol version";

export type FeedEvent =
  | { readonly type: "start" }
  | { readonly type: "hello"; readonly protocolVersion: number }
  | { readonly type: "data" }
  | { readonly type: "pong" }
  /** The socket closed, or sent something that is not our protocol. */
  | { readonly type: "lost" }
  /** The socket closed because of our token. Tried again slowly: a key may be about to be replaced. */
  | { readonly type: "refused" }
  | { readonly type: "wake" }
  | { readonly type: "stop" };

export type FeedCommand = "open" | "close" | "subscribe" | "ping";

export interface FeedStep {
  readonly state: FeedState;
  readonly commands: readonly FeedCommand[];
}

/** Without snapshot and delta for this long the page says that its data is old. Live values come at 10 Hz. */
export const STALE_AFTER_MS = 3_000;
/** A socket that says nothing at all for this long is taken for dead and opened anew; pongs count. */
export const SILENT_AFTER_MS = 10_000;
export const PING_INTERVAL_MS = 2_000;
/** From opening the socket to the first snapshot. */
export const CONNECT_TIMEOUT_MS = 10_000;
export const RETRY_DELAY_MS_MIN = 250;
export const RETRY_DELAY_MS_MAX = 5_000;
/** Whoever is refused waits at once as long as after so many attempts: nothing will have changed sooner. */
const REFUSED_ATTEMPT_MIN = 5;

export const FEED_NOT_STARTED: FeedState = { type: "closed", reason: "not started" };

/** Next state and what the shell has to do. `chance` is uniform in [0, 1) and only used for the jitter of a retry. */
export function feedStep(state: FeedState, event: FeedEvent, nowMs: number, chance: number): FeedStep {
  if (event.type === "stop") return stopStep(state);
  switch (state.type) {
    case "closed":
      return event.type === "start" ? openStep(0, false, nowMs) : stay(state);
    case "connecting":
      return connectingStep(state, event, nowMs, chance);
    case "live":
    case "stale":
      return connectedStep(state, event, nowMs, chance);
    case "reconnecting":
      return event.type === "wake" && nowMs >= state.retryAtMs
        ? openStep(state.attempt, state.isRefused, nowMs)
        : stay(state);
  }
}

/** The gateway wants a viewer's token, or another one. */
export function isRefused(state: FeedState): boolean {
  return (state.type === "connecting" || state.type === "reconnecting") && state.isRefused;
}

/** When the shell has to send the next `wake`; undefined: never. */
export function nextWakeMs(state: FeedState): number | undefined {
  switch (state.type) {
    case "closed":
      return undefined;
    case "connecting":
      return state.sinceMs + CONNECT_TIMEOUT_MS;
    case "live":
      return Math.min(
        state.dataMs + STALE_AFTER_MS,
        state.pingedMs + PING_INTERVAL_MS,
        state.heardMs + SILENT_AFTER_MS,
      );
    case "stale":
      return Math.min(state.pingedMs + PING_INTERVAL_MS, state.heardMs + SILENT_AFTER_MS);
    case "reconnecting":
      return state.retryAtMs;
  }
}

/** Doubles from RETRY_DELAY_MS_MIN to RETRY_DELAY_MS_MAX; the jitter (50 to 100 %) keeps pages from returning in step. */
export function retryDelayMs(attempt: number, chance: number): number {
  const full = Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** Math.min(attempt, 16));
  return Math.round(full * (0.5 + chance / 2));
}

function connectingStep(
  state: Extract<FeedState, { type: "connecting" }>,
  event: FeedEvent,
  nowMs: number,
  chance: number,
): FeedStep {
  switch (event.type) {
    case "hello":
      if (event.protocolVersion !== PROTOCOL_VERSION) {
        return { state: { type: "closed", reason: "other protocol version" }, commands: ["close"] };
      }
      // The first ping goes out at once: the clock offset is known before the first paint.
      return state.greeted
        ? stay(state)
        : { state: { ...state, greeted: true, isRefused: false }, commands: ["subscribe", "ping"] };
    case "data":
      return { state: { type: "live", heardMs: nowMs, dataMs: nowMs, pingedMs: nowMs }, commands: [] };
    case "lost":
      return retryStep(state.attempt, state.isRefused, nowMs, chance);
    case "refused":
      return refusedStep(state.attempt, nowMs, chance);
    case "wake":
      return nowMs >= state.sinceMs + CONNECT_TIMEOUT_MS
        ? retryStep(state.attempt, state.isRefused, nowMs, chance)
        : stay(state);
    default:
      return stay(state);
  }
}

function connectedStep(
  state: Extract<FeedState, { type: "live" | "stale" }>,
  event: FeedEvent,
  nowMs: number,
  chance: number,
): FeedStep {
  switch (event.type) {
    case "data":
      return { state: { ...state, type: "live", heardMs: nowMs, dataMs: nowMs }, commands: [] };
    case "pong":
      return { state: { ...state, heardMs: nowMs }, commands: [] };
    case "lost":
      return retryStep(0, false, nowMs, chance);
    case "refused":
      return refusedStep(0, nowMs, chance);
    case "wake": {
      if (nowMs >= state.heardMs + SILENT_AFTER_MS) return retryStep(0, false, nowMs, chance);
      const type = nowMs >= state.dataMs + STALE_AFTER_MS ? "stale" : state.type;
      if (nowMs >= state.pingedMs + PING_INTERVAL_MS) {
        return { state: { ...state, type, pingedMs: nowMs }, commands: ["ping"] };
      }
      return type === state.type ? stay(state) : { state: { ...state, type }, commands: [] };
    }
    default:
      return stay(state);
  }
}

function openStep(attempt: number, isRefused: boolean, nowMs: number): FeedStep {
  return { state: { type: "connecting", attempt, isRefused, sinceMs: nowMs, greeted: false }, commands: ["open"] };
}

function retryStep(attempt: number, isRefused: boolean, nowMs: number, chance: number): FeedStep {
  const retryAtMs = nowMs + retryDelayMs(attempt, chance);
  return {
    state: { type: "reconnecting", attempt: attempt + 1, isRefused, retryAtMs, sinceMs: nowMs },
    commands: ["close"],
  };
}

function refusedStep(attempt: number, nowMs: number, chance: number): FeedStep {
  return retryStep(Math.max(attempt, REFUSED_ATTEMPT_MIN), true, nowMs, chance);
}

function stopStep(state: FeedState): FeedStep {
  if (state.type === "closed") return stay(state);
  return { state: { type: "closed", reason: "stopped" }, commands: ["close"] };
}

function stay(state: FeedState): FeedStep {
  return { state, commands: [] };
}
