import type { PUSH_ANSWERS, PushOutcome } from "./push-answer.ts";

export type NatsOutcome = PushOutcome | { readonly fault: "too-large" };

/** Faults that another attempt, or another ingest, may not have. */
const PASSING_FAULTS = ["queue-full", "closing", "log-unavailable"];

/** A fault that may pass when the clocks have been compared: not at once, but soon. */
const DOUBT = "clock-in-doubt";
const DOUBT_DELAY_NS = 1_000_000_000;

/** A message that a JetStream consumer delivers is answered in words that its server understands. */
const CONSUMER_REPLY = "$JS.ACK.";
const DONE = "+ACK";
const AGAIN = "-NAK";
const NEVER_AGAIN = "+TERM";

/**
 * What the sender is told: {"accepted", "rejected": {reason: count}}, or {"error": {"code", "message"}} for a message that
 * was refused as a whole. A consumer of a stream that delivers to our subject is told whether it is done.
 */
export function natsAnswer(outcome: NatsOutcome, reply: string, messages: typeof PUSH_ANSWERS): string {
  if (reply.startsWith(CONSUMER_REPLY)) return consumerWord(outcome);
  if ("ack" in outcome) return JSON.stringify(outcome.ack);
  const { message } = messages[outcome.fault];
  return JSON.stringify({ error: { code: outcome.fault, message } });
}

function consumerWord(outcome: NatsOutcome): string {
  if ("fault" in outcome) return PASSING_FAULTS.includes(outcome.fault) ? AGAIN : NEVER_AGAIN;
  const reasons = Object.keys(outcome.ack.rejected);
  if (reasons.some((reason) => PASSING_FAULTS.includes(reason))) return AGAIN;
  return reasons.includes(DOUBT) ? `${AGAIN} {"delay":${DOUBT_DELAY_NS}}` : DONE;
}
