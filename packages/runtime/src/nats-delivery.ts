import type { LogPosition } from "@burnline/stream";
import type { Msg } from "@nats-io/nats-core";
import type { PullRequest } from "./nats-pull-budget.ts";

/** Where a message of a consumer stands; it is written in the subject that an acknowledgement would go to. */
export interface Delivery {
  readonly position: LogPosition;
  /** How often the consumer has given this record away, from 1; without acknowledgements always 1. */
  readonly deliveries: number;
  /** Counts the deliveries of the consumer, from 1, without holes. */
  readonly deliverySequence: number;
  readonly appendedAtMs: number;
  /** Records of the consumer's filter that the stream held behind this one when it was delivered. */
  readonly pending: number;
}

/** `$JS.ACK.<stream>.<consumer>.<deliveries>.<position>.<sequence>.<time>.<pending>`: the layout before accounts. */
const TOKENS_SHORT = 9;
const DELIVERIES_TOKEN_SHORT = 4;
/** `$JS.ACK.<domain>.<account>.<stream>.<consumer>.<deliveries>.<position>.…`, ADR-15 of nats-architecture-and-design. */
const DELIVERIES_TOKEN_LONG = 6;
/** The time is in ns; its last digits are dropped before a number could lose them. */
const DIGITS_BELOW_MS = 6;

/** Undefined for what is no message of a consumer but a status. */
export function parseDelivery(reply: string | undefined): Delivery | undefined {
  if (reply === undefined || !reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const at = tokens.length === TOKENS_SHORT ? DELIVERIES_TOKEN_SHORT : DELIVERIES_TOKEN_LONG;
  const [deliveries, position, deliverySequence, timeNs, pending] = tokens.slice(at, at + 5);
  if (position === undefined || deliverySequence === undefined || timeNs === undefined) return undefined;
  return {
    position: Number(position),
    deliveries: Number(deliveries),
    deliverySequence: Number(deliverySequence),
    appendedAtMs: Number(timeNs.slice(0, -DIGITS_BELOW_MS)),
    pending: Number(pending ?? 0),
  };
}

/** What a consumer says besides messages, as one word. */
export type PullStatus =
  /** Idle, but there. */
  | "alive"
  /** This request is over: its time, its number, its bytes, or there is nothing. */
  | "ended"
  /** The next record alone is larger than the request allows. */
  | "record-too-large"
  /** The consumer, its leader or its server is gone. */
  | "gone"
  /** The server does not understand the request. */
  | "refused";

/** Classifies a status by its code (ADR-13 of nats-architecture-and-design) and, where a code means several, its words. */
export function toPullStatus(code: number, description: string): PullStatus {
  if (code === 100) return "alive";
  if (code === 404 || code === 408) return "ended";
  if (code === 400) return "refused";
  if (code === 409) {
    if (/message size exceeds/i.test(description)) return "record-too-large";
    if (/batch completed|exceeded max/i.test(description)) return "ended";
  }
  return "gone";
}

/** What a status gives up of its request; undefined: it does not say. */
export function unfilled(message: Msg): PullRequest | undefined {
  const records = message.headers?.get("Nats-Pending-Messages") ?? "";
  const bytes = message.headers?.get("Nats-Pending-Bytes") ?? "";
  return records === "" ? undefined : { records: Number(records), bytes: Number(bytes) };
}
