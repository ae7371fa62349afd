import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  NEW_SESSION,
  type Session,
  type SessionCommand,
  type SessionEvent,
  type SessionState,
  step,
} from "./client-session.ts";
import { IDLE_MS_MAX, MESSAGE_BURST_MAX, SNAPSHOTS_PER_FLUSH_MAX, SUBSCRIPTIONS_PER_CLIENT_MAX } from "./limits.ts";

const LIMITS = { softBytesMax: 1_000, hardBytesMax: 10_000, stallMsMax: 10_000 };
const NOW_MS = 1_000_000;

function run(session: Session, ...events: SessionEvent[]): { session: Session; commands: SessionCommand[] } {
  const commands: SessionCommand[] = [];
  let current = session;
  for (const event of events) {
    const next = step(current, event, LIMITS);
    current = next.session;
    commands.push(...next.commands);
  }
  return { session: current, commands };
}

const subscribe = (id: number, topic = "board"): SessionEvent => ({ type: "subscribe", id, topic, nowMs: NOW_MS });
const flush = (version: number, outboxBytes = 0, nowMs = NOW_MS): SessionEvent => ({
  type: "flush",
  version,
  outboxBytes,
  nowMs,
});

/** One session per state, each (but the first) with a live subscription 1 to "board" at version 5. */
const current = run(NEW_SESSION, { type: "opened", nowMs: NOW_MS }, subscribe(1), flush(5)).session;
const SESSIONS: Record<SessionState, Session> = {
  greeting: NEW_SESSION,
  current,
  conflating: run(current, flush(6, 2_000)).session,
  closed: run(current, { type: "stopping" }).session,
};

const EVENTS = {
  opened: { type: "opened", nowMs: NOW_MS },
  subscribe: subscribe(2, "car/24"),
  subscribeUnknown: subscribe(2, "weather"),
  subscribeTwice: subscribe(1, "alerts"),
  unsubscribe: { type: "unsubscribe", id: 1, nowMs: NOW_MS },
  ping: { type: "ping", clientTimeMs: 7, nowMs: NOW_MS },
  unreadable: { type: "unreadable", fault: "No.", nowMs: NOW_MS },
  heard: { type: "heard", nowMs: NOW_MS },
  flushWithRoom: flush(7, 1_000),
  flushFull: flush(7, 1_001),
  flushOverHardCap: flush(7, 10_001),
  flushFullForTenSeconds: flush(7, 1_001, NOW_MS + 10_000),
  heartbeat: { type: "heartbeat", nowMs: NOW_MS + IDLE_MS_MAX },
  heartbeatOfDeadPeer: { type: "heartbeat", nowMs: NOW_MS + IDLE_MS_MAX + 1 },
  stopping: { type: "stopping" },
  disconnected: { type: "disconnected", reason: "client" },
} as const satisfies Record<string, SessionEvent>;

type Expected = readonly [SessionState, ...string[]] | "breaks an invariant";
const NEVER: Expected = "breaks an invariant";
const SILENT: Expected = ["closed"];

/** State after, then the commands; "close" and "error" with their code. */
const TRUTH: Record<SessionState, Record<keyof typeof EVENTS, Expected>> = {
  greeting: {
    opened: ["current", "hello"],
    subscribe: NEVER,
    subscribeUnknown: NEVER,
    subscribeTwice: NEVER,
    unsubscribe: NEVER,
    ping: NEVER,
    unreadable: NEVER,
    heard: NEVER,
    flushWithRoom: NEVER,
    flushFull: NEVER,
    flushOverHardCap: NEVER,
    flushFullForTenSeconds: NEVER,
    heartbeat: NEVER,
    heartbeatOfDeadPeer: NEVER,
    stopping: ["closed", "close 1012 restart"],
    disconnected: ["closed", "ended client"],
  },
  current: {
    opened: NEVER,
    subscribe: ["current"],
    subscribeUnknown: ["current", "error unknown-topic"],
    subscribeTwice: ["current", "error duplicate-id"],
    unsubscribe: ["current"],
    ping: ["current", "pong"],
    unreadable: ["current", "error bad-message"],
    heard: ["current"],
    flushWithRoom: ["current", "delta 5"],
    flushFull: ["conflating", "conflated 1"],
    flushOverHardCap: ["closed", "close 1013 slow"],
    flushFullForTenSeconds: ["conflating", "conflated 1"],
    heartbeat: ["current", "probe"],
    heartbeatOfDeadPeer: ["closed", "cut idle"],
    stopping: ["closed", "close 1012 restart"],
    disconnected: ["closed", "ended client"],
  },
  conflating: {
    opened: NEVER,
    subscribe: ["conflating"],
    subscribeUnknown: ["conflating", "error unknown-topic"],
    subscribeTwice: ["conflating", "error duplicate-id"],
    unsubscribe: ["conflating"],
    ping: ["conflating", "pong"],
    unreadable: ["conflating", "error bad-message"],
    heard: ["conflating"],
    flushWithRoom: ["current", "delta 5"],
    flushFull: ["conflating", "conflated 1"],
    flushOverHardCap: ["closed", "close 1013 slow"],
    flushFullForTenSeconds: ["closed", "close 1013 stalled"],
    heartbeat: ["conflating", "probe"],
    heartbeatOfDeadPeer: ["closed", "cut idle"],
    stopping: ["closed", "close 1012 restart"],
    disconnected: ["closed", "ended client"],
  },
  closed: {
    opened: SILENT,
    subscribe: SILENT,
    subscribeUnknown: SILENT,
    subscribeTwice: SILENT,
    unsubscribe: SILENT,
    ping: SILENT,
    unreadable: SILENT,
    heard: SILENT,
    flushWithRoom: SILENT,
    flushFull: SILENT,
    flushOverHardCap: SILENT,
    flushFullForTenSeconds: SILENT,
    heartbeat: SILENT,
    heartbeatOfDeadPeer: SILENT,
    stopping: SILENT,
    disconnected: SILENT,
  },
};

