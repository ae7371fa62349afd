import { JetStreamApiError, JetStreamError } from "@nats-io/jetstream";
import { errors } from "@nats-io/nats-core";
import { StorageError, type StorageFault } from "./storage-error.ts";

// Error codes of the JetStream API, server/errors.json of nats-server.
const RESOURCE_LIMITS_EXCEEDED = 10_002;
/** Of several servers none can take the stream; the description has each one's reason. */
const NO_SUITABLE_PEERS = 10_005;
const SYSTEM_UNAVAILABLE = 10_008;
const INSUFFICIENT_RESOURCES = 10_023;
const MEMORY_EXCEEDED = 10_028;
const NOT_ENABLED_FOR_ACCOUNT = 10_039;
const STORAGE_EXCEEDED = 10_047;
export const MESSAGE_TOO_LARGE = 10_054;
export const STREAM_NOT_FOUND = 10_059;
const NOT_ENABLED = 10_076;
/** The store said why in words. */
const STORE_FAILED = 10_077;

const FULL = new Set([RESOURCE_LIMITS_EXCEEDED, INSUFFICIENT_RESOURCES, MEMORY_EXCEEDED, STORAGE_EXCEEDED]);

/** The server has no room left to promise: streams reserve what they may grow to, whether they use it or not. */
const ALL_RESERVED = new Set([INSUFFICIENT_RESOURCES, STORAGE_EXCEEDED]);

function isAllReserved({ code, message }: JetStreamApiError): boolean {
  return ALL_RESERVED.has(code) || (code === NO_SUITABLE_PEERS && message.includes("insufficient storage"));
}

/** What the server answers when a stream is at its limit and discards what is new (server/store.go). */
const STREAM_FULL = /maximum (bytes|messages|messages per subject) exceeded/;

/** What an error of the JetStream API means to a caller. */
export function faultOfApiError(errorCode: number, description: string): StorageFault {
  if (FULL.has(errorCode)) return "full";
  if (errorCode === STORE_FAILED) return STREAM_FULL.test(description) ? "full" : "failed";
  if (errorCode === SYSTEM_UNAVAILABLE) return "unreachable";
  if (errorCode === NOT_ENABLED || errorCode === NOT_ENABLED_FOR_ACCOUNT) return "unusable";
  return "failed";
}

/** The sentence of each fault. `what` names the stream or bucket: "stream RACE_daytona". */
export function natsFault(fault: StorageFault, what: string, detail: string, cause?: unknown): StorageError {
  const options = cause === undefined ? undefined : { cause };
  return new StorageError(fault, sentenceOf(fault, what, detail), options);
}

function sentenceOf(fault: StorageFault, what: string, detail: string): string {
  switch (fault) {
    case "full":
      return `The ${what} is full (${detail}): raise its size limit or wait until old records run out.`;
    case "unreachable":
      return `NATS did not answer for the ${what} (${detail}): it may have been done or not; try again.`;
    case "refused":
      return `NATS does not allow this on the ${what} (${detail}): check the user's rights.`;
    case "unusable":
      return `The ${what} cannot be used (${detail}).`;
    case "overloaded":
      return `The ${what} takes records more slowly than they come (${detail}): send fewer.`;
    case "closed":
      return `The ${what} was used after it was closed.`;
    default:
      return `The ${what} failed (${detail}).`;
  }
}

function noRoomText(what: string, detail: string): string {
  return `NATS has no room to promise to the ${what} (${detail}): the streams of all its races reserve what they may grow to. Delete those of old races, give the servers more storage, or lower --stream-gb.`;
}

/** Turns what a NATS client threw into a StorageError; programmer errors pass through. */
export function toNatsError(error: unknown, what: string): unknown {
  if (error instanceof StorageError || !(error instanceof Error)) return error;
  if (error instanceof JetStreamApiError) {
    if (isAllReserved(error)) return new StorageError("full", noRoomText(what, error.message), { cause: error });
    return natsFault(faultOfApiError(error.code, error.message), what, error.message, error);
  }
  if (error instanceof errors.PermissionViolationError || error instanceof errors.AuthorizationError) {
    return natsFault("refused", what, error.message, error);
  }
  if (isUnanswered(error)) return natsFault("unreachable", what, error.message, error);
  if (error instanceof JetStreamError) return natsFault("failed", what, error.message, error);
  return error;
}

function isUnanswered(error: Error): boolean {
  return [
    errors.TimeoutError,
    errors.RequestError,
    errors.NoRespondersError,
    errors.ConnectionError,
    errors.ClosedConnectionError,
    errors.DrainingConnectionError,
  ].some((kind) => error instanceof kind);
}

/** Runs a call of a NATS client; its errors become StorageErrors. */
export async function guardNats<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toNatsError(error, what);
  }
}
