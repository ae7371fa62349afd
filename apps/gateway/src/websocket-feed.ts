import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { CLOSE_UNAUTHORIZED, create, HelloSchema, PROTOCOL_VERSION, type RaceClock } from "@burnline/contract";
import type { Logger } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import { WebSocketServer } from "ws";
import { ClientConnection, type ConnectionContext } from "./client-connection.ts";
import { SESSION_LIMITS, type SessionLimits } from "./client-session.ts";
import type { EventLatency } from "./event-latency.ts";
import { FeedEncoder } from "./feed-encoder.ts";
import type { Encoding } from "./feed-frame.ts";
import { FlushSlot } from "./flush-slot.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import {
  CLIENT_MESSAGE_BYTES_MAX,
  CLIENTS_MAX,
  FLUSH_INTERVAL_MS,
  HEARTBEAT_INTERVAL_MS,
  UPDATES_PER_SECOND_MAX,
} from "./limits.ts";
import type { RaceView } from "./race-view.ts";
import { checkUpgrade, chosenSubprotocol } from "./upgrade-check.ts";
import { VIEWER_ANSWERS, type ViewerCheck, type ViewerFault } from "./viewer-check.ts";

export const FEED_PATH = "/api/v1/feed";

export interface FeedOptions {
  /** Origins whose pages may connect, besides the gateway's own and this machine's. */
  readonly allowedOrigins?: readonly string[];
  readonly clientsMax?: number;
  readonly sessionLimits?: SessionLimits;
}

interface FeedContext {
  readonly view: RaceView;
  readonly clock: Clock;
  readonly raceClock: () => RaceClock;
  readonly metrics: GatewayMetrics;
  readonly latency: EventLatency;
  readonly logger: Logger;
  readonly viewers: ViewerCheck;
  /** New with every start, so that a client knows that what it holds is another process's view. */
  readonly serverInstance: string;
  readonly serverVersion: string;
}

/**
 * The WebSocket side of the gateway. Connections are taken from the first moment; snapshots wait until `open` says that
 * the view is whole.
 */
