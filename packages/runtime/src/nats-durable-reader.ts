import { assert } from "@burnline/std";
import type { DurableReader, LogPosition, LogRecord } from "@burnline/stream";
import { type Msg, nanos, type Subscription } from "@nats-io/nats-core";
import { READ_BATCH_RECORDS_MAX } from "./log-reader.ts";
import { parseDelivery, toPullStatus } from "./nats-delivery.ts";
import { guardNats, natsFault, toNatsError } from "./nats-error.ts";
import type { NatsLink } from "./nats-link.ts";
import type { SubjectLayout } from "./nats-subjects.ts";

const ACKNOWLEDGE = "+ACK";
const GIVE_BACK = "-NAK";
/** A request that has not ended so long after its time is lost, like its answer. */
const LOST_REQUEST_MS = 1_000;
/** An acknowledgement, or giving records back, is confirmed by the server in this time. */
const CONFIRM_MS_MAX = 5_000;

export interface DurableReaderOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly consumer: string;
  readonly layout: SubjectLayout;
  readonly subjectPrefix: string;
  /** Whether the stream has records that the group was not given yet; asked when the server sees none. */
  readonly hasUndelivered: () => Promise<boolean>;
  readonly onClose: () => void;
}

/**
 * One of the readers that share a durable consumer. It fetches no more than it was asked for, so nothing lies here that
 * another reader could work on.
 */
export class NatsDurableReader implements DurableReader {
  readonly #options: DurableReaderOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #stopListening: () => void;
  /** Delivered and not acknowledged: where to acknowledge. Bounded by what the server lets a group hold. */
  readonly #held = new Map<LogPosition, string>();
  #arrived: LogRecord[] = [];
  #pull = 0;
  #isPulling = false;
  #wanted = 0;
  #failure: unknown;
  #wake: (() => void) | undefined;
  #isBusy = false;
  #isClosed = false;

  constructor(options: DurableReaderOptions) {
    this.#options = options;
    const { link, stream } = options;
    this.#inbox = link.createInbox();
    // There from the beginning: a series that appears with its first event does not rise by it.
    link.metrics.redelivered(stream, 0);
    link.metrics.acknowledgeFailed(stream, 0);
    this.#subscription = link.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message);
        else this.#fail(toNatsError(error, `stream ${stream}`));
      },
    });
    // What the lost connection swallowed comes again; the request has to be made again.
    this.#stopListening = link.listen({ disconnected: () => this.#endPull(), connected: () => this.#wake?.() });
  }

  async next(maxRecords: number, waitMs: number): Promise<readonly LogRecord[]> {
    assert(!this.#isBusy, "a reader has one next() at a time");
    this.#isBusy = true;
    try {
      return await this.#next(Math.min(maxRecords, READ_BATCH_RECORDS_MAX), waitMs);
    } finally {
      this.#isBusy = false;
    }
  }

  async acknowledge(records: readonly LogRecord[]): Promise<void> {
    const positions = records.map(({ position }) => position);
    try {
      await this.#answer(positions, ACKNOWLEDGE);
    } catch (error) {
      const { link, stream } = this.#options;
      link.metrics.acknowledgeFailed(stream, 1);
      throw error;
    }
  }

  /** Gives back what was not acknowledged, so that another reader gets it at once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose();
    this.#stopListening();
    this.#subscription.unsubscribe();
    this.#wake?.();
    // Without a connection the server gives them to another one when their time is up.
    if (this.#options.link.isConnected) await this.#answer([...this.#held.keys()], GIVE_BACK).catch(() => {});
  }

  async #next(limit: number, waitMs: number): Promise<readonly LogRecord[]> {
    const deadlineMs = performance.now() + waitMs;
    while (!this.#isClosed) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#arrived.length === 0) await this.#fetch(limit, Math.max(0, deadlineMs - performance.now()));
      const records = this.#arrived.splice(0, limit);
      if (records.length > 0) return records;
      if (this.#isClosed || performance.now() < deadlineMs) continue;
      if (waitMs > 0 || !(await this.#options.hasUndelivered())) break;
    }
    return [];
  }

  /** One request, until it is fulfilled, over or lost. */
  async #fetch(limit: number, waitMs: number): Promise<void> {
    const { link, stream, consumer } = this.#options;
    const startMs = performance.now();
    if (link.isConnected) {
      this.#pull++;
      this.#isPulling = true;
      this.#wanted = limit;
      const request = { batch: limit, no_wait: true, ...(waitMs >= 1 ? { expires: nanos(Math.floor(waitMs)) } : {}) };
      const reply = `${this.#inbox}.${this.#pull}`;
      const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
      link.connection.publish(subject, JSON.stringify(request), { reply });
    }
    while (!this.#isClosed && (this.#isPulling || !link.isConnected)) {
      const lostMs = this.#isPulling ? LOST_REQUEST_MS : 0;
      const leftMs = startMs + waitMs + lostMs - performance.now();
      if (leftMs <= 0) break;
      await this.#news(leftMs);
    }
    this.#isPulling = false;
    // A full answer leaves the loop with records; nothing is lost if it comes late, it goes to the next call.
  }

  async #news(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
  }

  #hear(message: Msg): void {
    const delivery = parseDelivery(message.reply);
    if (delivery === undefined) {
      this.#hearStatus(message);
      return;
    }
    const { position, deliveries, appendedAtMs } = delivery;
    const { link, stream } = this.#options;
    // What a closing reader gave back counts as well: nobody knows whether it had been worked on.
    if (deliveries > 1) link.metrics.redelivered(stream, 1);
    const { partition, subject } = this.#options.layout.fromNats(message.subject);
    this.#held.set(position, message.reply ?? "");
    if (subject.startsWith(this.#options.subjectPrefix)) {
      this.#arrived.push({ position, partition, subject, appendedAtMs, payload: message.data });
    } else {
      // In the filter of NATS but not in the prefix: nobody wants it.
      void this.#answer([position], ACKNOWLEDGE).catch(() => {});
    }
    if (--this.#wanted <= 0) this.#endPull();
  }

  #hearStatus(message: Msg): void {
    if (message.subject !== `${this.#inbox}.${this.#pull}`) return;
    const { code = 0, description = "" } = message.headers ?? {};
    const status = toPullStatus(code, description);
    if (status === "alive") return;
    if (status === "refused") {
      this.#fail(natsFault("failed", `stream ${this.#options.stream}`, description));
      return;
    }
    if (status === "gone" && /consumer deleted/i.test(description)) {
      this.#fail(natsFault("unusable", `durable reader ${this.#options.consumer}`, "it was deleted on the server"));
      return;
    }
    this.#endPull();
  }

  #endPull(): void {
    this.#isPulling = false;
    this.#wake?.();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#endPull();
  }

  /**
   * The server works off the answers of a connection in order, so the confirmation of the last one confirms them all.
   * Rejects when it does not come; then any of them may come again.
   */
  async #answer(positions: readonly LogPosition[], answer: string): Promise<void> {
    const { link, consumer } = this.#options;
    const subjects = positions.flatMap((position) => this.#held.get(position) ?? []);
    const last = subjects.pop();
    if (last === undefined) return;
    for (const subject of subjects) link.connection.publish(subject, answer);
    await guardNats(`durable reader ${consumer}`, () =>
      link.connection.request(last, answer, { timeout: CONFIRM_MS_MAX }),
    );
    for (const position of positions) this.#held.delete(position);
  }
}
