/**
 * One client's connection as a state machine without sockets, timers or clocks: an event goes in, the next session and
 * what the shell has to do come out.
 *
 *                 opened / hello                 flush, outbox over the soft cap / (deltas merge)
 *   ┌──────────┐ ───────────────▶ ┌─────────┐ ─────────────────────────────────────▶ ┌────────────┐
 *   │ greeting │                  │ current │                                        │ conflating │
 *   └──────────┘ ◀─ (never) ───── └─────────┘ ◀───────────────────────────────────── └────────────┘
 *        │                          │  ▲  │     flush, outbox has room / merged delta      │
 *        │                          │  └──┘ subscribe, unsubscribe, ping, flush            │
 *        │ stopping,                │                                                      │ over the hard cap,
 *        │ disconnected             │ over the hard cap, flood, idle,                      │ stalled for 10 s,
 *        ▼                          ▼ stopping, disconnected                               ▼ flood, idle, …
 *   ┌───────────────────────────────────────────────────────────────────────────────────────────────────┐
 *   │ closed: takes everything, answers nothing                                                         │
 *   └───────────────────────────────────────────────────────────────────────────────────────────────────┘
 *
 * Each subscription by itself:   subscribe ─▶ pending ── first flush with room / one snapshot ─▶ live ── flush / delta
 *
 * Back pressure, by name `conflate-then-disconnect`: a client that reads too slowly gets fewer, merged deltas; one that
 * does not read at all is closed with 1013 and may come back for a fresh snapshot. It never costs the others anything.
 */
import { assert } from "@burnline/std";
import {
  IDLE_MS_MAX,
  MESSAGE_BURST_MAX,
  MESSAGES_PER_SECOND_MAX,
  OUTBOX_HARD_BYTES_MAX,
  OUTBOX_SOFT_BYTES_MAX,
  SNAPSHOTS_PER_FLUSH_MAX,
  STALL_MS_MAX,
  SUBSCRIPTIONS_PER_CLIENT_MAX,
} from "./limits.ts";
import { parseTopic, type Topic } from "./topic.ts";

export type SessionState = "greeting" | "current" | "conflating" | "closed";

/** Codes that clients may rely on. "unsupported-protocol" is said before there is a session (websocket-feed). */
export type ErrorCode =
  | "bad-message"
  | "unknown-topic"
  | "duplicate-id"
  | "too-many-subscriptions"
  | "unsupported-protocol";

/** Why a connection ended; the label of gateway_clients_disconnected_total. */
export type DisconnectReason =
  | "slow"
  | "stalled"
  | "flood"
  | "idle"
  | "restart"
  | "full"
  | "unauthorized"
  | "too-large"
  | "client"
  | "failure";

interface Subscription {
  readonly id: number;
  readonly text: string;
  readonly topic: Topic;
  /** Version of the view that the client has; undefined while the snapshot is still to come. */
  readonly version: number | undefined;
}

export interface Session {
  readonly state: SessionState;
  readonly subscriptions: readonly Subscription[];
  /** Since when the outbox is over the soft cap. */
  readonly fullSinceMs: number;
  /** When the client last gave a sign of life. */
  readonly heardAtMs: number;
  /** Messages that the client may still send at once, and when that was last worked out. */
  readonly budget: number;
  readonly budgetAtMs: number;
}

export type SessionEvent =
  | { readonly type: "opened"; readonly nowMs: number }
  | { readonly type: "subscribe"; readonly id: number; readonly topic: string; readonly nowMs: number }
  | { readonly type: "unsubscribe"; readonly id: number; readonly nowMs: number }
  | { readonly type: "ping"; readonly clientTimeMs: number; readonly nowMs: number }
  | { readonly type: "unreadable"; readonly fault: string; readonly nowMs: number }
  /** A ping or pong of the WebSocket itself; answered below us, but it counts towards a flood. */
  | { readonly type: "heard"; readonly nowMs: number }
  | { readonly type: "flush"; readonly version: number; readonly outboxBytes: number; readonly nowMs: number }
  | { readonly type: "heartbeat"; readonly nowMs: number }
  | { readonly type: "stopping" }
  | { readonly type: "disconnected"; readonly reason: DisconnectReason };

export type SessionCommand =
  | { readonly type: "hello" }
  | { readonly type: "pong"; readonly clientTimeMs: number }
  | { readonly type: "error"; readonly code: ErrorCode; readonly message: string; readonly id: number }
  | { readonly type: "snapshot"; readonly subscription: Subscription }
  | { readonly type: "delta"; readonly subscription: Subscription; readonly fromVersion: number }
  | { readonly type: "conflated"; readonly deltas: number }
  | { readonly type: "probe" }
  | { readonly type: "close"; readonly code: number; readonly text: string; readonly reason: DisconnectReason }
  | { readonly type: "cut"; readonly reason: DisconnectReason }
  | { readonly type: "ended"; readonly reason: DisconnectReason };

export interface SessionLimits {
  readonly softBytesMax: number;
  readonly hardBytesMax: number;
  readonly stallMsMax: number;
}

export const SESSION_LIMITS: SessionLimits = {
  softBytesMax: OUTBOX_SOFT_BYTES_MAX,
  hardBytesMax: OUTBOX_HARD_BYTES_MAX,
  stallMsMax: STALL_MS_MAX,
};

export interface Step {
  readonly session: Session;
  readonly commands: readonly SessionCommand[];
}

export const NEW_SESSION: Session = {
  state: "greeting",
  subscriptions: [],
  fullSinceMs: 0,
  heardAtMs: 0,
  budget: MESSAGE_BURST_MAX,
  budgetAtMs: 0,
};

