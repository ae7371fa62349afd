import { ErrorReply } from "redis";
import type { Logger } from "./log.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { toRedisStorageError } from "./redis-error.ts";
import { partitionKeys } from "./redis-keys.ts";
import { StorageError } from "./storage-error.ts";

/** Scripts with effects replicated one by one, TIME in a script that writes, and functions of RESP 3 are all there. */
const REDIS_MAJOR_MIN = 7;

type CheckedConnection = Pick<RedisConnection, "place" | "isCluster" | "askAll">;

/**
 * Refuses a server on which totals could become wrong, and warns in one line, with the command that mends it, of one that
 * could lose what it was given (which costs a replay of the log, not a wrong total).
 */
export async function checkRedis(connection: CheckedConnection, logger: Logger): Promise<void> {
  for (const reply of await askAll(connection, ["INFO", "server"])) {
    const info = String(reply);
    refuseOldServer(info, connection.place);
    refuseOtherMode(info, connection);
  }
  // Hosted services often do not let their settings be read. INFO, which they do give, tells most of them.
  const nodes = (await askAll(connection, ["INFO", "memory", "persistence"])).map(toFields);
  for (const fields of nodes) refuseEviction(fields, connection.place);
  const warn = (text: string) => logger.warn({ redis: connection.place }, text);
  const policies = nodes.map((fields) => fields.get("maxmemory_policy"));
  if (policies.includes(undefined)) {
    warn("Redis does not say what it does when its memory is full: see to it that maxmemory-policy is noeviction");
  } else if (policies.some((policy) => policy !== "noeviction")) {
    warn("Redis would throw state away if it were given a maxmemory: CONFIG SET maxmemory-policy noeviction");
  }
  const hasFile = nodes.map((fields) => fields.get("aof_enabled") === "1");
  if (hasFile.includes(false)) await warnOfNothingOnDisk(connection, warn);
  if (hasFile.includes(true)) await warnOfDefaultUser(connection, warn);
}

async function askAll(connection: CheckedConnection, args: readonly string[]): Promise<readonly unknown[]> {
  try {
    return await connection.askAll(args);
  } catch (error) {
    throw toRedisStorageError(error, connection.place);
  }
}

/** undefined when we may not ask. */
async function askAllIfAllowed(connection: CheckedConnection, args: readonly string[]) {
  try {
    return await connection.askAll(args);
  } catch (error) {
    if (error instanceof ErrorReply) return undefined;
    throw toRedisStorageError(error, connection.place);
  }
}

function refuseOldServer(info: string, place: string): void {
  // Valkey says redis_version 7.2.4 and its own version beside it.
  if (/^valkey_version:/m.test(info)) return;
  const version = /^redis_version:(?<major>\d+)[^\r\n]*/m.exec(info);
  const major = Number(version?.groups?.major ?? 0);
  if (major >= REDIS_MAJOR_MIN) return;
  const found = version?.[0].slice("redis_version:".length) ?? "of unknown version";
  throw new StorageError(
    "unusable",
    `Redis at ${place} is ${found}, Burnline needs ${REDIS_MAJOR_MIN} or newer, or Valkey: upgrade that server, or name another one by --redis.`,
  );
}

/** A node of a cluster has only some of the keys, a sentinel has none. */
function refuseOtherMode(info: string, { place, isCluster }: CheckedConnection): void {
  const mode = /^redis_mode:(?<mode>\w+)/m.exec(info)?.groups?.mode;
  if (mode !== "sentinel" && (mode !== "cluster" || isCluster)) return;
  const address = mode === "cluster" ? "redis+cluster://host:6379" : "redis+sentinel://host:26379/master";
  throw new StorageError("unusable", `Redis at ${place} is a ${mode}: write its address (--redis) as ${address}.`);
}

/**
 * An evicted key would take part of a partition's state away, or who works on the race: the policies volatile-* take the
 * latter, which is the one key that is to expire. Without a limit nothing is evicted.
 */
function refuseEviction(fields: ReadonlyMap<string, string>, place: string): void {
  const policy = fields.get("maxmemory_policy") ?? "noeviction";
  if (policy === "noeviction" || Number(fields.get("maxmemory") ?? 0) === 0) return;
  throw new StorageError(
    "unusable",
    `Redis at ${place} throws keys away when its memory is full (maxmemory-policy ${policy}), those of a running race too: CONFIG SET maxmemory-policy noeviction.`,
  );
}

async function warnOfNothingOnDisk(connection: CheckedConnection, warn: (text: string) => void): Promise<void> {
  const replies = await askAllIfAllowed(connection, ["CONFIG", "GET", "appendonly", "save"]);
  if (replies === undefined) {
    warn(
      "Redis keeps no append-only file and does not let us read what else it keeps: see to it that it writes to disk",
    );
    return;
  }
  const isLost = (settings: Map<string, string>) =>
    settings.get("appendonly") !== "yes" && (settings.get("save") ?? "") === "";
  if (replies.map(toSettings).some(isLost)) {
    warn("Redis keeps nothing on disk, after its restart every partition is replayed: CONFIG SET appendonly yes");
  }
}

/** What our scripts write, as it stands in the append-only file, on the keys of some partition. */
function writtenCommands(): readonly (readonly string[])[] {
  const [meta, entries, outbox] = partitionKeys("race", 0);
  return [
    ["HSET", meta, "p", "1"],
    ["HINCRBY", entries, "", "1"],
    ["HDEL", entries, "car"],
    ["DEL", entries],
    ["RPUSH", outbox, "record"],
    ["LTRIM", outbox, "1", "-1"],
  ];
}

/**
 * Redis and Valkey without the fix of redis#14541 read their append-only file with the rights of the default user, also
 * of one that is switched off, and leave transactions out that it may not do. DRYRUN asks for the same rights, and only
 * who may ask is told; whether this server has the fix cannot be asked.
 */
async function warnOfDefaultUser(connection: CheckedConnection, warn: (text: string) => void): Promise<void> {
  for (const command of writtenCommands()) {
    const replies = await askAllIfAllowed(connection, ["ACL", "DRYRUN", "default", ...command]);
    if (replies === undefined) return;
    if (replies.every((reply) => String(reply) === "OK")) continue;
    warn(
      "Redis, without its fix of issue 14541, leaves out what its default user may not do when it reads its append-only file, then partitions are replayed: ACL SETUSER default off resetpass allkeys allchannels allcommands (nobody can be that user), and so in its file of users",
    );
    return;
  }
}

/** Of INFO. */
function toFields(reply: unknown): ReadonlyMap<string, string> {
  const lines = String(reply).matchAll(/^(?<name>\w+):(?<value>[^\r\n]*)/gm);
  return new Map([...lines].map(({ groups }) => [groups?.name ?? "", groups?.value ?? ""]));
}

/** CONFIG GET answers with a map in RESP 3, which the client gives as an object. */
function toSettings(reply: unknown): Map<string, string> {
  if (reply instanceof Map) return new Map([...reply].map(([name, value]) => [String(name), String(value)]));
  if (Array.isArray(reply)) {
    return new Map(reply.flatMap((name, index) => (index % 2 === 0 ? [[String(name), String(reply[index + 1])]] : [])));
  }
  return new Map(Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)]));
}
