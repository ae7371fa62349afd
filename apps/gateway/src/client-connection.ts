import { create, ErrorSchema, type Hello, PongSchema, type ServerMessage } from "@burnline/contract";
import { unreachable } from "@burnline/std";
import type { RawData, WebSocket } from "ws";
import { type ClientOperation, decodeClientMessage } from "./client-message.ts";
import {
  type DisconnectReason,
  NEW_SESSION,
  type Session,
  type SessionCommand,
  type SessionEvent,
  type SessionLimits,
  type SessionState,
  step,
} from "./client-session.ts";
import type { FeedEncoder } from "./feed-encoder.ts";
import { type Encoding, encodeMessage, type FeedFrame, serverMessage } from "./feed-frame.ts";
import { CLOSE_GRACE_MS } from "./limits.ts";

/** What all connections of a feed have in common. */
export interface ConnectionContext {
  readonly encoder: FeedEncoder;
  readonly limits: SessionLimits;
  nowMs(): number;
  hello(): Hello;
  /** The client waits for the next flush. */
  flushWanted(): void;
  conflated(deltas: number): void;
  /** Once per connection, whoever ended it. */
  ended(reason: DisconnectReason): void;
  /** The socket is gone for good. */
  gone(connection: ClientConnection): void;
}

/** One socket and its session: turns what the socket says into events, and commands into what the socket does. */
export class ClientConnection {
  readonly #socket: WebSocket;
  readonly #encoding: Encoding;
  readonly #context: ConnectionContext;
  #session: Session = NEW_SESSION;
  #failure: DisconnectReason = "client";

  constructor(socket: WebSocket, encoding: Encoding, context: ConnectionContext) {
    this.#socket = socket;
    this.#encoding = encoding;
    this.#context = context;
    socket.on("message", (data, isBinary) => this.#receive(data, !isBinary));
    const heard = () => this.#handle({ type: "heard", nowMs: context.nowMs() });
    socket.on("ping", heard);
    socket.on("pong", heard);
    socket.on("error", (error) => {
      // ws has already answered with the fitting close code (1009 too large, 1007 not UTF-8, 1002 not WebSocket).
      this.#failure = "code" in error && error.code === TOO_LARGE ? "too-large" : "failure";
      this.#cutAfterGrace();
    });
    socket.on("close", () => {
      this.#handle({ type: "disconnected", reason: this.#failure });
      context.gone(this);
    });
  }

  get state(): SessionState {
    return this.#session.state;
  }

  /** True while a flush has something to do for this client even if nothing changes. */
  get isWaiting(): boolean {
    const { state, subscriptions } = this.#session;
    return state === "conflating" || (state === "current" && subscriptions.some((one) => one.version === undefined));
  }

  /** What the socket still has to send. */
  get outboxBytes(): number {
    return this.#socket.bufferedAmount;
  }

  open(): void {
    this.#handle({ type: "opened", nowMs: this.#context.nowMs() });
  }

  flush(version: number, nowMs: number): void {
    this.#handle({ type: "flush", version, outboxBytes: this.#socket.bufferedAmount, nowMs });
  }

  heartbeat(): void {
    this.#handle({ type: "heartbeat", nowMs: this.#context.nowMs() });
  }

  stop(): void {
    this.#handle({ type: "stopping" });
  }

  /** Without a session: says why there will be none. */
  turnAway(code: number, text: string, reason: DisconnectReason): void {
    this.#session = { ...this.#session, state: "closed" };
    this.#execute({ type: "close", code, text, reason });
  }

  cut(): void {
    this.#socket.terminate();
  }

  #receive(data: RawData, isText: boolean): void {
    if (this.#session.state === "closed") return;
    const nowMs = this.#context.nowMs();
    const message = decodeClientMessage(toBytes(data), isText, this.#encoding);
    if (message.ok) this.#handle(toSessionEvent(message.value, nowMs));
    else this.#handle({ type: "unreadable", fault: message.error, nowMs });
    if (this.isWaiting) this.#context.flushWanted();
  }

  #handle(event: SessionEvent): void {
    const { session, commands } = step(this.#session, event, this.#context.limits);
    this.#session = session;
    for (const command of commands) this.#execute(command);
  }

  #execute(command: SessionCommand): void {
    const { encoder, nowMs, conflated, ended } = this.#context;
    switch (command.type) {
      case "snapshot": {
        const { text, topic, id } = command.subscription;
        this.#send(encoder.snapshot(this.#encoding, text, topic, id, nowMs()));
        break;
      }
      case "delta": {
        const { text, topic, id } = command.subscription;
        const frame = encoder.delta(this.#encoding, text, topic, command.fromVersion, id, nowMs());
        if (frame !== undefined) this.#send(frame);
        break;
      }
      case "conflated":
        conflated(command.deltas);
        break;
      case "hello":
      case "pong":
      case "error":
        this.#send(encodeMessage(this.#reply(command), this.#encoding));
        break;
      case "probe":
        this.#socket.ping();
        break;
      case "close":
        this.#socket.close(command.code, command.text);
        this.#cutAfterGrace();
        ended(command.reason);
        break;
      case "cut":
        this.#socket.terminate();
        ended(command.reason);
        break;
      case "ended":
        ended(command.reason);
        break;
      default:
        unreachable(command);
    }
  }

  #reply(command: Extract<SessionCommand, { type: "hello" | "pong" | "error" }>): ServerMessage {
    switch (command.type) {
      case "hello":
        return serverMessage({ case: "hello", value: this.#context.hello() });
      case "pong": {
        const pong = { clientTimeMs: command.clientTimeMs, serverTimeMs: this.#context.nowMs() };
        return serverMessage({ case: "pong", value: create(PongSchema, pong) });
      }
      case "error": {
        const { code, message, id } = command;
        return serverMessage({ case: "error", value: create(ErrorSchema, { code, message, id }) });
      }
    }
  }

  #send(frame: FeedFrame): void {
    // A socket that is closing drops what it gets; its close event ends the session.
    this.#socket.send(frame, { binary: this.#encoding === "proto", compress: false }, ignoreSendError);
  }

  #cutAfterGrace(): void {
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }
}

function toSessionEvent(operation: ClientOperation, nowMs: number): SessionEvent {
  switch (operation.case) {
    case "subscribe":
      return { type: "subscribe", id: operation.value.id, topic: operation.value.topic, nowMs };
    case "unsubscribe":
      return { type: "unsubscribe", id: operation.value.id, nowMs };
    case "ping":
      return { type: "ping", clientTimeMs: operation.value.clientTimeMs, nowMs };
  }
}

const TOO_LARGE = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

// A failed write also ends the socket, and that is where it is handled.
function ignoreSendError(): void {}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
