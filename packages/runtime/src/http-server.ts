import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { assert } from "@burnline/std";
import { type FastifyInstance, fastify } from "fastify";
import { BusyShare } from "./busy-share.ts";
import type { Health } from "./health.ts";
import { type Metrics, metricsContentType } from "./metrics.ts";
import { OperatingError } from "./operating-error.ts";
import { steadyClock } from "./wall-clock.ts";

export type { FastifyInstance } from "fastify";

/** A larger request body is answered with 413. A route that takes more says so itself. */
const BODY_BYTES_MAX = 1024 * 1024;
/** A request that has not been received whole by then is answered with 408. */
const REQUEST_MS_MAX = 10_000;
/** How often Node looks for such requests; its own 30 s would let them live four times as long. */
const REQUEST_CHECK_INTERVAL_MS = 500;
/** When stopping, connections that are still open after this are cut. */
const CLOSE_MS_MAX = 3_000;

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface HttpServerOptions {
  readonly host: string;
  /** 0: any free port, see `port`. */
  readonly port: number;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Hears of requests that failed by our fault; without it nobody does. */
  readonly logger?: { error(fields: object, message: string): void };
  /** What the autoscaler asks for at GET /scale, beside how busy the process is. */
  readonly scale?: () => object;
  /** Addresses or blocks of proxies whose word is taken for whom a request is from. */
  readonly trustedProxies?: readonly string[];
  readonly bodyBytesMax?: number;
  readonly requestMsMax?: number;
  readonly closeMsMax?: number;
}

/** Why the server cannot listen, in one sentence for the person who starts it. */
export class ListenError extends OperatingError {
  constructor(message: string, options: ErrorOptions) {
    super(message, options);
    this.name = "ListenError";
  }
}

/**
 * The one web server of a process: routes through `app`, WebSockets through `onUpgrade`, and what every service answers:
 * GET /healthz/live, /healthz/ready, /metrics and /scale.
 */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly #options: HttpServerOptions;
  readonly #busyShare = new BusyShare(steadyClock);
  readonly #upgrades = new Map<string, UpgradeHandler>();
  /** Sockets that WebSocket handlers took over; Node's server no longer knows of them. */
  readonly #upgraded = new Set<Duplex>();
  #isStopping = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const requestMsMax = options.requestMsMax ?? REQUEST_MS_MAX;
    this.app = fastify({
      trustProxy: [...(options.trustedProxies ?? [])],
      bodyLimit: options.bodyBytesMax ?? BODY_BYTES_MAX,
      requestTimeout: requestMsMax,
      http: { headersTimeout: requestMsMax, connectionsCheckingInterval: REQUEST_CHECK_INTERVAL_MS },
      // Else a request in the middle of a stop would be answered with 503 in place of its answer.
      return503OnClosing: false,
      forceCloseConnections: "idle",
      logger: false,
    });
    this.app.server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    // A kept-alive connection would outlive the answer that it carries and hold up the stop.
    this.app.addHook("onSend", async (_request, reply) => {
      if (this.#isStopping) reply.header("connection", "close");
    });
    this.app.addHook("onError", async ({ method, url }, _reply, err) => {
      // What a route throws without a status becomes a 500, but the reply does not say so yet.
      if ((err.statusCode ?? 500) >= 500) options.logger?.error({ err, method, url }, "a request failed");
    });
    this.#addStandardRoutes();
  }

  /** For who ends the process: it says there that it stops, while it still serves. */
  get health(): Health {
    return this.#options.health;
  }

  /** Node's own server. */
  get server(): Server {
    return this.app.server;
  }

  /** The port it listens on; only after `start`. */
  get port(): number {
    const address = this.app.server.address() as AddressInfo | null;
    assert(address !== null, "the server listens");
    return address.port;
  }

  /** Hands upgrade requests for exactly this path to a WebSocket server. */
  onUpgrade(path: string, handler: UpgradeHandler): void {
    assert(!this.#upgrades.has(path), `the path ${path} has an upgrade handler already`);
    this.#upgrades.set(path, handler);
  }

  /** @throws ListenError */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      throw new ListenError(listenText(error, host, port), { cause: error });
    }
  }

  /** Takes no new connection, lets running requests end, then cuts what is left at the deadline. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const cut = setTimeout(() => {
      this.app.server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    }, this.#options.closeMsMax ?? CLOSE_MS_MAX);
    try {
      await this.app.close();
    } finally {
      clearTimeout(cut);
    }
  }

  #addStandardRoutes(): void {
    const { health, metrics, scale } = this.#options;
    this.app.get("/healthz/live", async () => ({ status: "live" }));
    this.app.get("/healthz/ready", async (_request, reply) => {
      const { isReady, reasons } = await health.readiness();
      return reply.code(isReady ? 200 : 503).send({ status: isReady ? "ready" : "not ready", reasons });
    });
    this.app.get("/metrics", async ({ headers }, reply) => {
      const type = metricsContentType(headers.accept);
      return reply.type(type).send(await metrics.render(type));
    });
    this.app.get("/scale", async () => ({ busy: Math.round(this.#busyShare.read() * 1_000) / 1_000, ...scale?.() }));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#upgraded.add(socket);
    socket.on("close", () => this.#upgraded.delete(socket));
    const [path = ""] = (request.url ?? "").split("?");
    const handler = this.#upgrades.get(path);
    if (handler !== undefined) handler(request, socket, head);
    // Whoever listens on the server itself may know the path.
    else if (this.app.server.listenerCount("upgrade") === 1) refuseUpgrade(socket);
  }
}

function refuseUpgrade(socket: Duplex): void {
  // The other side may hang up first; that is not our fault to report.
  socket.on("error", () => socket.destroy());
  const text = "There is no WebSocket at this path.\n";
  socket.end(
    `HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function listenText(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `Port ${port} is in use by another program: stop that one, or choose another port with --port.`;
  }
  if (code === "EACCES")
    return `Port ${port} needs more rights than this user has: choose a port above 1023 with --port.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return `This machine has no address ${host}: choose another with --host, for example 127.0.0.1.`;
  }
  return `The web server cannot listen on ${host}:${port} (${error instanceof Error ? error.message : String(error)}).`;
}
