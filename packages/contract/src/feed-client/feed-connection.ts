import type { MessageInitShape } from "@bufbuild/protobuf";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { assert } from "@burnline/std";
import { ClientMessageSchema, type ServerMessage, ServerMessageSchema } from "../generated/burnline/v1/live_pb.js";
import { SUBPROTOCOL_PROTO } from "../versions.ts";
import { FEED_NOT_STARTED, type FeedEvent, type FeedState, feedStep, nextWakeMs } from "./feed-state.ts";
import { ServerClock } from "./server-clock.ts";

/** A larger message is not decoded; the connection is opened anew. A snapshot of 128 cars has about 200 KiB. */
export const FEED_MESSAGE_BYTES_MAX = 8 * 1024 * 1024;
/** Topics that one page follows at a time, as the gateway allows; one more is a programmer's error. */
export const SUBSCRIPTIONS_MAX = 16;

export interface FeedSocket {
  send(bytes: Uint8Array): void;
  close(): void;
}

/** What a socket tells. Nothing is expected after `closed`. */
export interface FeedSocketEvents {
  received(bytes: Uint8Array): void;
  /** @param isRefused the gateway wants a viewer's token, or another one */
  closed(isRefused: boolean): void;
}

/** Everything that the feed needs from the world it runs in. */
export interface FeedPorts {
  openSocket(subprotocol: string, events: FeedSocketEvents): FeedSocket;
  /** Wall time of this machine. */
  nowMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs once after delayMs; the returned function cancels. */
  schedule(delayMs: number, run: () => void): () => void;
}

export interface FeedListener {
  /** Called with every change of the state's type, and with every new attempt. */
  stateChanged(state: FeedState): void;
  /** Hello, snapshots and deltas of topics still subscribed to, errors and status. Pongs stay inside. */
  received(message: ServerMessage): void;
}

/** Keeps one connection to the gateway alive and its subscriptions answered: connects, subscribes, pings, retries. */
export class FeedConnection {
  readonly clock = new ServerClock();
  readonly #ports: FeedPorts;
  readonly #listener: FeedListener;
  readonly #topics = new Map<number, string>();
  #state: FeedState = FEED_NOT_STARTED;
  #socket: FeedSocket | undefined;
  #nextId = 1;
  #cancelWake: (() => void) | undefined;

  constructor(ports: FeedPorts, listener: FeedListener) {
    this.#ports = ports;
    this.#listener = listener;
  }

  get state(): FeedState {
    return this.#state;
  }

  start(): void {
    this.#handle({ type: "start" });
  }

  stop(): void {
    this.#handle({ type: "stop" });
  }

  /** Follows a topic over every reconnection until the returned function is called. */
  subscribe(topic: string): () => void {
    assert(this.#topics.size < SUBSCRIPTIONS_MAX, `at most ${SUBSCRIPTIONS_MAX} subscriptions`);
    const id = this.#nextId++;
    this.#topics.set(id, topic);
    if (this.#isGreeted()) this.#send({ op: { case: "subscribe", value: { id, topic } } });
    return () => {
      if (this.#topics.delete(id) && this.#isGreeted()) this.#send({ op: { case: "unsubscribe", value: { id } } });
    };
  }

  #isGreeted(): boolean {
    const state = this.#state;
    return state.type === "live" || state.type === "stale" || (state.type === "connecting" && state.greeted);
  }

  #handle(event: FeedEvent): void {
    const before = this.#state;
    const step = feedStep(before, event, this.#ports.nowMs(), this.#ports.random());
    this.#state = step.state;
    for (const command of step.commands) {
      if (command === "open") this.#open();
      else if (command === "close") this.#close();
      else if (command === "ping") this.#send({ op: { case: "ping", value: { clientTimeMs: this.#ports.nowMs() } } });
      else for (const [id, topic] of this.#topics) this.#send({ op: { case: "subscribe", value: { id, topic } } });
    }
    if (step.state === before) return;
    this.#scheduleWake();
    if (step.state.type !== before.type) this.#listener.stateChanged(step.state);
  }

  #scheduleWake(): void {
    this.#cancelWake?.();
    const wakeMs = nextWakeMs(this.#state);
    if (wakeMs === undefined) {
      this.#cancelWake = undefined;
      return;
    }
    const delayMs = Math.max(0, wakeMs - this.#ports.nowMs());
    this.#cancelWake = this.#ports.schedule(delayMs, () => {
      this.#cancelWake = undefined;
      this.#handle({ type: "wake" });
      // A timer that fires a little early changes nothing; without a new one the feed would sleep for good.
      if (this.#cancelWake === undefined) this.#scheduleWake();
    });
  }

  #open(): void {
    // A socket that was given up may still speak; only the latest one is heard.
    let own: FeedSocket | undefined;
    const isCurrent = () => own !== undefined && own === this.#socket;
    own = this.#ports.openSocket(SUBPROTOCOL_PROTO, {
      received: (bytes) => {
        if (isCurrent()) this.#receive(bytes);
      },
      closed: (isRefused) => {
        if (isCurrent()) this.#handle({ type: isRefused ? "refused" : "lost" });
      },
    });
    this.#socket = own;
  }

  #close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #send(message: MessageInitShape<typeof ClientMessageSchema>): void {
    this.#socket?.send(toBinary(ClientMessageSchema, create(ClientMessageSchema, message)));
  }

  #receive(bytes: Uint8Array): void {
    const message = decodeServerMessage(bytes);
    const op = message?.op;
    if (message === undefined || op === undefined) {
      // A message that cannot be read may have held a change that comes only once: a fresh snapshot repairs it.
      this.#handle({ type: "lost" });
      return;
    }
    switch (op.case) {
      case "hello":
        this.clock.greet(op.value.serverTimeMs, this.#ports.nowMs());
        this.#listener.received(message);
        this.#handle({ type: "hello", protocolVersion: op.value.protocolVersion });
        break;
      case "pong":
        this.clock.answer(op.value.clientTimeMs, op.value.serverTimeMs, this.#ports.nowMs());
        this.#handle({ type: "pong" });
        break;
      case "snapshot":
      case "delta":
        if (this.#topics.has(op.value.id)) this.#listener.received(message);
        this.#handle({ type: "data" });
        break;
      case "error":
      case "status":
        this.#listener.received(message);
        break;
    }
  }
}

function decodeServerMessage(bytes: Uint8Array): ServerMessage | undefined {
  if (bytes.length > FEED_MESSAGE_BYTES_MAX) return undefined;
  try {
    return fromBinary(ServerMessageSchema, bytes);
  } catch {
    return undefined;
  }
}
