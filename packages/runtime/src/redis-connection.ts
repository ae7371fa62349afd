import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "./log.ts";
import { parseRedisAddress, REDIS_NODES_MAX, type RedisAddress, type RedisNode } from "./redis-address.ts";
import { checkRedis } from "./redis-checks.ts";
import { createRedisClient, type RedisArgument, type RedisClient, type RedisClientOptions } from "./redis-client.ts";
import { isRefusal, judgeRedisError, ReplyTimeoutError, toOpeningError, toRedisStorageError } from "./redis-error.ts";
import { StorageError } from "./storage-error.ts";

/**
 * A Lua script. It must give the same answer and leave the same data when it runs twice with the same arguments, because
 * a lost reply is resolved by running it again.
 */
export interface RedisScript {
  readonly text: string;
  /** By which the server knows it. */
  readonly sha: string;
}

export function redisScript(text: string): RedisScript {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

export interface RedisOptions {
  /** As `parseRedisAddress` reads it. */
  readonly address: string;
  readonly logger: Logger;
  /** Names the connections in CLIENT LIST. */
  readonly name?: string;
  readonly tls?: RedisClientOptions["tls"];
  /** A reply that takes longer is given up and the connection replaced; what was asked is asked again. */
  readonly commandTimeoutMs?: number;
  /** A call that has no answer by then fails ("unreachable"), however often it was asked. */
  readonly operationTimeoutMs?: number;
  /** How long the first connection may take, attempts that fail included. */
  readonly startTimeoutMs?: number;
}

/** A loopback call takes 0.2 ms, one that waits for a slow fsync some 100 ms. Half a lease of 2 s. */
const REDIS_COMMAND_TIMEOUT_MS = 1_000;
/** Enough for a restart or a fail-over; then a partition's owner starts again from what the store says. */
const REDIS_OPERATION_TIMEOUT_MS = 5_000;
const START_TIMEOUT_MS = 10_000;
/** Of the first connection: an attempt that takes so many times of one command is given up, perhaps another node answers. */
const START_ATTEMPT_TIMES_MAX = 3;
/** Between two attempts of one call. */
const RETRY_MS_MIN = 10;
const RETRY_MS_MAX = 100;

/**
 * Connects, checks the server and warns of settings that may lose data.
 * @throws StorageError: unreachable, refused (password, certificate), unusable (address, version, eviction).
 */
export async function connectRedis(options: RedisOptions): Promise<RedisConnection> {
  const address = parseRedisAddress(options.address);
  if (!address.ok) throw new StorageError("unusable", `The address of Redis (--redis) is wrong: ${address.error}.`);
  const connection = new RedisConnection(address.value, options);
  try {
    await connection.open();
    await checkRedis(connection, options.logger);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

/** Runs scripts where their keys are, through restarts, fail-overs and lost replies. Made by `connectRedis`. */
export class RedisConnection {
  /** The address, for people: without a password. */
  readonly place: string;
  readonly isCluster: boolean;
  readonly #address: RedisAddress;
  readonly #options: RedisOptions;
  readonly #commandTimeoutMs: number;
  readonly #operationTimeoutMs: number;
  #client: RedisClient;
  /** Being connected, to take the client's place. */
  #next: RedisClient | undefined;
  /** Nodes of the cluster that the address need not name. */
  #otherNodes: readonly RedisNode[] = [];
  #isClosed = false;
  /** Since when nothing comes; of one key when it is a node of a cluster that does not answer. */
  #lost: { readonly atMs: number; readonly key: string | undefined } | undefined;
  #failOpening: ((error: unknown) => void) | undefined;

  constructor(address: RedisAddress, options: RedisOptions) {
    this.place = address.text;
    this.isCluster = address.type === "cluster";
    this.#address = address;
    this.#options = options;
    this.#commandTimeoutMs = options.commandTimeoutMs ?? REDIS_COMMAND_TIMEOUT_MS;
    this.#operationTimeoutMs = options.operationTimeoutMs ?? REDIS_OPERATION_TIMEOUT_MS;
    this.#client = this.#createClient();
  }

  /** The first connection, by `connectRedis`. A server that is not there yet is waited for, a refusal is final. */
  async open(): Promise<void> {
    const timeoutMs = this.#options.startTimeoutMs ?? START_TIMEOUT_MS;
    const startMs = performance.now();
    for (;;) {
      const { promise: failed, reject } = Promise.withResolvers<never>();
      this.#failOpening = reject;
      try {
        const leftMs = Math.max(1, startMs + timeoutMs - performance.now());
        const attemptMs = Math.min(leftMs, START_ATTEMPT_TIMES_MAX * this.#commandTimeoutMs);
        await replyWithin(Promise.race([this.#client.connect("all"), failed]), attemptMs);
        this.#failOpening = undefined;
        this.#lost = undefined;
        return;
      } catch (error) {
        this.#client.destroy();
        if (isRefusal(error) || performance.now() - startMs >= timeoutMs) throw toOpeningError(error, this.place);
        await sleep(RETRY_MS_MAX);
        this.#client = this.#createClient();
      }
    }
  }

  /**
   * Runs a script on the node that has its keys (all of one hash slot). When the reply does not come, or the connection
   * is lost, it runs it again on a new connection, until the time for the operation is up: what is asked twice is
   * answered by what the store holds, never by a guess.
   * @throws StorageError: unreachable (it may or may not have run), full, refused, overloaded, closed, failed.
   */
  async evaluate(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown> {
    const key = keys[0] ?? "";
    const command = ["EVALSHA", script.sha, String(keys.length), ...keys, ...args];
    const startMs = performance.now();
    for (let attempt = 0; ; attempt++) {
      const client = this.#client;
      try {
        return await this.#reply(client, client.send(key, command), key);
      } catch (error) {
        await this.#recover(error, startMs, attempt, { script, key });
      }
    }
  }

  /** One command on each node that takes writes; once. */
  async askAll(args: readonly RedisArgument[]): Promise<readonly unknown[]> {
    const client = this.#client;
    return this.#reply(client, client.sendToAll(args));
  }

  /** Lets replies that are on their way come, at most for the time of one command. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#next?.destroy();
    try {
      await replyWithin(this.#client.close(), this.#commandTimeoutMs);
    } catch {
      // It was not open, or it does not answer any more: there is nothing to wait for.
    }
    this.#client.destroy();
  }

  /** Returns when another attempt makes sense, throws when none does. */
  async #recover(
    error: unknown,
    startMs: number,
    attempt: number,
    { script, key }: { script: RedisScript; key: string },
  ): Promise<void> {
    if (this.#isClosed) throw new StorageError("closed", `The connection to Redis at ${this.place} is closed.`);
    const verdict = judgeRedisError(error);
    const isTimeUp = performance.now() - startMs >= this.#operationTimeoutMs;
    if (verdict === "fatal" || isTimeUp) throw toRedisStorageError(error, this.place);
    if (verdict === "unknown-script") {
      const client = this.#client;
      try {
        await this.#reply(client, client.send(key, ["SCRIPT", "LOAD", script.text]), key);
        return;
      } catch (loadError) {
        if (judgeRedisError(loadError) === "fatal") throw toRedisStorageError(loadError, this.place);
      }
    }
    await sleep(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2));
  }

  async #reply<T>(client: RedisClient, pending: Promise<T>, key?: string): Promise<T> {
    try {
      const reply = await replyWithin(pending, this.#commandTimeoutMs);
      this.#noteReturn(key);
      return reply;
    } catch (error) {
      // A connection that swallows replies has to go: on it every later reply would be behind the missing one.
      if (error instanceof ReplyTimeoutError) this.#replace(client, key);
      throw error;
    }
  }

  #replace(client: RedisClient, key: string | undefined): void {
    if (this.#isClosed || this.#client !== client || this.#next !== undefined) return;
    this.#noteLoss(new ReplyTimeoutError(this.#commandTimeoutMs), key);
    void this.#connectNext(client);
  }

  /**
   * Until one is connected. A server that is frozen takes connections and then says nothing, so each attempt has its time.
   * In a cluster the nodes that answer are served by the former client meanwhile; not for ever, because what waits in it
   * for the others grows.
   */
  async #connectNext(former: RedisClient): Promise<void> {
    const masters = former.masters();
    if (masters.length > 0) this.#otherNodes = masters;
    const keptUntilMs = performance.now() + (this.isCluster ? this.#operationTimeoutMs : 0);
    while (!this.#isClosed) {
      const next = this.#createClient();
      this.#next = next;
      if (performance.now() >= keptUntilMs) this.#use(next);
      try {
        await replyWithin(next.connect("one"), this.#commandTimeoutMs);
        if (!this.#isClosed) this.#use(next);
        break;
      } catch (error) {
        next.destroy();
        this.#noteLoss(error);
        await sleep(RETRY_MS_MAX);
      }
    }
    this.#next = undefined;
  }

  #use(next: RedisClient): void {
    if (this.#client === next) return;
    const former = this.#client;
    this.#client = next;
    former.destroy();
  }

  #createClient(): RedisClient {
    const { nodes } = this.#address;
    const isNamed = (node: RedisNode) => nodes.some(({ host, port }) => host === node.host && port === node.port);
    const others = this.#otherNodes.filter((node) => !isNamed(node));
    const client: RedisClient = createRedisClient({
      address: { ...this.#address, nodes: [...nodes, ...others].slice(0, REDIS_NODES_MAX) },
      name: this.#options.name ?? "burnline",
      tls: this.#options.tls ?? {},
      connectTimeoutMs: this.#commandTimeoutMs,
      onError: (error) => client === this.#client && this.#noteLoss(error),
      onReady: () => client === this.#client && this.#noteReturn(undefined),
    });
    return client;
  }

  #noteLoss(error: unknown, key?: string): void {
    this.#failOpening?.(error);
    if (this.#isClosed || this.#failOpening !== undefined || this.#lost !== undefined) return;
    this.#lost = { atMs: performance.now(), key: this.isCluster ? key : undefined };
    this.#options.logger.warn({ redis: this.place, reason: String(error) }, "a connection to Redis is lost");
  }

  #noteReturn(key: string | undefined): void {
    if (this.#lost === undefined || this.#lost.key !== key) return;
    const lostMs = Math.round(performance.now() - this.#lost.atMs);
    this.#lost = undefined;
    this.#options.logger.info({ redis: this.place, lostMs }, "the connection to Redis is back");
  }
}

/**
 * The reply, or ReplyTimeoutError. When the time is up, what has arrived meanwhile is looked at once more: after a stall
 * of the event loop timers run before sockets are read.
 */
function replyWithin<T>(pending: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const timer = setTimeout(() => setImmediate(() => setImmediate(fail)), timeoutMs);
  const fail = () => reject(new ReplyTimeoutError(timeoutMs));
  const settle =
    <V>(how: (value: V) => void) =>
    (value: V) => {
      clearTimeout(timer);
      how(value);
    };
  pending.then(settle(resolve), settle(reject));
  return promise;
}
