import { ErrorReply } from "redis";
import type { Logger } from "./log.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { toRedisStorageError } from "./redis-error.ts";
import { StorageError } from "./storage-error.ts";

/** Scripts with effects replicated one by one, TIME in a script that writes, and functions of RESP 3 are all there. */
const REDIS_MAJOR_MIN = 7;

type CheckedConnection = Pick<RedisConnection, "place" | "isCluster" | "askAll">;

/**
 * Refuses a server on which totals could become wrong, and warns in one line, with the command that mends it, of one that
 * could lose what it was given (which costs a replay of the log, not a wrong total).
 */
export async function checkRedis(connection: CheckedConnection, logger: Logger): Promise<void> {
  const { place } = connection;
  for (const reply of await askAll(connection, ["INFO", "server"])) {
    const info = String(reply);
    refuseOldServer(info, place);
    refuseOtherMode(info, connection);
  }
  let settings: Map<string, string>[];
  try {
    const names = ["maxmemory", "maxmemory-policy", "appendonly", "save"];
    settings = (await connection.askAll(["CONFIG", "GET", ...names])).map(toSettings);
  } catch (error) {
    if (!(error instanceof ErrorReply)) throw toRedisStorageError(error, place);
    // Hosted services often do not let their settings be read.
    logger.warn(
      { redis: place },
      "Redis does not let us read its settings: see to it that maxmemory-policy is noeviction and that it writes to disk (appendonly yes)",
    );
    return;
  }
  for (const of of settings) {
    refuseEviction(of, place);
    if ((of.get("maxmemory-policy") ?? "noeviction") !== "noeviction") {
      logger.warn(
        { redis: place, policy: of.get("maxmemory-policy") },
        "Redis may throw state away when its memory is full: CONFIG SET maxmemory-policy noeviction",
      );
    }
    if (of.get("appendonly") !== "yes" && (of.get("save") ?? "") === "") {
      logger.warn(
        { redis: place },
        "Redis keeps nothing on disk, after its restart every partition is replayed: CONFIG SET appendonly yes",
      );
    }
  }
}

async function askAll(connection: CheckedConnection, args: readonly string[]): Promise<readonly unknown[]> {
  try {
    return await connection.askAll(args);
  } catch (error) {
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
 * An evicted key would take part of a partition's state away. Without a limit nothing is evicted, and the policies
 * volatile-* take only keys that are to expire: races that are closed.
 */
function refuseEviction(settings: Map<string, string>, place: string): void {
  const policy = settings.get("maxmemory-policy") ?? "";
  if (!policy.startsWith("allkeys-") || Number(settings.get("maxmemory") ?? 0) === 0) return;
  throw new StorageError(
    "unusable",
    `Redis at ${place} throws keys away when its memory is full (maxmemory-policy ${policy}), fuel totals among them: CONFIG SET maxmemory-policy noeviction.`,
  );
}

/** CONFIG GET answers with a map in RESP 3, which the client gives as an object. */
function toSettings(reply: unknown): Map<string, string> {
  if (reply instanceof Map) return new Map([...reply].map(([name, value]) => [String(name), String(value)]));
  if (Array.isArray(reply)) {
    return new Map(reply.flatMap((name, index) => (index % 2 === 0 ? [[String(name), String(reply[index + 1])]] : [])));
  }
  return new Map(Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)]));
}
