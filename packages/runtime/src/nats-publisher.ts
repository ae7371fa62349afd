import type { LogAppend, LogPosition } from "@burnline/stream";
import { headers, type Msg, type MsgHdrs, type Subscription } from "@nats-io/nats-core";
import { faultOfApiError, MESSAGE_TOO_LARGE, natsFault } from "./nats-error.ts";
import type { NatsLink } from "./nats-link.ts";
import { type SubjectLayout, streamTakes, subjectFault } from "./nats-subjects.ts";
import { RecordsRefusedError, type RefusedRecord } from "./sink-policy-error.ts";
import type { StorageFault } from "./storage-error.ts";

/** Records sent and not yet acknowledged; at the cap further ones wait their turn. */
const OUTSTANDING_ACKS_MAX = 512;
/** When so many records wait, further appends are refused as "overloaded". One append may be larger. */
const WAITING_RECORDS_MAX = 20_000;
/** The same in bytes. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** An acknowledgement that has not come by then will not come. */
const ACK_MS_MAX = 5_000;
const CHECK_INTERVAL_MS = 250;
/** A stream without a leader answers at once that nobody is there; the record is sent again after this. */
const NO_RESPONDER_WAIT_MS = 100;
/** Longer ids are refused for good. */
const MESSAGE_ID_LENGTH_MAX = 512;
/** What the header with the id and the protocol around it may take of the largest message. */
const ENVELOPE_BYTES = 1_024;

/** One call of append. */
interface Job {
  readonly records: readonly LogAppend[];
  readonly bytes: number;
  readonly positions: LogPosition[];
  readonly refused: RefusedRecord[];
  readonly settle: (outcome: { positions: readonly LogPosition[] } | { error: unknown }) => void;
  /** Of these the first `sent` have been sent or refused, and `open` of them wait for their answer. */
  sent: number;
  open: number;
  isSettled: boolean;
}

interface Sent {
  readonly job: Job;
  readonly index: number;
  sentMs: number;
}

/**
 * Sends records to a stream in the order of the calls, up to OUTSTANDING_ACKS_MAX ahead of the acknowledgements. When the
 * connection breaks, records with a message id are sent again once it is back (the stream knows those it has); a call with
 * an unanswered record that has none is rejected, because it may have been stored.
 */
export class NatsPublisher {
  readonly #link: NatsLink;
  readonly #stream: string;
  readonly #layout: SubjectLayout;
  readonly #recordBytesMax: number;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #stopListening: () => void;
  readonly #watch: NodeJS.Timeout;
  /** By the number in the reply subject, in the order of sending. */
  readonly #outstanding = new Map<number, Sent>();
  #jobs: Job[] = [];
  /** To be sent again, before anything else. */
  #again: Sent[] = [];
  #waitingRecords = 0;
  #waitingBytes = 0;
  #number = 0;
  #pausedUntilMs = 0;
  /** Since when there has been no connection, or nobody to take records. */
  #stuckSinceMs: number | undefined;
  #isClosed = false;

