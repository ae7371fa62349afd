import type {
  DurableReader,
  EventLog,
  LogAppend,
  LogPosition,
  LogReader,
  LogReaderOptions,
  LogRecord,
} from "@burnline/stream";
import { AckPolicy, type ConsumerInfo, DeliverPolicy, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { nanos } from "@nats-io/nats-core";
import type { Logger } from "./log.ts";
import { NatsDurableReader } from "./nats-durable-reader.ts";
import { natsFault } from "./nats-error.ts";
import { NatsFeed } from "./nats-feed.ts";
import type { NatsLink } from "./nats-link.ts";
import { askAppendedAt } from "./nats-loss.ts";
import { NatsPublisher } from "./nats-publisher.ts";
import { NatsReader } from "./nats-reader.ts";
import { ensureStream, type NatsStreamOptions } from "./nats-stream.ts";
import { takeStream } from "./nats-stream-take.ts";
import type { SubjectLayout } from "./nats-subjects.ts";

/** Records that a durable group may hold without acknowledging them; at the cap the server gives it no more. */
const DURABLE_IN_FLIGHT_RECORDS_MAX = 4_096;
/** A reader works on what it holds for less than this. */
const DURABLE_ACK_MS = 10_000;

export interface NatsEventLogOptions extends NatsStreamOptions {
  readonly layout: SubjectLayout;
  readonly logger?: Pick<Logger, "info" | "warn">;
  /** What a durable reader that died held goes to another one after this. */
  readonly durableAckMs?: number;
  /** How long a stream that somebody else makes is waited for. */
  readonly takeMsMax?: number;
}

/**
 * One JetStream stream as a log: the position is the stream's sequence, the message id its de-duplication, which reaches
 * back over `duplicateWindowMs` only. Of several records of one append any part may be stored when it is rejected.
 */
export class NatsEventLog implements EventLog {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #layout: SubjectLayout;
  readonly #durableAckMs: number;
  readonly #publisher: NatsPublisher;
  readonly #readers = new Set<LogReader | DurableReader>();

  /** Makes the stream, or checks or waits for the one that is there, as `policy` says. */
  static async open(link: NatsLink, options: NatsEventLogOptions): Promise<NatsEventLog> {
    if (options.policy === "take")
      await takeStream(link, options.name, options.layout.streamSubjects, options.takeMsMax);
    else await ensureStream(link.manager, options.layout.streamSubjects, options, options.logger);
    return new NatsEventLog(link, options);
  }

  private constructor(link: NatsLink, options: NatsEventLogOptions) {
    const { name, layout, maxRecordBytes, durableAckMs = DURABLE_ACK_MS } = options;
    this.#link = link;
    this.#stream = name;
    this.#layout = layout;
    this.#durableAckMs = durableAckMs;
    this.#publisher = new NatsPublisher(link, name, layout, maxRecordBytes);
  }

  append(records: readonly LogAppend[]): Promise<readonly LogPosition[]> {
    return this.#publisher.append(records);
  }

  async open(options: LogReaderOptions): Promise<LogReader> {
    const { partition, subjectPrefix = "" } = options;
    const filter = this.#layout.filter(partition, subjectPrefix);
    const { length } = this.#layout.streamSubjects;
    const feed = await NatsFeed.open({
      ...options,
      link: this.#link,
      stream: this.#stream,
      layout: this.#layout,
      // A filter that takes in all of the stream costs the server a comparison per record for nothing.
      filter: length === 1 && this.#layout.streamSubjects[0] === filter ? ">" : filter,
      subjectPrefix,
    });
    const reader: LogReader = new NatsReader(feed, {
      stream: this.#stream,
      findNext: (behind) => this.#findNext(filter, behind),
      onClose: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  async openDurable(name: string, subjectPrefix: string): Promise<DurableReader> {
    const filter = this.#layout.filter(undefined, subjectPrefix);
    const what = `durable reader ${name}`;
    const held = (await this.#durable(name)) ?? (await this.#link.ask(what, () => this.#addDurable(name, filter)));
    if ((held.config.filter_subject ?? ">") !== filter) {
      const detail = `it exists for ${held.config.filter_subject ?? "everything"} instead of ${filter}`;
      throw natsFault("unusable", what, detail);
    }
    const reader: DurableReader = new NatsDurableReader({
      link: this.#link,
      stream: this.#stream,
      consumer: name,
      layout: this.#layout,
      subjectPrefix,
      hasUndelivered: () => this.#hasUndelivered(name, filter),
      onClose: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  appendedAtMs(position: LogPosition): Promise<number | undefined> {
    return this.#link.ask(this.#what, () => askAppendedAt(this.#link.manager, this.#stream, position));
  }

  async bounds(): Promise<{ first: LogPosition; last: LogPosition }> {
    const { state } = await this.#link.ask(this.#what, () => this.#link.manager.streams.info(this.#stream));
    return { first: state.messages === 0 ? state.last_seq + 1 : state.first_seq, last: state.last_seq };
  }

  async firstPosition(partition: number): Promise<LogPosition> {
    return (await this.#findNext(this.#layout.filter(partition, ""), 0)) ?? (await this.bounds()).last + 1;
  }

  async newest(partition: number, subjectPrefix: string): Promise<LogRecord | undefined> {
    const filter = this.#layout.filter(partition, subjectPrefix);
    if (subjectPrefix === "" || subjectPrefix.endsWith(".")) return this.#newestOf(filter);
    // NATS compares whole tokens only: ask which subjects there are.
    const info = await this.#link.ask(this.#what, () =>
      this.#link.manager.streams.info(this.#stream, { subjects_filter: filter }),
    );
    const subjects = Object.keys(info.state.subjects ?? {}).filter((natsSubject) => {
      const address = this.#layout.fromNats(natsSubject);
      return address.partition === partition && address.subject.startsWith(subjectPrefix);
    });
    const newest = await Promise.all(subjects.map((subject) => this.#newestOf(subject)));
    return newest.reduce(
      (best, record) => ((record?.position ?? 0) > (best?.position ?? 0) ? record : best),
      undefined,
    );
  }

  /** Forgets everything in front of this position. Positions are never given again. */
  async trim(before: LogPosition): Promise<void> {
    await this.#link.ask(this.#what, () => this.#link.manager.streams.purge(this.#stream, { seq: before }));
  }

  /** Closes the readers that are still open and fails the appends that are not acknowledged. The link stays. */
  async close(): Promise<void> {
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    this.#publisher.close();
  }

  get #what(): string {
    return `stream ${this.#stream}`;
  }

  async #findNext(filter: string, after: LogPosition): Promise<LogPosition | undefined> {
    const query = { seq: after + 1, next_by_subj: filter };
    const found = await this.#link.ask(this.#what, () => this.#link.manager.direct.getMessage(this.#stream, query));
    return found?.seq;
  }

  async #newestOf(filter: string): Promise<LogRecord | undefined> {
    const query = { last_by_subj: filter };
    const found = await this.#link.ask(this.#what, () => this.#link.manager.direct.getMessage(this.#stream, query));
    if (found === null) return undefined;
    const { partition, subject } = this.#layout.fromNats(found.subject);
    return { position: found.seq, partition, subject, appendedAtMs: found.time.getTime(), payload: found.data };
  }

  async #durable(name: string): Promise<ConsumerInfo | undefined> {
    try {
      return await this.#link.ask(this.#what, () => this.#link.manager.consumers.info(this.#stream, name));
    } catch (error) {
      const { cause } = error instanceof Error ? error : {};
      if (cause instanceof JetStreamApiError && cause.code === JetStreamApiCodes.ConsumerNotFound) return undefined;
      throw error;
    }
  }

  #addDurable(name: string, filter: string): Promise<ConsumerInfo> {
    return this.#link.manager.consumers.add(this.#stream, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#durableAckMs),
      max_ack_pending: DURABLE_IN_FLIGHT_RECORDS_MAX,
      max_deliver: -1,
      ...(filter === ">" ? {} : { filter_subject: filter }),
    });
  }

  /** The server may have acknowledged a record that its consumers have not noticed yet; the stream itself knows it. */
  async #hasUndelivered(name: string, filter: string): Promise<boolean> {
    const info = await this.#link.ask(this.#what, () => this.#link.manager.consumers.info(this.#stream, name));
    if (info.num_ack_pending >= DURABLE_IN_FLIGHT_RECORDS_MAX) return false;
    return (await this.#findNext(filter, info.delivered.stream_seq)) !== undefined;
  }
}
