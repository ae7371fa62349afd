import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { type Authenticator, createInbox, credsAuthenticator, errors, nkeyAuthenticator } from "@nats-io/nats-core";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { guardNats, natsFault } from "./nats-error.ts";
import { createNatsMetrics, type NatsMetrics, NO_NATS_METRICS } from "./nats-metrics.ts";
import { NatsPulse } from "./nats-pulse.ts";
import { checkServerVersion } from "./nats-version.ts";
import { StorageError } from "./storage-error.ts";

export type NatsCredentials =
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "user"; readonly user: string; readonly password: string }
  /** A user's nkey seed, "SU…". */
  | { readonly type: "nkey"; readonly seed: string }
  /** The content of a `.creds` file. */
  | { readonly type: "creds"; readonly creds: string };

export interface NatsTls {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

export interface NatsOptions {
  /** "nats://host:4222" or "host:4222"; any of a cluster will do, the others are learnt. */
  readonly servers: readonly string[];
  /** Who we are, in the server's monitoring. */
  readonly name: string;
  readonly credentials?: NatsCredentials;
  readonly tls?: NatsTls;
  /** Answers to us go to subjects below it; the user must be allowed to hear them. */
  readonly inboxPrefix?: string;
  readonly logger?: Pick<Logger, "info" | "warn">;
  readonly metrics?: { readonly registry: Metrics; readonly service: string };
  /** How long the first connection may take. */
  readonly connectMsMax?: number;
  /** What the settings are called where this program is configured; they are named when they are wrong. */
  readonly settings?: { readonly servers: string; readonly credentials: string; readonly tls: string };
}

/** Time for one attempt to connect, and for one request. */
const ATTEMPT_MS_MAX = 2_000;
const REQUEST_MS_MAX = 5_000;
const CONNECT_MS_MAX = 10_000;
/** Between attempts to connect again: from here, doubling, up to there, each with a chance part of up to its half. */
const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 500;
/** A request without a connection waits so long for one. */
const CONNECTION_WAIT_MS_MAX = 2_000;
/** A server that answers none of three pings is taken for lost: after 1.5 s. */
const PING_INTERVAL_MS = 500;
const PINGS_UNANSWERED_MAX = 2;
/** What is buffered may take so long to leave when the connection is closed; a server that does not read is not waited for. */
const DRAIN_MS_MAX = 1_000;

export interface LinkListener {
  disconnected?(): void;
  connected?(): void;
}

/** Connects, or says in one StorageError which setting is wrong. From then on the connection is made again for ever. */
export async function connectNats(options: NatsOptions): Promise<NatsLink> {
  const deadlineMs = performance.now() + (options.connectMsMax ?? CONNECT_MS_MAX);
  for (let attempt = 0; ; attempt++) {
    try {
      return await openLink(options);
    } catch (error) {
      const delayMs = reconnectDelayMs(attempt);
      // A wrong password stays wrong; a server may just be starting.
      if (!isTransient(error) || performance.now() + delayMs > deadlineMs) throw toConnectError(error, options);
      await sleep(delayMs);
    }
  }
}

async function openLink(options: NatsOptions): Promise<NatsLink> {
  let attempts = 0;
  const connection = await connect(toConnectionOptions(options, () => reconnectDelayMs(attempts++)));
  try {
    const fit = checkServerVersion(connection.info?.version ?? "");
    if (!fit.ok) throw new StorageError("unusable", fit.error);
    const manager = await guardNats("JetStream API", () =>
      jetstreamManager(connection, { checkAPI: true, sendRequiredApiLevel: true, timeout: REQUEST_MS_MAX }),
    );
    return new NatsLink(connection, manager, options, () => {
      attempts = 0;
    });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function toConnectionOptions(options: NatsOptions, delayMs: () => number): NodeConnectionOptions {
  const { credentials } = options;
  return {
    servers: [...options.servers],
    name: options.name,
    timeout: ATTEMPT_MS_MAX,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: delayMs,
    ignoreAuthErrorAbort: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_UNANSWERED_MAX,
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...(options.tls === undefined ? {} : { tls: { ...options.tls } }),
    ...(credentials?.type === "token" ? { token: credentials.token } : {}),
    ...(credentials?.type === "user" ? { user: credentials.user, pass: credentials.password } : {}),
    ...authenticatorOf(credentials),
  };
}

function authenticatorOf(credentials: NatsCredentials | undefined): { authenticator?: Authenticator } {
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (credentials?.type === "nkey") return { authenticator: nkeyAuthenticator(bytes(credentials.seed)) };
  if (credentials?.type === "creds") return { authenticator: credsAuthenticator(bytes(credentials.creds)) };
  return {};
}

function reconnectDelayMs(attempt: number): number {
  const ceilingMs = Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(attempt, 16));
  return ceilingMs * (0.5 + 0.5 * Math.random());
}

function isTransient(error: unknown): boolean {
  if (error instanceof errors.AuthorizationError) return false;
  if (error instanceof StorageError) return error.fault === "unreachable";
  return error instanceof errors.ConnectionError || error instanceof errors.TimeoutError;
}

function toConnectError(error: unknown, options: NatsOptions): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  const { settings = { servers: "servers", credentials: "credentials", tls: "tls" } } = options;
  const where = options.servers.join(", ");
  const cause = { cause: error };
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError) {
    const text = `NATS at ${where} does not accept our user: check the setting ${settings.credentials}.`;
    return new StorageError("refused", text, cause);
  }
  if (isTlsFault(error)) {
    const text = `The encrypted connection to NATS at ${where} failed (${rootMessage(error)}): check the setting ${settings.tls}.`;
    return new StorageError("refused", text, cause);
  }
  const text = `NATS at ${where} cannot be reached (${rootMessage(error)}): start it, or check the setting ${settings.servers}.`;
  return new StorageError("unreachable", text, cause);
}