export function step(session: Session, event: SessionEvent, limits: SessionLimits = SESSION_LIMITS): Step {
  if (session.state === "closed") return stay(session);
  switch (event.type) {
    case "stopping":
      return close(session, 1012, "service restart", "restart");
    case "disconnected":
      return { session: closed(session), commands: [{ type: "ended", reason: event.reason }] };
    case "opened":
      assert(session.state === "greeting", "a connection opens once");
      return {
        session: { ...session, state: "current", heardAtMs: event.nowMs, budgetAtMs: event.nowMs },
        commands: [{ type: "hello" }],
      };
  }
  assert(session.state !== "greeting", "nothing but an end can come before the opening");
  switch (event.type) {
    case "flush":
      return flush(session, event, limits);
    case "heartbeat":
      if (event.nowMs - session.heardAtMs > IDLE_MS_MAX) {
        return { session: closed(session), commands: [{ type: "cut", reason: "idle" }] };
      }
      return { session, commands: [{ type: "probe" }] };
    default:
      return message(session, event);
  }
}

type MessageEvent = Extract<SessionEvent, { type: "subscribe" | "unsubscribe" | "ping" | "unreadable" | "heard" }>;

function message(session: Session, event: MessageEvent): Step {
  const paid = payFor(session, event.nowMs);
  if (paid === undefined) {
    return close(session, 1008, `more than ${MESSAGES_PER_SECOND_MAX} messages a second`, "flood");
  }
  switch (event.type) {
    case "heard":
      return stay(paid);
    case "ping":
      return { session: paid, commands: [{ type: "pong", clientTimeMs: event.clientTimeMs }] };
    case "unreadable":
      return refuse(paid, "bad-message", event.fault, 0);
    case "unsubscribe":
      // Of something that is not there: the client already has what it asks for.
      return stay({ ...paid, subscriptions: paid.subscriptions.filter((one) => one.id !== event.id) });
    case "subscribe":
      return subscribe(paid, event.id, event.topic);
  }
}

function subscribe(session: Session, id: number, text: string): Step {
  const topic = parseTopic(text);
  if (topic === undefined) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    return refuse(
      session,
      "unknown-topic",
      `There is no topic ${shown}: subscribe to "board", "car/<car>" or "alerts".`,
      id,
    );
  }
  if (session.subscriptions.some((one) => one.id === id)) {
    return refuse(
      session,
      "duplicate-id",
      `Subscription ${id} exists already on this connection: choose another id.`,
      id,
    );
  }
  if (session.subscriptions.length >= SUBSCRIPTIONS_PER_CLIENT_MAX) {
    const text = `A connection holds at most ${SUBSCRIPTIONS_PER_CLIENT_MAX} subscriptions: unsubscribe from one first.`;
    return refuse(session, "too-many-subscriptions", text, id);
  }
  const subscription: Subscription = { id, text, topic, version: undefined };
  return stay({ ...session, subscriptions: [...session.subscriptions, subscription] });
}

function flush(session: Session, event: Extract<SessionEvent, { type: "flush" }>, limits: SessionLimits): Step {
  if (event.outboxBytes > limits.hardBytesMax) return close(session, 1013, "reads too slowly", "slow");
  if (event.outboxBytes > limits.softBytesMax) {
    const fullSinceMs = session.state === "conflating" ? session.fullSinceMs : event.nowMs;
    if (event.nowMs - fullSinceMs >= limits.stallMsMax) return close(session, 1013, "does not read", "stalled");
    const behind = session.subscriptions.filter((one) => one.version !== undefined && one.version < event.version);
    const commands: SessionCommand[] = behind.length > 0 ? [{ type: "conflated", deltas: behind.length }] : [];
    return { session: { ...session, state: "conflating", fullSinceMs }, commands };
  }
  const commands: SessionCommand[] = [];
  let snapshots = 0;
  const subscriptions = session.subscriptions.map((one) => {
    if (one.version === undefined) {
      if (snapshots >= SNAPSHOTS_PER_FLUSH_MAX) return one;
      snapshots++;
      commands.push({ type: "snapshot", subscription: one });
    } else {
      assert(event.version >= one.version, "I9: a client's view never goes back");
      if (one.version === event.version) return one;
      commands.push({ type: "delta", subscription: one, fromVersion: one.version });
    }
    return { ...one, version: event.version };
  });
  return { session: { ...session, state: "current", subscriptions }, commands };
}

/** The session with one message less in its budget, or undefined when there is none left. */
function payFor(session: Session, nowMs: number): Session | undefined {
  const elapsedMs = Math.max(0, nowMs - session.budgetAtMs);
  const budget = Math.min(MESSAGE_BURST_MAX, session.budget + (elapsedMs * MESSAGES_PER_SECOND_MAX) / 1_000);
  if (budget < 1) return undefined;
  return { ...session, budget: budget - 1, budgetAtMs: nowMs, heardAtMs: Math.max(session.heardAtMs, nowMs) };
}

function refuse(session: Session, code: ErrorCode, text: string, id: number): Step {
  return { session, commands: [{ type: "error", code, message: text, id }] };
}

function close(session: Session, code: number, text: string, reason: DisconnectReason): Step {
  return { session: closed(session), commands: [{ type: "close", code, text, reason }] };
}

function closed(session: Session): Session {
  return { ...session, state: "closed", subscriptions: [] };
}

function stay(session: Session): Step {
  return { session, commands: [] };
}
