import type { Result } from "@burnline/std";
import type { IngestMetrics } from "./ingest-metrics.ts";
import { PUSH_ITEMS_MAX, PUSH_MESSAGE_BYTES_MAX, type PushEntry, type PushFault } from "./push-decoder.ts";
import type { PushAck, PushSource } from "./push-source.ts";

/** What a sender of a message that is refused as a whole is told. */
export const PUSH_ANSWERS: Readonly<
  Record<PushFault | "queue-full" | "too-large", { status: number; message: string }>
> = {
  "empty-message": { status: 400, message: "The message is empty; send at least one frame or event." },
  "not-json": { status: 400, message: "The message is not JSON; send JSON, or protobuf as application/x-protobuf." },
  "truncated-message": {
    status: 400,
    message:
      "The message ends inside a frame; send one protobuf message, or several each behind its length as a varint.",
  },
  "too-many-items": { status: 413, message: `The message has more than ${PUSH_ITEMS_MAX} items; split it.` },
  "unknown-content-type": {
    status: 415,
    message: "The content type is not known; send application/json or application/x-protobuf.",
  },
  "queue-full": { status: 429, message: "The log cannot keep up; send the message again in a second." },
  "too-large": { status: 413, message: `The message has more than ${PUSH_MESSAGE_BYTES_MAX} bytes; split it.` },
};

export type PushOutcome = { readonly ack: PushAck } | { readonly fault: PushFault | "queue-full" };

/** Offers what was decoded to the source and waits until it is in the log. */
export async function pushEntries(
  { source, metrics }: { readonly source: PushSource; readonly metrics: IngestMetrics },
  decoded: Result<readonly PushEntry[], PushFault>,
  bytes: number,
): Promise<PushOutcome> {
  if (!decoded.ok) {
    metrics.pushRefused(decoded.error);
    return { fault: decoded.error };
  }
  const acknowledged = source.offer(decoded.value, bytes);
  if (acknowledged === undefined) {
    metrics.pushRefused("queue-full");
    return { fault: "queue-full" };
  }
  for (const entry of decoded.value) if (entry.type === "fault") metrics.frameRejected(entry.reason);
  return { ack: await acknowledged };
}
