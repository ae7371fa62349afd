import { ClientOfflineError, ErrorReply, SocketClosedUnexpectedlyError } from "redis";
import { describe, expect, test } from "vitest";
import {
  isRefusal,
  judgeRedisError,
  type RedisVerdict,
  ReplyTimeoutError,
  toRedisStorageError,
} from "./redis-error.ts";
import type { StorageFault } from "./storage-error.ts";

const CASES: readonly (readonly [Error, RedisVerdict, StorageFault])[] = [
  [new ErrorReply("NOSCRIPT No matching script."), "unknown-script", "failed"],
  [new ErrorReply("LOADING Redis is loading the dataset in memory"), "again", "unreachable"],
  [new ErrorReply("READONLY You can't write against a read only replica."), "again", "unreachable"],
  [new ErrorReply("CLUSTERDOWN The cluster is down"), "again", "unreachable"],
  [new ErrorReply("NOREPLICAS Not enough good replicas to write."), "again", "unreachable"],
  [new ErrorReply("OOM command not allowed when used memory > 'maxmemory'."), "fatal", "full"],
  [new ErrorReply("MISCONF Errors writing to the AOF file: No space left on device"), "fatal", "full"],
  [new ErrorReply("WRONGPASS invalid username-password pair"), "fatal", "refused"],
  [new ErrorReply("NOPERM User app has no permissions to run the 'evalsha' command"), "fatal", "refused"],
  [new ErrorReply("WRONGTYPE Operation against a key holding the wrong kind of value"), "fatal", "failed"],
  [new ErrorReply("ERR unknown command"), "fatal", "failed"],
  [new SocketClosedUnexpectedlyError(), "again", "unreachable"],
  [new ClientOfflineError(), "again", "unreachable"],
  [new ReplyTimeoutError(1_000), "again", "unreachable"],
  [new Error("The queue is full"), "fatal", "overloaded"],
  [Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }), "again", "refused"],
];

describe("an error of Redis", () => {
  test.each(CASES)("%s", (error, verdict, fault) => {
    expect(judgeRedisError(error)).toBe(verdict);
    const stored = toRedisStorageError(error, "redis://db");
    expect(stored).toMatchObject({ name: "StorageError", fault, cause: error });
    expect(stored.message).toMatch(/^Redis at redis:\/\/db |^Too many commands wait for Redis at redis:\/\/db/);
  });

  test("only what cannot get better ends the first connection", () => {
    expect(isRefusal(new ErrorReply("WRONGPASS"))).toBe(true);
    expect(isRefusal(new ErrorReply("ERR AUTH <password> called without any password configured"))).toBe(true);
    expect(isRefusal(new ErrorReply("ERR max number of clients reached"))).toBe(false);
    expect(isRefusal(new ErrorReply("LOADING"))).toBe(false);
    expect(isRefusal(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBe(false);
  });
});
