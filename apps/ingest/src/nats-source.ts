import type { Result } from "@burnline/std";
import type { IngestLogger, IngestMetrics } from "./ingest-metrics.ts";
import { natsAnswer } from "./nats-source-answer.ts";
import { PUSH_ANSWERS, pushEntries } from "./push-answer.ts";
import {
  decodeBinaryEvents,
  decodeBinaryFrames,
  decodeJsonEvents,
  decodeJsonFrames,
  PUSH_MESSAGE_BYTES_MAX,
  type PushEntry,
  type PushFault,
} from "./push-decoder.ts";
import type { PushSource } from "./push-source.ts";

/** When stopping, senders wait for the answers to what was taken; after this the rest is answered by nobody. */
const DRAIN_MS_MAX = 3_000;

/** The part of a NATS message that is used here. */
export interface UpstreamMessage {
  readonly data: Uint8Array;
  /** Where the sender waits for an answer; without it nobody waits. */
  readonly reply?: string | undefined;
  respond(payload: Uint8Array | string): boolean;
}

export interface UpstreamSubscription {
  /** Hears no new messages; resolves when those that were on the way have been heard. */
  drain(): Promise<void>;
}

/** The part of a NATS connection that is used here. */
export interface UpstreamConnection {
  subscribe(
    subject: string,
    options: { readonly queue: string; readonly callback: (error: Error | null, message: UpstreamMessage) => void },
  ): UpstreamSubscription;
}

export interface NatsSourceOptions {
  readonly connection: UpstreamConnection;
  /** As after `nats:`. */
  readonly subject: string;
  /** What is heard goes through it, and so shares its queue with the push endpoint. */
  readonly source: PushSource;
  readonly metrics: IngestMetrics;
  readonly logger: IngestLogger;
}

type Decode = (bytes: Uint8Array, race: string) => Result<readonly PushEntry[], PushFault>;

/** Which subjects below the given one mean what; more words may follow, for the sender's own order. */
const KINDS: readonly { readonly word: string; readonly decode: Decode }[] = [
  {
    word: "frames",
    decode: (bytes) => (isJson(bytes) ? decodeJsonFrames(new TextDecoder().decode(bytes)) : decodeBinaryFrames(bytes)),
  },
  {
    word: "events",
    decode: (bytes, race) =>
      isJson(bytes) ? decodeJsonEvents(new TextDecoder().decode(bytes), race) : decodeBinaryEvents(bytes, race),
  },
];

/**
 * Takes frames and events off an upstream subject, as one of a queue group: the server gives each message to one of the
 * race's ingests. Frames come on `<subject>.frames`, events on `<subject>.events`, each with more words behind it if the
 * sender likes; JSON or protobuf as at the push endpoint. A message that asks for an answer gets it once the race log
 * has its content, so whoever sends again what was not answered loses nothing.
 */
export class NatsSource {
  readonly #options: NatsSourceOptions;
  readonly #answering = new Set<Promise<void>>();
  #subscriptions: UpstreamSubscription[] = [];

  constructor(options: NatsSourceOptions) {
    this.#options = options;
  }

  start(): void {
    const { connection, subject, source, logger } = this.#options;
    const queue = `ingest-${source.race.race}`;
    for (const { word, decode } of KINDS) {
      for (const heard of [`${subject}.${word}`, `${subject}.${word}.>`]) {
        const callback = (error: Error | null, message: UpstreamMessage) => {
          if (error !== null) logger.error({ err: error, subject: heard }, "NATS does not let us hear a subject");
          else this.#hear(decode, message);
        };
        this.#subscriptions.push(connection.subscribe(heard, { queue, callback }));
      }
    }
    logger.info({ subject, queue }, "hears an upstream subject");
  }

  /** Hears nothing new, and answers what it took, before the source behind it is closed. */
  async stop(): Promise<void> {
    await Promise.all(this.#subscriptions.map((subscription) => subscription.drain()));
    this.#subscriptions = [];
    const { promise: tooLate, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, DRAIN_MS_MAX);
    await Promise.race([Promise.all(this.#answering), tooLate]);
    clearTimeout(timer);
  }

  #hear(decode: Decode, message: UpstreamMessage): void {
    const answering = this.#take(decode, message).catch((error: unknown) =>
      this.#options.logger.error({ err: error }, "an upstream message could not be answered"),
    );
    this.#answering.add(answering);
    void answering.finally(() => this.#answering.delete(answering));
  }

  async #take(decode: Decode, message: UpstreamMessage): Promise<void> {
    const { source, metrics } = this.#options;
    const { data, reply } = message;
    if (data.length > PUSH_MESSAGE_BYTES_MAX) {
      metrics.pushRefused("too-large");
      if (reply !== undefined) message.respond(natsAnswer({ fault: "too-large" }, reply, PUSH_ANSWERS));
      return;
    }
    const outcome = await pushEntries(this.#options, decode(data, source.race.race), data.length);
    if (reply !== undefined) message.respond(natsAnswer(outcome, reply, PUSH_ANSWERS));
  }
}

const JSON_OPENERS = ["{", "["].map((opener) => opener.charCodeAt(0));
const SCHEMA_VERSION_TAG = 0x08;

/**
 * The first byte of protobuf is the tag of schema_version, or a length with that tag behind it; and no JSON goes on with
 * that control character.
 */
function isJson(bytes: Uint8Array): boolean {
  return JSON_OPENERS.includes(bytes[0] ?? 0) && bytes[1] !== SCHEMA_VERSION_TAG;
}
