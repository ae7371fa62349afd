import type { ConnectionOptions as TlsOptions } from "node:tls";
import { ClientClosedError, createClient, createCluster, createSentinel, ErrorReply, RESP_TYPES } from "redis";
import type { RedisAddress, RedisNode } from "./redis-address.ts";
import { isRefusedPing } from "./redis-error.ts";

/** What a command is made of. Bytes go out as they are. */
export type RedisArgument = string | Buffer;

/** The three clients behind one face: a command goes to the node that has its key. */
export interface RedisClient {
  /** Reply strings come as Buffers. */
  send(key: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** To each node that takes writes. */
  sendToAll(args: readonly RedisArgument[]): Promise<readonly unknown[]>;
  /**
   * To all nodes that take writes. Or to one: that of a cluster which says who the others are, and they are connected when
   * they are first needed, so that one which hangs is in nobody's way.
   */
  connect(nodes: "all" | "one"): Promise<void>;
  /** The nodes of a cluster that take writes, as far as it has been asked. */
  masters(): readonly RedisNode[];
  /** Waits for replies that are on their way. */
  close(): Promise<void>;
  /** Drops the connections; whatever waits for a reply fails. */
  destroy(): void;
}

export interface RedisClientOptions {
  readonly address: RedisAddress;
  /** Names the connections in CLIENT LIST. */
  readonly name: string;
  /** Certificates and the like where the address says rediss. */
  readonly tls: Pick<TlsOptions, "ca" | "cert" | "key" | "servername">;
  /** A node that takes longer to answer when it is connected is given up. */
  readonly connectTimeoutMs: number;
  readonly onError: (error: unknown) => void;
  readonly onReady: () => void;
}

/** Commands that may wait in a client for sending or for a reply; one more is refused ("overloaded"). */
const REDIS_COMMANDS_WAITING_MAX = 10_000;

/** Between two attempts to reconnect: short, because a lease lasts 2 s. Jitter keeps processes from coming all at once. */
const RECONNECT_MS_MIN = 20;
const RECONNECT_MS_MAX = 200;

/**
 * A connection is asked for a sign of life after one time to connect, and replaced after so many in which nothing came
 * and nothing could be sent. That ends above all the ones on which a frozen server, whose kernel still takes
 * connections, never says its first word: the client sets no time for that. Longer than this process may stand still
 * itself, which looks the same.
 */
const SILENT_CONNECT_TIMES_MAX = 5;

const REPLIES_AS_BYTES = { [RESP_TYPES.BLOB_STRING]: Buffer };

/** A new client, not yet connected. */
export function createRedisClient(given: RedisClientOptions): RedisClient {
  const onError = (error: unknown) => {
    if (!isRefusedPing(error)) given.onError(error);
  };
  const options = { ...given, onError };
  switch (options.address.type) {
    case "single":
      return createSingle(options);
    case "sentinel":
      return createBehindSentinel(options);
    case "cluster":
      return createOfCluster(options);
  }
}

function credentialsOf({ username, password }: RedisAddress) {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** What all connections have in common. */
function nodeOptions({ address, name, tls, connectTimeoutMs }: RedisClientOptions) {
  const socket = {
    connectTimeout: connectTimeoutMs,
    socketTimeout: SILENT_CONNECT_TIMES_MAX * connectTimeoutMs,
    // A first connection that fails is the caller's business; a lost one is replaced for as long as the process runs.
    reconnectStrategy: (retries: number) =>
      Math.min(RECONNECT_MS_MAX, RECONNECT_MS_MIN * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2),
  };
  return {
    name,
    ...credentialsOf(address),
    // Offline the client says so at once; whether and how long to wait is decided in one place, the connection.
    disableOfflineQueue: true,
    commandsQueueMaxLength: REDIS_COMMANDS_WAITING_MAX,
    pingInterval: connectTimeoutMs,
    maintNotifications: "disabled" as const,
    socket: address.isTls ? { ...socket, ...tls, tls: true as const } : socket,
  };
}

// 0: without a time limit of the client's own, which costs a timer and a signal per command and ends at sending.
const COMMAND_OPTIONS = { timeout: 0, typeMapping: REPLIES_AS_BYTES };

function createSingle(options: RedisClientOptions): RedisClient {
  const { address } = options;
  const [node] = address.nodes;
  const common = nodeOptions(options);
  const client = createClient({
    ...common,
    database: address.database,
    commandOptions: COMMAND_OPTIONS,
    socket: { ...common.socket, host: node?.host ?? "", port: node?.port ?? 0 },
  });
  client.on("error", options.onError).on("ready", options.onReady);
  return {
    send: (_key, args) => client.sendCommand(args),
    sendToAll: async (args) => [await client.sendCommand(args)],
    connect: async () => void (await client.connect()),
    masters: () => [],
    close: () => client.close(),
    destroy: () => client.destroy(),
  };
}

function createBehindSentinel(options: RedisClientOptions): RedisClient {
  const { address } = options;
  const common = nodeOptions(options);
  const { socket, pingInterval } = common;
  const make = (sentinelCredentials: ReturnType<typeof credentialsOf>) => {
    const client = createSentinel({
      name: address.masterName,
      // It asks them in this order; another client is to begin with another one, should the first be frozen.
      sentinelRootNodes: shuffled(address.nodes),
      nodeClientOptions: common,
      sentinelClientOptions: { ...sentinelCredentials, pingInterval, socket },
      commandOptions: COMMAND_OPTIONS,
      passthroughClientErrorEvents: true,
      scanInterval: SENTINEL_SCAN_MS,
    });
    client.on("error", (error: unknown) => options.onError(asReply(error))).on("ready", options.onReady);
    return client;
  };
  let client = make({});
  let isDestroyed = false;
  return {
    send: (_key, args) => client.sendCommand(false, [...args]),
    sendToAll: async (args) => [await client.sendCommand(false, [...args])],
    connect: async () => {
      if (address.password !== undefined && (await sentinelsAskWho(address, socket)))
        client = make(credentialsOf(address));
      if (isDestroyed) throw new ClientClosedError();
      await client.connect();
    },
    masters: () => [],
    close: () => client.close(),
    destroy: () => {
      isDestroyed = true;
      client.destroy().catch(options.onError);
    },
  };
}

function shuffled(nodes: readonly RedisNode[]): RedisNode[] {
  return nodes
    .map((node) => ({ node, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ node }) => node);
}

/** What the client says of a sentinel is a text: what the sentinel itself said stands in it. */
function asReply(error: unknown): unknown {
  const said = /\b(?:NOAUTH|WRONGPASS|NOPERM)\b.*/s.exec(typeof error === "string" ? error : "")?.[0];
  return said === undefined ? error : new ErrorReply(said);
}

/**
 * True when they want to know who we are before they answer; then it is whom the servers know. To sentinels without a
 * password nothing may be said of one, they refuse it.
 */
async function sentinelsAskWho({ nodes }: RedisAddress, socket: ReturnType<typeof nodeOptions>["socket"]) {
  for (const node of nodes) {
    const client = createClient({ socket: { ...socket, ...node, reconnectStrategy: false } });
    // What is wrong comes out of connect as well.
    client.on("error", () => {});
    try {
      await client.connect();
      return false;
    } catch (error) {
      // One that is away says nothing; the next one may.
      if (error instanceof ErrorReply) return error.message.startsWith("NOAUTH");
    } finally {
      client.destroy();
    }
  }
  return false;
}

/** A fail-over is announced by the sentinels; this finds the one whose announcement was missed. */
const SENTINEL_SCAN_MS = 5_000;

/** A node that is away for longer has perhaps been replaced: ask the others. */
const TOPOLOGY_REFRESH_MS = 500;

function createOfCluster(options: RedisClientOptions): RedisClient {
  const { address } = options;
  const common = nodeOptions(options);
  const client = createCluster({
    rootNodes: address.nodes.map((node) => ({ socket: { ...common.socket, ...node } })),
    defaults: common,
    commandOptions: COMMAND_OPTIONS,
    minimizeConnections: true,
    topologyRefreshOnReconnectionAttemptStrategy: TOPOLOGY_REFRESH_MS,
  });
  client.on("error", options.onError).on("node-error", options.onError).on("node-ready", options.onReady);
  return {
    send: (key, args) => client.sendCommand(key, false, [...args]),
    sendToAll: (args) =>
      Promise.all(client.masters.map(async (node) => (await client.nodeClient(node)).sendCommand(args))),
    connect: async (nodes) => {
      await client.connect();
      if (nodes === "all") await Promise.all(client.masters.map((node) => client.nodeClient(node)));
    },
    masters: () => client.masters.map(({ host, port }) => ({ host, port })),
    close: () => client.close(),
    destroy: () => client.destroy(),
  };
}