  constructor(link: NatsLink, stream: string, layout: SubjectLayout, recordBytesMax: number | undefined) {
    this.#link = link;
    this.#inbox = link.createInbox();
    this.#stream = stream;
    this.#layout = layout;
    const payloadMax = link.connection.info?.max_payload ?? 1024 * 1024;
    this.#recordBytesMax = Math.min(recordBytesMax ?? payloadMax, payloadMax) - ENVELOPE_BYTES;
    const start = this.#inbox.length + 1;
    this.#subscription = link.connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#answered(Number.parseInt(message.subject.slice(start), 36), message);
      },
    });
    this.#stopListening = link.listen({ disconnected: () => this.#disconnected(), connected: () => this.#connected() });
    this.#watch = setInterval(() => this.#check(), CHECK_INTERVAL_MS);
    this.#watch.unref();
  }

  append(records: readonly LogAppend[]): Promise<readonly LogPosition[]> {
    if (records.length === 0) return Promise.resolve([]);
    const what = `stream ${this.#stream}`;
    if (this.#isClosed) return Promise.reject(natsFault("closed", what, ""));
    if (this.#waitingRecords > WAITING_RECORDS_MAX || this.#waitingBytes > WAITING_BYTES_MAX) {
      this.#link.metrics.appendFailed(this.#stream, "overloaded");
      return Promise.reject(natsFault("overloaded", what, `${this.#waitingRecords} records wait`));
    }
    return new Promise((resolve, reject) => {
      const settle: Job["settle"] = (outcome) =>
        "error" in outcome ? reject(outcome.error) : resolve(outcome.positions);
      const bytes = records.reduce((sum, { payload }) => sum + payload.byteLength, 0);
      const positions = new Array<LogPosition>(records.length).fill(0);
      this.#jobs.push({ records, bytes, positions, refused: [], settle, sent: 0, open: 0, isSettled: false });
      this.#waitingRecords += records.length;
      this.#waitingBytes += bytes;
      this.#pump();
    });
  }

  /** Fails what is not acknowledged. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#watch);
    this.#stopListening();
    this.#subscription.unsubscribe();
    this.#failAll("closed", "");
  }

  /** Sends as long as there is room. */
  #pump(): void {
    while (this.#link.isConnected && performance.now() >= this.#pausedUntilMs) {
      if (this.#outstanding.size >= OUTSTANDING_ACKS_MAX) break;
      const again = this.#again.shift();
      if (again !== undefined) {
        if (again.job.isSettled) again.job.open--;
        else this.#send(again);
        continue;
      }
      const job = this.#jobs[0];
      if (job === undefined) break;
      if (job.isSettled || job.sent === job.records.length) {
        this.#forget(job);
        continue;
      }
      this.#sendNext(job);
    }
  }

  #sendNext(job: Job): void {
    const index = job.sent++;
    this.#waitingRecords--;
    const reason = this.#refusalOf(job.records[index]);
    if (reason !== undefined) {
      job.refused.push({ index, reason });
      this.#settleWhenDone(job);
      return;
    }
    job.open++;
    this.#send({ job, index, sentMs: 0 });
  }

  #send(sent: Sent): void {
    const record = sent.job.records[sent.index];
    if (record === undefined) return;
    sent.sentMs = performance.now();
    const number = this.#number++;
    this.#outstanding.set(number, sent);
    const reply = `${this.#inbox}.${number.toString(36)}`;
    const subject = this.#layout.toNats(record.partition, record.subject);
    const { messageId } = record;
    const options = messageId === undefined ? { reply } : { reply, headers: idHeader(messageId) };
    this.#link.connection.publish(subject, record.payload, options);
  }

  /** Why the stream could never take this record; undefined: it may. */
  #refusalOf(record: LogAppend | undefined): string | undefined {
    if (record === undefined) return undefined;
    const subject = this.#layout.toNats(record.partition, record.subject);
    const fault = subjectFault(subject);
    if (fault !== undefined) return fault;
    if (!streamTakes(this.#layout.streamSubjects, subject)) return "foreign-subject";
    if (this.#layout.fromNats(subject).partition !== record.partition) return "wrong-partition";
    if (record.payload.byteLength > this.#recordBytesMax) return "too-large";
    const { messageId } = record;
    if (messageId !== undefined && (messageId.length > MESSAGE_ID_LENGTH_MAX || /[\r\n]/.test(messageId)))
      return "bad-id";
    return undefined;
  }

  #answered(number: number, message: Msg): void {
    const sent = this.#outstanding.get(number);
    if (sent === undefined) return;
    this.#outstanding.delete(number);
    const { job, index } = sent;
    if (message.headers?.code === 503) {
      // Nobody stored it: it may be sent again, with or without an id.
      this.#again.push(sent);
      this.#stuckSinceMs ??= performance.now();
      this.#pausedUntilMs = performance.now() + NO_RESPONDER_WAIT_MS;
      return;
    }
    job.open--;
    this.#stuckSinceMs = undefined;
    if (!job.isSettled) this.#take(job, index, message);
    this.#pump();
  }

  #take(job: Job, index: number, message: Msg): void {
    const ack = message.json<Ack>();
    if (ack.error === undefined && typeof ack.seq === "number") {
      job.positions[index] = ack.seq;
      if (ack.duplicate === true) this.#link.metrics.duplicated(this.#stream);
      this.#settleWhenDone(job);
      return;
    }
    const { err_code: errorCode = 0, description = "no reason given" } = ack.error ?? {};
    if (errorCode === MESSAGE_TOO_LARGE) {
      job.refused.push({ index, reason: "too-large" });
      this.#settleWhenDone(job);
      return;
    }
    this.#fail(job, faultOfApiError(errorCode, description), description);
  }

  #settleWhenDone(job: Job): void {
    if (job.isSettled || job.open > 0 || job.sent < job.records.length) return;
    job.isSettled = true;
    const { metrics } = this.#link;
    metrics.appended(this.#stream, job.records.length - job.refused.length);
    if (job.refused.length === 0) {
      job.settle({ positions: job.positions });
      return;
    }
    metrics.appendFailed(this.#stream, "refused");
    const refused = job.refused.toSorted((a, b) => a.index - b.index);
    job.settle({ error: new RecordsRefusedError(`stream ${this.#stream}`, refused) });
  }

  /** What of the call has not been sent is not sent any more. */
  #fail(job: Job, fault: StorageFault, detail: string): void {
    if (job.isSettled) return;
    job.isSettled = true;
    this.#link.metrics.appendFailed(this.#stream, fault);
    job.settle({ error: natsFault(fault, `stream ${this.#stream}`, detail) });
  }

  #forget(job: Job): void {
    this.#jobs.shift();
    this.#waitingRecords -= job.records.length - job.sent;
    this.#waitingBytes -= job.bytes;
  }

  #disconnected(): void {
    const unanswered = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const sent of unanswered) {
      const hasId = sent.job.records[sent.index]?.messageId !== undefined;
      if (!hasId) this.#fail(sent.job, "unreachable", "the connection broke before the answer came");
    }
    this.#again = [...this.#again, ...unanswered];
    this.#stuckSinceMs ??= performance.now();
  }

  #connected(): void {
    this.#stuckSinceMs = undefined;
    this.#pump();
  }

  #check(): void {
    const nowMs = performance.now();
    for (const [number, sent] of this.#outstanding) {
      if (nowMs - sent.sentMs <= ACK_MS_MAX) break;
      this.#outstanding.delete(number);
      sent.job.open--;
      this.#fail(sent.job, "unreachable", `no acknowledgement in ${ACK_MS_MAX} ms`);
    }
    if (this.#stuckSinceMs !== undefined && nowMs - this.#stuckSinceMs > ACK_MS_MAX) {
      const stuck = [...this.#again.map(({ job }) => job), ...this.#jobs];
      for (const job of stuck) this.#fail(job, "unreachable", `nobody took records for ${ACK_MS_MAX} ms`);
    }
    while (this.#jobs[0]?.isSettled === true) this.#forget(this.#jobs[0]);
    this.#again = this.#again.filter(({ job }) => !job.isSettled);
    this.#pump();
    this.#link.metrics.outstandingAcks(this.#stream, this.#outstanding.size);
    this.#link.metrics.waitingAppends(this.#stream, this.#waitingRecords);
  }

  #failAll(fault: StorageFault, detail: string): void {
    for (const { job } of [...this.#outstanding.values(), ...this.#again]) this.#fail(job, fault, detail);
    for (const job of this.#jobs) this.#fail(job, fault, detail);
    this.#outstanding.clear();
    this.#again = [];
    this.#jobs = [];
    this.#waitingRecords = 0;
    this.#waitingBytes = 0;
  }
}

/** What the stream answers to a publish. */
interface Ack {
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code?: number; readonly description?: string };
}

function idHeader(messageId: string): MsgHdrs {
  const header = headers();
  header.set("Nats-Msg-Id", messageId);
  return header;
}
