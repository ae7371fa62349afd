import { err, ok, type Result } from "@burnline/std";

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is and how it is built. */
export interface RedisAddress {
  /** One server; the servers' sentinels, which know the master by a name; or some nodes of a Redis Cluster. */
  readonly type: "single" | "sentinel" | "cluster";
  readonly nodes: readonly RedisNode[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** 0 in a cluster: it has only one. */
  readonly database: number;
  /** Of a sentinel's master. */
  readonly masterName: string;
  /** For people: without user and password. */
  readonly text: string;
}

/** Nodes named in one address; more are a mistake, not a bigger cluster (three are enough to find all). */
export const REDIS_NODES_MAX = 64;

const SYNTAX =
  "an address is redis://host:6379/0, redis+sentinel://host:26379,host:26379/master or redis+cluster://host:6379,host:6379; rediss for TLS, user:password@ in front of the hosts, for sentinels that ask for one too";

const PATTERN =
  /^(?<scheme>rediss?)(?:\+(?<type>sentinel|cluster))?:\/\/(?:(?<credentials>[^@/]*)@)?(?<hosts>[^/@?#]+)(?:\/(?<path>[^/?#]*))?$/;
const DEFAULT_PORT = { single: 6379, sentinel: 26379, cluster: 6379 } as const;

/** Reads an address as people write it. The error is one sentence without the password. */
export function parseRedisAddress(text: string): Result<RedisAddress, string> {
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) return err(`this is no address of a Redis: ${SYNTAX}`);
  const { scheme = "redis", credentials = "", hosts = "", path = "" } = groups;
  const type = groups.type === "sentinel" || groups.type === "cluster" ? groups.type : "single";
  const nodes = hosts.split(",").map((host) => parseNode(host, DEFAULT_PORT[type]));
  if (nodes.length > REDIS_NODES_MAX)
    return err(`an address names at most ${REDIS_NODES_MAX} hosts, this one ${nodes.length}`);
  const sound = nodes.filter((node) => node !== undefined);
  if (sound.length < nodes.length) return err(`a host of ${hosts} is wrong: ${SYNTAX}`);
  if (type === "single" && sound.length > 1)
    return err(`${hosts} are several hosts: say redis+cluster or redis+sentinel`);
  if (type === "sentinel" && path === "")
    return err("the master's name is missing: redis+sentinel://host:26379/master");
  if (type !== "sentinel" && !/^\d*$/.test(path)) return err(`${path} is no number of a database`);
  if (type === "cluster" && Number(path) !== 0) return err("a Redis Cluster has only database 0");
  const at = credentials.indexOf(":");
  const username = decode(at === -1 ? credentials : credentials.slice(0, at));
  const password = decode(at === -1 ? "" : credentials.slice(at + 1));
  if (username === undefined || password === undefined) return err("user or password are not percent-encoded");
  return ok({
    type,
    nodes: sound,
    isTls: scheme === "rediss",
    username: username === "" ? undefined : username,
    password: password === "" ? undefined : password,
    database: type === "sentinel" ? 0 : Number(path),
    masterName: type === "sentinel" ? path : "",
    text: `${scheme}${type === "single" ? "" : `+${type}`}://${hosts}${path === "" ? "" : `/${path}`}`,
  });
}

function parseNode(text: string, defaultPort: number): RedisNode | undefined {
  const match = /^(?<host>\[[0-9a-fA-F:]+\]|[^:[\]\s]+)(?::(?<port>\d{1,5}))?$/.exec(text);
  const port = Number(match?.groups?.port ?? defaultPort);
  const host = match?.groups?.host?.replace(/^\[|\]$/g, "");
  return host === undefined || port === 0 || port > 65_535 ? undefined : { host, port };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: the caller says so.
    return undefined;
  }
}
