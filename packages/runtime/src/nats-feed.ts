import { setTimeout as sleep } from "node:timers/promises";
import { type LogPosition, type LogReaderOptions, type LogRecord, LogTailLostError } from "@burnline/stream";
import { AckPolicy, DeliverPolicy, JetStreamApiError } from "@nats-io/jetstream";
import { type Msg, nanos, nuid, type Subscription } from "@nats-io/nats-core";
import { type Delivery, parseDelivery, toPullStatus, unfilled } from "./nats-delivery.ts";
import { natsFault, STREAM_NOT_FOUND, toNatsError } from "./nats-error.ts";
import type { NatsLink } from "./nats-link.ts";
import { ReadThrough } from "./nats-loss.ts";
import { PullBudget } from "./nats-pull-budget.ts";
import { ReadAhead } from "./nats-read-ahead.ts";
import type { SubjectLayout } from "./nats-subjects.ts";

/** A request is made again when it is so old. */
const PULL_MS = 30_000;
/** How often the server says that it is still there while it has nothing to send. */
const HEARTBEAT_MS = 500;
/** After this silence, found in two checks so that a standstill of our own is not blamed on the server, we start anew. */
const SILENT_MS_MAX = 1_250;
const CHECK_INTERVAL_MS = 250;
/** The server forgets the consumer of a process that died after this. */
const INACTIVE_MS_MAX = 30_000;
/** Between attempts to make the consumer again: doubling from here up to there. */
const RESTART_MS_MIN = 25;
const RESTART_MS_MAX = 1_000;
/** A stream that is missing in so many attempts in a row (about 5 s) is gone. */
const MISSING_ATTEMPTS_MAX = 10;
/** A gapless feed that asked for nothing for so long starts anew: what was trimmed meanwhile no later answer would show. */
const STANDSTILL_MS_MAX = 1_000;

export interface FeedOptions extends LogReaderOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly layout: SubjectLayout;
  /** NATS filter; records that do not match `subjectPrefix` as well are skipped. */
  readonly filter: string;
  readonly subjectPrefix: string;
}

/**
 * The records behind a position, fetched ahead of the reader. The consumer on the server is a throw-away: whenever
 * anything is in doubt (connection lost, hole in the deliveries, silence, consumer gone) a new one is made at the first
 * position not yet received, so nothing is missed and nothing comes twice. A gapless feed looks at each start whether the
 * stream still holds what it has received and what comes next, and starts anew when its consumer skips records.
 *
 *      starting ──consumer made──▶ running ──lost, hole, silent, gone──▶ starting      closed, failed: the end
 */