function shown(command: SessionCommand): string {
  switch (command.type) {
    case "close":
      return `close ${command.code} ${command.reason}`;
    case "error":
      return `error ${command.code}`;
    case "delta":
      return `delta ${command.fromVersion}`;
    case "conflated":
      return `conflated ${command.deltas}`;
    case "cut":
    case "ended":
      return `${command.type} ${command.reason}`;
    default:
      return command.type;
  }
}

describe("client session: truth table", () => {
  for (const [state, row] of Object.entries(TRUTH) as [SessionState, (typeof TRUTH)[SessionState]][]) {
    for (const [name, expected] of Object.entries(row) as [keyof typeof EVENTS, Expected][]) {
      test(`${state} + ${name} → ${typeof expected === "string" ? expected : expected.join(", ")}`, () => {
        const act = () => step(SESSIONS[state], EVENTS[name], LIMITS);
        if (typeof expected === "string") return expect(act).toThrow(/invariant broken/);
        const { session, commands } = act();
        expect([session.state, ...commands.map(shown)]).toEqual(expected);
      });
    }
  }
});

describe("client session: laws", () => {
  test("each subscription gets exactly one snapshot and then deltas from where it stood", () => {
    const { commands } = run(current, subscribe(2, "car/24"), flush(6), flush(6), flush(7, 5_000), flush(8), flush(9));
    expect(commands.filter((command) => command.type === "snapshot")).toHaveLength(1);
    const deltas = commands.flatMap((command) =>
      command.type === "delta" ? [[command.subscription.id, command.fromVersion]] : [],
    );
    // Version 7 was skipped under pressure, so the delta at version 8 starts from 6 again.
    expect(deltas).toEqual([
      [1, 5],
      [1, 6],
      [2, 6],
      [1, 8],
      [2, 8],
    ]);
  });

  test("a version that goes back is a broken invariant, not a message", () => {
    expect(() => run(current, flush(4))).toThrow(/I9/);
  });

  test("subscriptions and snapshots per flush are capped", () => {
    const many = Array.from({ length: SUBSCRIPTIONS_PER_CLIENT_MAX }, (_, index) => subscribe(index + 2, "alerts"));
    const { session, commands } = run(current, ...many);
    expect(session.subscriptions).toHaveLength(SUBSCRIPTIONS_PER_CLIENT_MAX);
    expect(commands.map(shown)).toEqual(["error too-many-subscriptions"]);
    const flushed = run(session, flush(6)).commands.filter((command) => command.type === "snapshot");
    expect(flushed).toHaveLength(SNAPSHOTS_PER_FLUSH_MAX);
    const later = run(session, ...Array.from({ length: 9 }, (_, index) => flush(6 + index))).commands;
    expect(later.filter((command) => command.type === "snapshot")).toHaveLength(SUBSCRIPTIONS_PER_CLIENT_MAX - 1);
  });

  test("a flood is closed with 1008, the allowed rate never is", () => {
    const ping = (nowMs: number): SessionEvent => ({ type: "ping", clientTimeMs: 0, nowMs });
    const flood = run(current, ...Array.from({ length: MESSAGE_BURST_MAX + 1 }, () => ping(NOW_MS)));
    expect(flood.commands.map(shown).at(-1)).toBe("close 1008 flood");
    const steady = run(current, ...Array.from({ length: 2_000 }, (_, index) => ping(NOW_MS + index * 20)));
    expect(steady.session.state).toBe("current");
  });

  test("whatever happens: at most one end, silence after it, one snapshot per subscription, versions only rise", () => {
    const time = fc.integer({ min: 0, max: 60_000 }).map((ms) => NOW_MS + ms);
    const anyEvent: fc.Arbitrary<SessionEvent> = fc.oneof(
      fc.record({
        type: fc.constant("subscribe" as const),
        id: fc.nat(4),
        topic: fc.constantFrom("board", "alerts", "car/1", "?"),
        nowMs: time,
      }),
      fc.record({ type: fc.constant("unsubscribe" as const), id: fc.nat(4), nowMs: time }),
      fc.record({ type: fc.constant("ping" as const), clientTimeMs: fc.nat(), nowMs: time }),
      fc.record({
        type: fc.constant("flush" as const),
        version: fc.constant(0),
        outboxBytes: fc.nat(11_000),
        nowMs: time,
      }),
      fc.constant<SessionEvent>({ type: "stopping" }),
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        let session = step(NEW_SESSION, { type: "opened", nowMs: NOW_MS }).session;
        let version = 10;
        let ends = 0;
        const shownVersion = new Map<number, number>();
        for (const event of events) {
          if (event.type === "unsubscribe") shownVersion.delete(event.id);
          const timed = event.type === "flush" ? { ...event, version: ++version } : event;
          const wasClosed = session.state === "closed";
          const next = step(session, timed, LIMITS);
          session = next.session;
          if (wasClosed) expect(next.commands).toEqual([]);
          for (const command of next.commands) {
            if (command.type === "close" || command.type === "cut") ends++;
            if (command.type === "snapshot") {
              expect(shownVersion.has(command.subscription.id)).toBe(false);
              shownVersion.set(command.subscription.id, version);
            }
            if (command.type === "delta") {
              expect(shownVersion.get(command.subscription.id)).toBe(command.fromVersion);
              shownVersion.set(command.subscription.id, version);
            }
          }
        }
        expect(ends).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
});