export class WebSocketFeed {
  readonly #context: FeedContext;
  readonly #options: FeedOptions;
  readonly #clientsMax: number;
  readonly #encoder: FeedEncoder;
  readonly #slot: FlushSlot;
  readonly #connections = new Set<ClientConnection>();
  readonly #acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // 40 cars 10 times a second for each client: compression would cost more CPU than everything else together.
    perMessageDeflate: false,
    maxPayload: CLIENT_MESSAGE_BYTES_MAX,
    handleProtocols: (offered) => chosenSubprotocol(offered) ?? false,
  });
  readonly #connectionContext: ConnectionContext;
  readonly #heartbeat: NodeJS.Timeout;
  #isOpen = false;
  #isStopping = false;
  #clientCount = 0;

  constructor(context: FeedContext, options: FeedOptions = {}) {
    this.#context = context;
    this.#options = options;
    this.#clientsMax = options.clientsMax ?? CLIENTS_MAX;
    this.#encoder = new FeedEncoder(context.view, () => context.metrics.startEncode());
    this.#slot = new FlushSlot(context.clock, FLUSH_INTERVAL_MS, () => this.#flush());
    this.#connectionContext = this.#makeConnectionContext();
    this.#heartbeat = setInterval(() => {
      for (const connection of [...this.#connections]) connection.heartbeat();
    }, HEARTBEAT_INTERVAL_MS).unref();
  }

  get encoder(): FeedEncoder {
    return this.#encoder;
  }

  get clientCount(): number {
    return this.#clientCount;
  }

  /** The view is whole: snapshots may leave. */
  open(): void {
    this.#isOpen = true;
    this.#slot.request();
  }

  /** Something in the view changed. */
  noteChange(): void {
    if (this.#isOpen) this.#slot.request();
  }

  /** Tells every client to come back (1012) and waits until they are gone, at most the grace time of a closing socket. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#slot.stop();
    clearInterval(this.#heartbeat);
    const allGone = new Promise<void>((resolve) => {
      this.#onGone = () => {
        if (this.#connections.size === 0) resolve();
      };
    });
    for (const connection of [...this.#connections]) connection.stop();
    this.#onGone();
    await allGone;
    this.#acceptor.close();
  }

  #onGone: () => void = () => {};

  #makeConnectionContext(): ConnectionContext {
    const { clock, metrics, logger, raceClock, serverInstance, serverVersion } = this.#context;
    return {
      encoder: this.#encoder,
      limits: this.#options.sessionLimits ?? SESSION_LIMITS,
      nowMs: () => clock.nowMs(),
      hello: () =>
        create(HelloSchema, {
          protocolVersion: PROTOCOL_VERSION,
          serverVersion,
          serverInstance,
          serverTimeMs: clock.nowMs(),
          clock: raceClock(),
          maxUpdatesPerSecond: UPDATES_PER_SECOND_MAX,
        }),
      flushWanted: () => this.noteChange(),
      conflated: (deltas) => metrics.countConflated(deltas),
      ended: (reason) => {
        metrics.countDisconnected(reason);
        if (reason !== "client" && reason !== "restart") logger.info({ reason }, "a feed client was disconnected");
        this.#setClientCount(this.#clientCount - 1);
      },
      gone: (connection) => {
        this.#connections.delete(connection);
        this.#onGone();
      },
    };
  }

  /** For HttpServer.onUpgrade(FEED_PATH, …). */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Those that are being told to go still hold a socket each.
    if (this.#isStopping || this.#connections.size >= 2 * this.#clientsMax) {
      this.#context.metrics.countDisconnected("refused");
      refuse(socket, 503, "unavailable", "The gateway takes no more connections now: try again in a moment.");
      return;
    }
    const check = checkUpgrade(request.headers, this.#options.allowedOrigins ?? []);
    if (!check.ok) {
      this.#context.metrics.countDisconnected("refused");
      refuse(socket, check.error.status, check.error.code, check.error.message);
      return;
    }
    const cut = () => socket.destroy();
    socket.on("error", cut);
    this.#context.viewers.faultOf(request.headers).then((fault) => {
      if (socket.destroyed) return;
      socket.off("error", cut);
      if (fault !== undefined) this.#context.metrics.countViewerRefused(fault);
      if (fault === undefined || request.headers.origin !== undefined) {
        this.#accept(request, socket, head, check.value, fault);
        return;
      }
      this.#context.metrics.countDisconnected("refused");
      refuse(socket, 401, fault, VIEWER_ANSWERS[fault]);
    }, cut);
  }

  /** A page without a valid token is let in to be told so, since it cannot read why an upgrade was refused. */
  #accept(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    encoding: Encoding,
    fault: ViewerFault | undefined,
  ): void {
    this.#acceptor.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new ClientConnection(webSocket, encoding, this.#connectionContext);
      this.#connections.add(connection);
      this.#setClientCount(this.#clientCount + 1);
      if (fault !== undefined) connection.turnAway(CLOSE_UNAUTHORIZED, fault, "unauthorized");
      else if (this.#isStopping) connection.stop();
      else if (this.#clientCount > this.#clientsMax)
        connection.turnAway(1013, "too many clients, try again later", "full");
      else connection.open();
    });
  }

  #flush(): void {
    const { view, raceClock, clock, metrics, latency } = this.#context;
    const version = view.seal(raceClock());
    const nowMs = clock.nowMs();
    let isWaiting = false;
    let outboxBytes = 0;
    for (const connection of [...this.#connections]) {
      if (connection.state === "closed") continue;
      connection.flush(version, nowMs);
      isWaiting ||= connection.isWaiting;
      outboxBytes = Math.max(outboxBytes, connection.outboxBytes);
    }
    metrics.setOutbox(outboxBytes);
    latency.flushed(raceClock(), clock.nowMs());
    // A client that has to catch up must be looked at again even when the race stands still.
    if (isWaiting) this.#slot.request();
  }

  #setClientCount(count: number): void {
    this.#clientCount = count;
    this.#context.metrics.setClients(count);
  }
}

const STATUS_TEXT = { 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable" } as const;

function refuse(socket: Duplex, status: keyof typeof STATUS_TEXT, code: string, message: string): void {
  const body = `${JSON.stringify({ code, message })}\n`;
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_TEXT[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
