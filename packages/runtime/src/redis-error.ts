import { AbortError, ClientClosedError, ErrorReply } from "redis";
import { StorageError } from "./storage-error.ts";

/**
 * What a failed command means for whoever sent it.
 * again: the server did not do it, or it is unknown whether it did; asking again is right, because every script gives the
 * same answer when it is asked twice. unknown-script: load it first. fatal: asking again will not help.
 */
export type RedisVerdict = "again" | "unknown-script" | "fatal";

/** No reply in time. Whether the server did it is unknown. */
export class ReplyTimeoutError extends Error {
  constructor(timeoutMs: number) {
    super(`no reply within ${Math.round(timeoutMs)} ms`);
    this.name = "ReplyTimeoutError";
  }
}

// First words of error replies while a server starts, fails over, is scaled or has too few replicas: they pass.
const PASSING = [
  "LOADING",
  "READONLY",
  "MASTERDOWN",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "MOVED",
  "ASK",
  "BUSY",
  "NOREPLICAS",
  "UNBLOCKED",
];
const REFUSING = ["WRONGPASS", "NOAUTH", "NOPERM"];

/** What to do after this error. */
export function judgeRedisError(thrown: unknown): RedisVerdict {
  const error = unwrap(thrown);
  if (error instanceof ErrorReply) {
    const word = firstWord(error);
    if (word === "NOSCRIPT") return "unknown-script";
    return PASSING.includes(word) ? "again" : "fatal";
  }
  // A full queue says that asking again makes it worse; all else comes from a connection.
  return error instanceof StorageError || isQueueFull(error) ? "fatal" : "again";
}

/** True when another attempt to connect cannot do better: a wrong password, a certificate that does not fit. */
export function isRefusal(thrown: unknown): boolean {
  const error = unwrap(thrown);
  if (error instanceof ErrorReply) {
    return (
      [...REFUSING, "ERR", "NOPROTO"].includes(firstWord(error)) && !error.message.includes("max number of clients")
    );
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || CERTIFICATE_FAULTS.includes(code);
}

const CERTIFICATE_FAULTS = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID",
];

/** Turns what the client threw into one sentence that says what to do. `place` is the address without a password. */
export function toRedisStorageError(thrown: unknown, place: string): StorageError {
  const error = unwrap(thrown);
  if (error instanceof StorageError) return error;
  const cause = { cause: error };
  const reason = error instanceof Error && error.message !== "" ? error.message : String(error);
  const word = error instanceof ErrorReply ? firstWord(error) : "";
  if (word === "OOM") {
    const text = `Redis at ${place} has used all of its maxmemory: give it more (CONFIG SET maxmemory 2gb); nothing stored is lost.`;
    return new StorageError("full", text, cause);
  }
  if (word === "MISCONF") {
    const text = `Redis at ${place} cannot write to its disk and takes nothing more: free space there (its log names the file); nothing stored is lost.`;
    return new StorageError("full", text, cause);
  }
  if (REFUSING.includes(word)) {
    const text = `Redis at ${place} refuses us (${reason}): check user and password in the address (--redis), and the user's rights.`;
    return new StorageError("refused", text, cause);
  }
  if (isRefusal(error) && word === "") {
    const text = `Redis at ${place} shows a certificate that is not trusted (${reason}): give the authority's certificate (--redis-ca), or check the host's name in the address (--redis).`;
    return new StorageError("refused", text, cause);
  }
  if (isQueueFull(error)) {
    const text = `Too many commands wait for Redis at ${place}: it is too slow for this load; check its CPU and disk, or add processors.`;
    return new StorageError("overloaded", text, cause);
  }
  if (error instanceof ClientClosedError || error instanceof AbortError) {
    return new StorageError("closed", `The connection to Redis at ${place} is closed.`, cause);
  }
  if (judgeRedisError(error) === "again") {
    const text = `Redis at ${place} cannot be reached (${reason}): check that it runs, its address (--redis; redis without TLS, rediss with TLS) and the network.`;
    return new StorageError("unreachable", text, cause);
  }
  return new StorageError("failed", `Redis at ${place} failed (${reason}): see its log.`, cause);
}

/** The same for the first connection, where a command that is not known means that the address is not what it says. */
export function toOpeningError(thrown: unknown, place: string): StorageError {
  const error = unwrap(thrown);
  if (!(error instanceof ErrorReply) || firstWord(error) !== "ERR") return toRedisStorageError(error, place);
  return new StorageError(
    "unusable",
    `Redis at ${place} is not what its address says (${error.message}): check the kind (redis, redis+sentinel or redis+cluster), the master's name and the password in --redis.`,
    { cause: error },
  );
}

/** Of a user that may not PING: an answer all the same, and no more was wanted. */
export function isRefusedPing(thrown: unknown): boolean {
  const error = unwrap(thrown);
  return error instanceof ErrorReply && /^NOPERM .*'ping'/i.test(error.message);
}

/** The sentinel client puts what a server says into an error of its own. */
function unwrap(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof ErrorReply ? error.cause : error;
}

function firstWord(error: ErrorReply): string {
  return error.message.split(" ", 1)[0] ?? "";
}

// The client throws a bare Error for this.
function isQueueFull(error: unknown): boolean {
  return error instanceof Error && error.message === "The queue is full";
}
