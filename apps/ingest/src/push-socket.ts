import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpServer } from "@burnline/runtime";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";
import { PUSH_ANSWERS, pushEntries } from "./push-answer.ts";
import { decodeBinaryFrames, decodeJsonMessage, PUSH_MESSAGE_BYTES_MAX } from "./push-decoder.ts";
import type { PushSource } from "./push-source.ts";
import { SENDER_ANSWERS, type SenderCheck } from "./sender-check.ts";

const PUSH_PATH = "/api/v1/ingest/ws";

/** Open push connections; one more is refused with 503. */
const PUSH_CONNECTIONS_MAX = 256;

/** A connection that answers no ping for this long is dropped. */
const PING_MS = 15_000;

/** A sender that has not closed its side by then is cut off, so that one cannot hold up the stop. */
const CLOSE_MS_MAX = 1_000;

const CLOSE_TOO_LARGE = 1009;
const CLOSE_SERVICE_RESTART = 1012;

/** Reason texts of a close are at most 123 bytes long. */
class SentenceSocket extends WebSocket {
  /** `ws` closes a connection whose message is too large without a word; the sender should know what to do. */
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason ?? (code === CLOSE_TOO_LARGE ? PUSH_ANSWERS["too-large"].message : undefined));
  }
}

export interface PushSocketOptions {
  readonly server: HttpServer;
  readonly source: PushSource;
  readonly check: SenderCheck;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
}

/**
 * The WebSocket of the push endpoint. One message of a connection is worked on at a time and its socket is not read
 * meanwhile, so a sender that is too fast is slowed by its own connection (backpressure) and holds no memory here.
 */
export class PushSocket {
  readonly #options: PushSocketOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: PUSH_MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
    WebSocket: SentenceSocket,
  });
  readonly #pinging: NodeJS.Timeout;
  readonly #answering = new Set<WebSocket>();

  constructor(options: PushSocketOptions) {
    this.#options = options;
    options.server.onUpgrade(PUSH_PATH, (request, socket, head) => this.#upgrade(request, socket, head));
    this.#pinging = setInterval(() => this.#pingAll(), PING_MS);
    this.#pinging.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#pinging);
    for (const client of this.#server.clients)
      client.close(CLOSE_SERVICE_RESTART, "Ingest is stopping; connect again.");
    const cut = setTimeout(() => {
      for (const client of this.#server.clients) client.terminate();
    }, CLOSE_MS_MAX);
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    clearTimeout(cut);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = this.#options.check.faultOf({
      headers: request.headers,
      remoteAddress: request.socket.remoteAddress,
    });
    if (fault !== undefined) {
      this.#options.metrics.pushRefused(fault);
      const { status, message } = SENDER_ANSWERS[fault];
      refuse(socket, status, message);
      return;
    }
    if (this.#server.clients.size >= PUSH_CONNECTIONS_MAX) {
      this.#options.metrics.pushRefused("too-many-connections");
      refuse(socket, 503, "There are too many push connections; close one and try again.");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client));
  }

  #serve(client: WebSocket): void {
    this.#answering.add(client);
    client.on("pong", () => this.#answering.add(client));
    client.on("close", () => this.#answering.delete(client));
    client.on("error", (error) => {
      const isTooLarge = "code" in error && error.code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";
      this.#options.metrics.pushRefused(isTooLarge ? "too-large" : "broken-connection");
    });
    // One piece read from the socket can hold several messages: they are answered one after the other.
    let working = 0;
    let answered = Promise.resolve();
    client.on("message", (data, isBinary) => {
      client.pause();
      working++;
      answered = answered
        .then(() => this.#answer(client, toBytes(data), isBinary))
        .catch((err: unknown) => {
          this.#options.logger.error({ err }, "a pushed message could not be answered");
          client.terminate();
        })
        .finally(() => {
          if (--working === 0) client.resume();
        });
    });
  }

  async #answer(client: WebSocket, bytes: Uint8Array, isBinary: boolean): Promise<void> {
    const { source } = this.#options;
    const decoded = isBinary
      ? decodeBinaryFrames(bytes)
      : decodeJsonMessage(new TextDecoder().decode(bytes), source.race.race);
    let outcome = await pushEntries(this.#options, decoded, bytes.length);
    while ("fault" in outcome && outcome.fault === "queue-full" && !source.isClosed) {
      await source.room();
      outcome = await pushEntries(this.#options, decoded, bytes.length);
    }
    const answer =
      "ack" in outcome ? outcome.ack : { error: { code: outcome.fault, message: PUSH_ANSWERS[outcome.fault].message } };
    if (client.readyState === WebSocket.OPEN) client.send(JSON.stringify(answer));
  }

  #pingAll(): void {
    for (const client of this.#server.clients) {
      if (!this.#answering.delete(client)) client.terminate();
      else client.ping();
    }
  }
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function refuse(socket: Duplex, status: number, message: string): void {
  // The other side may hang up first; that is not ours to report.
  socket.on("error", () => socket.destroy());
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );
}