function isTlsFault(error: Error): boolean {
  return /tls|ssl|certificate|self-signed/i.test(`${error.message} ${rootMessage(error)}`);
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}

/** A standing connection to NATS, and who wants to know when it breaks. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly metrics: NatsMetrics;
  readonly #logger: Pick<Logger, "info" | "warn"> | undefined;
  readonly #listeners = new Set<LinkListener>();
  readonly #onConnected: () => void;
  readonly #inboxPrefix: string | undefined;
  readonly #pulse: NatsPulse;
  #isConnected = true;

  constructor(connection: NatsConnection, manager: JetStreamManager, options: NatsOptions, onConnected: () => void) {
    this.connection = connection;
    this.manager = manager;
    this.#logger = options.logger;
    this.#onConnected = onConnected;
    this.#pulse = new NatsPulse(() => connection.flush());
    this.#inboxPrefix = options.inboxPrefix;
    const { metrics } = options;
    this.metrics = metrics === undefined ? NO_NATS_METRICS : createNatsMetrics(metrics.registry, metrics.service);
    this.metrics.connected(true);
    void this.#follow();
  }

  /** False while nothing can be sent: what is published then may never leave. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** A new subject for answers to us. */
  createInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  /** @returns the way to stop listening. */
  listen(listener: LinkListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * A request to the server: waits a little for a connection, and rejects as "unreachable" the moment the connection
   * breaks, rather than when the request's time is up.
   */
  async ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (!this.#isConnected) await this.#waitForConnection(what);
    const { promise: lost, reject } = Promise.withResolvers<never>();
    const stop = this.listen({
      disconnected: () => reject(natsFault("unreachable", what, "the connection broke before the answer came")),
    });
    try {
      return await Promise.race([guardNats(what, call), lost]);
    } finally {
      stop();
    }
  }

  async #waitForConnection(what: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stop = this.listen({ connected: resolve });
    const timer = setTimeout(() => reject(natsFault("unreachable", what, "no connection")), CONNECTION_WAIT_MS_MAX);
    await promise.finally(() => {
      clearTimeout(timer);
      stop();
    });
  }

  /** How many signs of life have come from the server so far. Each call asks for another one. */
  pulse(): number {
    if (this.#isConnected) void this.#pulse.ask();
    return this.#pulse.signs;
  }

  /** Sends what is buffered, then closes; never waits longer than DRAIN_MS_MAX for the server. */
  async close(): Promise<void> {
    if (this.connection.isClosed()) return;
    if (this.#isConnected) {
      const drained = this.connection.drain().catch(() => {});
      await Promise.race([drained, sleep(DRAIN_MS_MAX, undefined, { ref: false })]);
    }
    if (!this.connection.isClosed()) await Promise.race([this.connection.close(), sleep(DRAIN_MS_MAX)]);
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      switch (status.type) {
        case "disconnect":
          this.#disconnected(status.server);
          break;
        case "reconnect":
          this.#connected(status.server);
          break;
        case "staleConnection":
          this.#logger?.warn({}, "NATS does not answer pings, connecting again");
          break;
        case "ldm":
          this.#logger?.info({ server: status.server }, "a NATS server is about to stop");
          break;
        case "error":
          this.#logger?.warn({ err: status.error }, "NATS refused something");
          break;
        case "slowConsumer":
          this.#logger?.warn({ pending: status.pending }, "a NATS subscription is read too slowly");
          break;
        default:
      }
    }
    this.#isConnected = false;
    this.metrics.connected(false);
  }

  #disconnected(server: string): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.metrics.connected(false);
    this.#logger?.warn({ server }, "lost NATS, connecting again");
    for (const listener of [...this.#listeners]) listener.disconnected?.();
  }

  #connected(server: string): void {
    this.#isConnected = true;
    this.#onConnected();
    this.metrics.connected(true);
    this.metrics.reconnected();
    const fit = checkServerVersion(this.connection.info?.version ?? "");
    if (!fit.ok) this.#logger?.warn({ server }, fit.error);
    this.#logger?.info({ server }, "connected to NATS again");
    for (const listener of [...this.#listeners]) listener.connected?.();
  }
}