export class NatsFeed {
  readonly #options: FeedOptions;
  readonly #stopListening: () => void;
  readonly #watch: NodeJS.Timeout;
  readonly #budget = new PullBudget();
  readonly #ahead = new ReadAhead();
  readonly #read: ReadThrough;
  #subscription: Subscription | undefined;
  #consumer: string | undefined;
  /** Changes with every consumer; what belongs to an older one is not heard. */
  #incarnation = 0;
  /** The attempt to start that counts; the loss of the connection ends it, however long its request still hangs. */
  #run = 0;
  #isStarting = false;
  #isClosed = false;
  #nextDelivery = 1;
  #heardMs = 0;
  #isSuspect = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  private constructor(options: FeedOptions) {
    this.#options = options;
    this.#read = new ReadThrough(options);
    this.#stopListening = options.link.listen({
      disconnected: () => {
        this.#drop();
        this.#abandonRun();
      },
      connected: () => void this.#restart("reconnected"),
    });
    this.#watch = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
    this.#watch.unref();
  }

  static async open(options: FeedOptions): Promise<NatsFeed> {
    const feed = new NatsFeed(options);
    try {
      await options.link.ask(`stream ${options.stream}`, () => feed.#start());
    } catch (error) {
      feed.close();
      throw error;
    }
    return feed;
  }

  /** Everything of the filter up to and with this position has been received. */
  get received(): LogPosition {
    return this.#read.position;
  }

  /** Something is here to be taken, or to be thrown by `take`. */
  get isReady(): boolean {
    return !this.#ahead.isEmpty || this.#failure !== undefined;
  }

  /** Up to maxRecords that are here now. Throws a gap in its place, and always when the feed has failed for good. */
  take(maxRecords: number): readonly LogRecord[] {
    if (this.#failure !== undefined) throw this.#failure;
    const taken = this.#ahead.take(maxRecords);
    if (taken.length > 0) this.#request();
    return taken;
  }

  /** Resolves when something arrived, the feed ended, or the time is up. */
  async arrival(waitMs: number): Promise<void> {
    if (this.isReady || this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#stopListening();
    this.#drop();
    const { link, stream } = this.#options;
    // If this request is lost the server forgets the consumer by itself.
    if (this.#consumer !== undefined && link.isConnected) {
      link.manager.consumers.delete(stream, this.#consumer).catch(() => {});
    }
    this.#wake?.();
  }

  #drop(): void {
    this.#incarnation++;
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#budget.reset();
  }

  #abandonRun(): void {
    this.#run++;
    this.#isStarting = false;
  }

  async #start(): Promise<void> {
    const { link, stream, filter } = this.#options;
    this.#drop();
    const incarnation = this.#incarnation;
    const consumer = nuid.next();
    const { num_pending: pending } = await link.manager.consumers.add(stream, {
      name: consumer,
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.received + 1,
      inactive_threshold: nanos(INACTIVE_MS_MAX),
      mem_storage: true,
      num_replicas: 1,
      ...(filter === ">" ? {} : { filter_subject: filter }),
    });
    if (incarnation !== this.#incarnation) return;
    this.#consumer = consumer;
    const loss = await this.#read.look(link.manager, stream);
    if (incarnation !== this.#incarnation) return;
    if (loss instanceof LogTailLostError) return this.#fail(loss);
    if (loss !== undefined) this.#ahead.pushGap(loss);
    this.#wake?.();
    this.#nextDelivery = 1;
    this.#read.began(pending);
    this.#heardMs = performance.now();
    this.#subscription = link.connection.subscribe(link.createInbox(), {
      callback: (error, message) => {
        if (incarnation !== this.#incarnation) return;
        if (error !== null) this.#fail(toNatsError(error, `stream ${stream}`));
        else this.#hear(message);
      },
    });
    this.#request();
  }

  /** Makes a new consumer, trying until it works, the connection breaks (its return calls us again), or the end. */
  async #restart(why: string): Promise<void> {
    if (this.#isStarting || this.#isClosed || this.#failure !== undefined) return;
    this.#isStarting = true;
    const run = ++this.#run;
    const isOurs = () => run === this.#run && !this.#isClosed;
    const { link, stream } = this.#options;
    link.metrics.readerRestarted(stream, why);
    this.#drop();
    let missing = 0;
    for (let delayMs = RESTART_MS_MIN; isOurs() && this.#subscription === undefined; ) {
      try {
        await this.#start();
        continue;
      } catch (error) {
        const isMissing = error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND;
        missing = isMissing ? missing + 1 : 0;
        if (missing === MISSING_ATTEMPTS_MAX)
          this.#fail(natsFault("unusable", `stream ${stream}`, "it was deleted", error));
      }
      await sleep(delayMs * (0.5 + 0.5 * Math.random()));
      delayMs = Math.min(RESTART_MS_MAX, delayMs * 2);
    }
    if (run === this.#run) this.#isStarting = false;
  }

  #hear(message: Msg): void {
    this.#heardMs = performance.now();
    const delivery = parseDelivery(message.reply);
    if (delivery === undefined) this.#hearStatus(message);
    else this.#hearRecord(message, delivery);
  }

  #hearRecord(message: Msg, delivery: Delivery): void {
    const isHole = delivery.deliverySequence !== this.#nextDelivery;
    if (isHole || this.#read.isSkipping(delivery, this.#heardMs)) {
      void this.#restart(isHole ? "hole" : "skipped");
      return;
    }
    this.#nextDelivery++;
    const payload = message.data;
    const isAnswered = this.#budget.delivered(
      message.subject.length + (message.reply?.length ?? 0) + payload.byteLength,
    );
    // The consumer was made behind this position; a server that starts earlier must not show a record twice.
    if (!this.#read.delivered(delivery)) return;
    const { position, appendedAtMs } = delivery;
    const { partition, subject } = this.#options.layout.fromNats(message.subject);
    if (subject.startsWith(this.#options.subjectPrefix)) {
      this.#ahead.push({ position, partition, subject, appendedAtMs, payload });
    }
    if (isAnswered) this.#request();
    this.#wake?.();
  }

  #hearStatus(message: Msg): void {
    const { code = 0, description = "" } = message.headers ?? {};
    switch (toPullStatus(code, description)) {
      case "alive":
        return;
      case "record-too-large":
        this.#endRequest(message, true);
        return;
      case "ended":
        this.#endRequest(message, false);
        return;
      case "refused":
        this.#fail(natsFault("failed", `stream ${this.#options.stream}`, description));
        return;
      case "gone":
        void this.#restart(code === 503 ? "no consumer" : "consumer gone");
    }
  }

  #endRequest(message: Msg, isByBytes: boolean): void {
    this.#budget.ended(unfilled(message), isByBytes);
    this.#request();
  }

  /** Asks for more when there is room. */
  #request(): void {
    if (this.#subscription === undefined) return;
    const { link, stream, isGapless } = this.#options;
    const stoodStill = !this.#budget.isOutstanding && performance.now() - this.#heardMs > STANDSTILL_MS_MAX;
    const asked = this.#budget.request(this.#ahead.records, this.#ahead.bytes);
    if (asked === undefined) return;
    if (isGapless && stoodStill) {
      void this.#restart("stood still");
      return;
    }
    this.#heardMs = performance.now();
    const request = {
      batch: asked.records,
      max_bytes: asked.bytes,
      expires: nanos(PULL_MS),
      idle_heartbeat: nanos(HEARTBEAT_MS),
    };
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${this.#consumer}`;
    link.connection.publish(subject, JSON.stringify(request), { reply: this.#subscription.getSubject() });
  }

  #check(): void {
    const isSilent =
      this.#budget.isOutstanding &&
      this.#options.link.isConnected &&
      !this.#isStarting &&
      performance.now() - this.#heardMs > SILENT_MS_MAX;
    if (isSilent && this.#isSuspect) void this.#restart("silent");
    this.#isSuspect = isSilent && !this.#isSuspect;
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#drop();
    this.#abandonRun();
    this.#wake?.();
  }
}
