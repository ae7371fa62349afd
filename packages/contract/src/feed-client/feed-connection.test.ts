import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ClientMessageSchema, type ServerMessage, ServerMessageSchema } from "../generated/burnline/v1/live_pb.js";
import { PROTOCOL_VERSION, SUBPROTOCOL_PROTO } from "../versions.ts";
import { FEED_MESSAGE_BYTES_MAX, FeedConnection, type FeedSocketEvents, SUBSCRIPTIONS_MAX } from "./feed-connection.ts";
import { SILENT_AFTER_MS, STALE_AFTER_MS } from "./feed-state.ts";

interface OpenedSocket {
  readonly subprotocol: string;
  readonly events: FeedSocketEvents;
  readonly sent: string[];
  isClosed: boolean;
}

/** A world whose time moves by hand: sockets are recorded, timers run when their time has come. */
function fakeWorld() {
  let nowMs = 1_000_000;
  let timers: { dueMs: number; run: () => void }[] = [];
  const sockets: OpenedSocket[] = [];
  const received: ServerMessage[] = [];
  const states: string[] = [];
  const feed = new FeedConnection(
    {
      nowMs: () => nowMs,
      random: () => 0.5,
      schedule: (delayMs, run) => {
        const timer = { dueMs: nowMs + delayMs, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
      openSocket: (subprotocol, events) => {
        const socket: OpenedSocket = { subprotocol, events, sent: [], isClosed: false };
        sockets.push(socket);
        return {
          send: (bytes) => {
            const { op } = fromBinary(ClientMessageSchema, bytes);
            if (op.case === "subscribe") socket.sent.push(`subscribe ${op.value.id} ${op.value.topic}`);
            else if (op.case === "unsubscribe") socket.sent.push(`unsubscribe ${op.value.id}`);
            else socket.sent.push(op.case ?? "nothing");
          },
          close: () => {
            socket.isClosed = true;
          },
        };
      },
    },
    { received: (message) => received.push(message), stateChanged: (state) => states.push(state.type) },
  );
  const say = (message: MessageInitShape<typeof ServerMessageSchema>, socket = sockets.at(-1)!) =>
    socket.events.received(toBinary(ServerMessageSchema, create(ServerMessageSchema, message)));
  return {
    feed,
    sockets,
    received,
    states,
    say,
    hello: (protocolVersion: number = PROTOCOL_VERSION) =>
      say({ op: { case: "hello", value: { protocolVersion, serverTimeMs: nowMs + 700 } } }),
    snapshot: (id: number) => say({ op: { case: "snapshot", value: { id } } }),
    advance: (ms: number) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = timers.filter((timer) => timer.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        nowMs = Math.max(nowMs, next.dueMs);
        next.run();
      }
      nowMs = untilMs;
    },
    timerCount: () => timers.length,
  };
}

describe("a connection", () => {
  test("speaks the binary subprotocol and subscribes only after hello", () => {
    const world = fakeWorld();
    world.feed.subscribe("board");
    world.feed.start();
    expect(world.sockets[0]?.subprotocol).toBe(SUBPROTOCOL_PROTO);
    expect(world.sockets[0]?.sent).toEqual([]);
    world.hello();
    expect(world.sockets[0]?.sent).toEqual(["subscribe 1 board", "ping"]);
    world.snapshot(1);
    expect(world.feed.state.type).toBe("live");
    expect(world.states).toEqual(["connecting", "live"]);
  });

  test("subscribes anew to every topic after it was lost, with the same ids", () => {
    const world = fakeWorld();
    world.feed.subscribe("board");
    const leave = world.feed.subscribe("car/24");
    world.feed.start();
    world.hello();
    world.snapshot(1);
    leave();
    world.feed.subscribe("alerts");
    expect(world.sockets[0]?.sent.slice(-2)).toEqual(["unsubscribe 2", "subscribe 3 alerts"]);
    world.sockets[0]?.events.closed(false);
    expect(world.feed.state.type).toBe("reconnecting");
    world.advance(1_000);
    world.hello();
    expect(world.sockets[1]?.sent).toEqual(["subscribe 1 board", "subscribe 3 alerts", "ping"]);
  });

  test("hears nothing of a topic that it has left, nor of a socket that it has given up", () => {
    const world = fakeWorld();
    const leave = world.feed.subscribe("board");
    world.feed.start();
    world.hello();
    world.snapshot(1);
    leave();
    const heard = world.received.length;
    world.snapshot(1);
    expect(world.received.length).toBe(heard);
    const old = world.sockets[0]!;
    old.events.closed(false);
    world.advance(1_000);
    world.say({ op: { case: "status", value: { level: "info", message: "late" } } }, old);
    old.events.closed(false);
    expect(world.received.length).toBe(heard);
    expect(world.sockets.length).toBe(2);
  });

  test("that cannot be read is opened anew", () => {
    for (const bytes of [new Uint8Array([255, 255, 255]), new Uint8Array(FEED_MESSAGE_BYTES_MAX + 1)]) {
      const world = fakeWorld();
      world.feed.start();
      world.hello();
      world.sockets[0]?.events.received(bytes);
      expect(world.feed.state.type).toBe("reconnecting");
      expect(world.sockets[0]?.isClosed).toBe(true);
    }
  });

  test("to a server of another version ends for good", () => {
    const world = fakeWorld();
    world.feed.start();
    world.hello(PROTOCOL_VERSION + 1);
    world.advance(600_000);
    expect(world.feed.state).toEqual({ type: "closed", reason: "other protocol version" });
    expect(world.sockets.length).toBe(1);
  });

  test("that was stopped leaves no timer and no socket", () => {
    const world = fakeWorld();
    world.feed.start();
    world.hello();
    world.feed.stop();
    expect(world.timerCount()).toBe(0);
    expect(world.sockets[0]?.isClosed).toBe(true);
  });

  test("grows stale without data, is given up without a word, and comes back by itself", () => {
    const world = fakeWorld();
    world.feed.subscribe("board");
    world.feed.start();
    world.hello();
    world.snapshot(1);
    world.advance(STALE_AFTER_MS);
    expect(world.feed.state.type).toBe("stale");
    world.advance(SILENT_AFTER_MS - STALE_AFTER_MS);
    expect(world.feed.state.type).toBe("reconnecting");
    world.advance(1_000);
    world.hello();
    world.snapshot(1);
    expect(world.feed.state.type).toBe("live");
  });

  test("tries on with growing pauses while nobody answers", () => {
    const world = fakeWorld();
    world.feed.start();
    for (let attempt = 0; attempt < 30; attempt++) {
      world.sockets.at(-1)?.events.closed(false);
      world.advance(5_000);
    }
    expect(world.sockets.length).toBe(31);
    expect(world.feed.state.type).toBe("connecting");
  });

  test("that is refused says so and tries on", () => {
    const world = fakeWorld();
    world.feed.start();
    world.sockets[0]?.events.closed(true);
    expect(world.feed.state).toMatchObject({ type: "reconnecting", isRefused: true });
    world.advance(5_000);
    expect(world.feed.state).toMatchObject({ type: "connecting", isRefused: true });
    expect(world.sockets.length).toBe(2);
  });

  test("learns the server's clock from hello and sharpens it by pongs", () => {
    const world = fakeWorld();
    world.feed.start();
    world.hello();
    expect(world.feed.clock.offsetMs).toBe(700);
    world.say({ op: { case: "pong", value: { clientTimeMs: 1_000_000, serverTimeMs: 1_000_712 } } });
    expect(world.feed.clock.offsetMs).toBe(712);
  });

  test("refuses more topics than the gateway allows", () => {
    const world = fakeWorld();
    for (let index = 0; index < SUBSCRIPTIONS_MAX; index++) world.feed.subscribe(`car/${index}`);
    expect(() => world.feed.subscribe("board")).toThrow(/at most/);
  });
});
