import { randomUUID } from "node:crypto";
import type { LogPosition, SnapshotStore, StoredSnapshot } from "@burnline/stream";
import { JetStreamApiCodes, JetStreamApiError, type MsgRequest, StorageType, type StoredMsg } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import { deadline, nanos } from "@nats-io/nats-core";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { SNAPSHOTS_KEPT } from "./memory-snapshot-store.ts";
import { natsFault } from "./nats-error.ts";
import type { NatsLink } from "./nats-link.ts";
import { findStream, type StreamPolicy } from "./nats-stream.ts";
import { waitForStream } from "./nats-stream-take.ts";
import { StorageError } from "./storage-error.ts";

/** Larger snapshots go into the object store in pieces; the entry then only names the object. */
const INLINE_BYTES_MAX = 256 * 1024;
/** A lost race against another writer is tried again so often. */
const PUT_ATTEMPTS_MAX = 5;
/** One call, retries included. */
const CALL_MS_MAX = 10_000;

/** An entry: version, kind, position (8 bytes, little-endian float), then the snapshot or the name of its object. */
const ENTRY_VERSION = 1;
const KIND_INLINE = 0;
const KIND_OBJECT = 1;
const HEADER_BYTES = 10;

export interface NatsSnapshotOptions {
  /** Letters, digits, - and _: of the entries, and of the objects as well. */
  readonly bucket: string;
  readonly replicas: number;
  /** Snapshots older than this are forgotten. */
  readonly maxAgeMs: number;
  /** Disk that entries and objects may take, each. */
  readonly maxBytes: number;
  /** As of a stream; "apply", the default, changes nothing here: a bucket with other settings is refused. */
  readonly policy?: StreamPolicy;
  readonly takeMsMax?: number;
}

interface Entry {
  readonly revision: number;
  readonly position: LogPosition;
  readonly inline?: Uint8Array;
  readonly object?: string;
}

/**
 * Snapshots in a key-value bucket, one key per partition, the newest few in its history. A write names the revision that
 * it replaces, so of two owners of a partition the one with the lower position cannot win.
 *
 * The libraries read a history, a list or an object through a consumer that stays on the server for minutes; a server
 * takes 1,000 of a stream. So messages are asked for one by one here.
 */
export class NatsSnapshotStore implements SnapshotStore {
  readonly #link: NatsLink;
  readonly #what: string;
  readonly #bucket: string;
  readonly #entries: KV;
  readonly #objects: ObjectStore;

  static async open(link: NatsLink, options: NatsSnapshotOptions): Promise<NatsSnapshotStore> {
    const { bucket, replicas, maxAgeMs, maxBytes, policy = "apply" } = options;
    const what = `bucket ${bucket}`;
    if (policy === "take") return NatsSnapshotStore.#take(link, what, options);
    if (policy === "grow") await growBucket(link, what, options);
    return link.ask(what, async () => {
      const storage = StorageType.File;
      const limits = { replicas, storage, max_bytes: maxBytes };
      const kv = { ...limits, history: SNAPSHOTS_KEPT, ttl: maxAgeMs };
      const entries = await new Kvm(link.connection).create(bucket, kv);
      const objects = await new Objm(link.connection).create(bucket, { ...limits, ttl: nanos(maxAgeMs) });
      const { history, replicas: copies, ttl } = await entries.status();
      const held = `history ${history}, replicas ${copies}, age ${ttl} ms`;
      const wanted = `history ${SNAPSHOTS_KEPT}, replicas ${replicas}, age ${maxAgeMs} ms`;
      const isMore = history === SNAPSHOTS_KEPT && copies >= replicas && ttl >= maxAgeMs;
      if (held !== wanted && !(policy === "grow" && isMore))
        throw natsFault("unusable", what, `it has ${held} instead of ${wanted}: remove or rename it`);
      return new NatsSnapshotStore(link, bucket, entries, objects);
    });
  }

  /** Waits for both streams of the bucket and takes them as they are. */
  static async #take(link: NatsLink, what: string, { bucket, takeMsMax }: NatsSnapshotOptions) {
    const { allow_direct } = await waitForStream(link, `KV_${bucket}`, what, takeMsMax);
    await waitForStream(link, `OBJ_${bucket}`, what, takeMsMax);
    return link.ask(what, async () => {
      const entries = await new Kvm(link.connection).open(bucket, { allow_direct });
      return new NatsSnapshotStore(link, bucket, entries, await new Objm(link.connection).open(bucket));
    });
  }

  private constructor(link: NatsLink, bucket: string, entries: KV, objects: ObjectStore) {
    this.#link = link;
    this.#bucket = bucket;
    this.#what = `bucket ${bucket}`;
    this.#entries = entries;
    this.#objects = objects;
  }

  put(snapshot: StoredSnapshot): Promise<boolean> {
    return this.#guard(async () => {
      const { partition, position, bytes } = snapshot;
      let value: Uint8Array | undefined;
      for (let attempt = 0; attempt < PUT_ATTEMPTS_MAX; attempt++) {
        const held = await this.#history(partition);
        const [newest] = held;
        if (newest !== undefined && position < newest.position) return false;
        value ??= await this.#encode(partition, position, bytes);
        if (!(await this.#replace(partition, value, newest))) continue;
        // The last of a full history has fallen out of it.
        const fallen = held[SNAPSHOTS_KEPT - 1]?.object;
        if (fallen !== undefined) await this.#drop(fallen);
        return true;
      }
      throw natsFault("overloaded", this.#what, `${PUT_ATTEMPTS_MAX} other writers were faster`);
    });
  }

  list(partition: number): Promise<readonly StoredSnapshot[]> {
    return this.#guard(async () => {
      const snapshots: StoredSnapshot[] = [];
      for (const entry of await this.#history(partition)) {
        // The newest of several with one position replaces the others.
        if (snapshots.some(({ position }) => position === entry.position)) continue;
        const bytes = entry.inline ?? (await this.#object(entry.object ?? ""));
        if (bytes !== undefined) snapshots.push({ partition, position: entry.position, bytes });
      }
      return snapshots.sort((a, b) => b.position - a.position);
    });
  }

  async #encode(partition: number, position: LogPosition, bytes: Uint8Array): Promise<Uint8Array> {
    if (bytes.byteLength <= INLINE_BYTES_MAX) return encodeEntry(KIND_INLINE, position, bytes);
    const name = `${keyOf(partition)}-${position}-${randomUUID()}`;
    await this.#objects.putBlob({ name }, bytes);
    return encodeEntry(KIND_OBJECT, position, new TextEncoder().encode(name));
  }

  /** False when somebody else wrote since `newest` was read. */
  async #replace(partition: number, value: Uint8Array, newest: Entry | undefined): Promise<boolean> {
    try {
      if (newest === undefined) await this.#entries.create(keyOf(partition), value);
      else await this.#entries.update(keyOf(partition), value, newest.revision);
      return true;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence) return false;
      throw error;
    }
  }

  /** Newest first; entries that cannot be read are as good as missing. */
  async #history(partition: number): Promise<readonly Entry[]> {
    const messages = this.#messages(`KV_${this.#bucket}`, `$KV.${this.#bucket}.${keyOf(partition)}`);
    const entries: Entry[] = [];
    for await (const { data, seq } of messages) {
      const entry = decodeEntry(data, seq);
      if (entry !== undefined) entries.unshift(entry);
    }
    return entries;
  }

  /** Undefined when it is gone or lacks a piece; the caller has elder ones, and sees by the checksum what is damaged. */
  async #object(name: string): Promise<Uint8Array | undefined> {
    const info = await this.#objects.info(name);
    if (info === null || info.deleted) return undefined;
    const pieces: Uint8Array[] = [];
    const messages = this.#messages(`OBJ_${this.#bucket}`, `$O.${this.#bucket}.C.${info.nuid}`);
    for await (const { data } of messages) pieces.push(data);
    const bytes = new Uint8Array(Buffer.concat(pieces));
    return bytes.byteLength === info.size ? bytes : undefined;
  }

  /** With what the library leaves of a deleted object, which would add up. */
  async #drop(name: string): Promise<void> {
    await this.#objects.delete(name);
    const token = Buffer.from(name).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
    const filter = `$O.${this.#bucket}.M.${token}`;
    await this.#link.manager.streams.purge(`OBJ_${this.#bucket}`, { filter });
  }

  /** What the stream holds of a subject, oldest first: few messages each. */
  async *#messages(stream: string, subject: string): AsyncGenerator<StoredMsg> {
    // The server knows this field; the library's type of the request does not (JSApiMsgGetRequest of nats-server).
    const query: MsgRequest & { next_by_subj: string } = { seq: 1, next_by_subj: subject };
    for (;;) {
      const message = await this.#link.manager.streams.getMessage(stream, query);
      if (message === null) return;
      yield message;
      query.seq = message.seq + 1;
    }
  }

  async #guard<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await this.#link.ask(this.#what, () => deadline(call(), CALL_MS_MAX));
    } catch (error) {
      if (error instanceof StorageError || !(error instanceof Error)) throw error;
      throw natsFault("failed", this.#what, error.message, error);
    }
  }
}

/** More copies and a higher age, where the bucket is there with less; the libraries would leave it as it is. */
async function growBucket(link: NatsLink, what: string, options: NatsSnapshotOptions): Promise<void> {
  for (const name of [`KV_${options.bucket}`, `OBJ_${options.bucket}`]) {
    const held = await link.ask(what, () => findStream(link.manager, name));
    if (held === undefined) continue;
    const num_replicas = Math.max(held.num_replicas, options.replicas);
    const max_age = held.max_age <= 0 ? held.max_age : Math.max(held.max_age, nanos(options.maxAgeMs));
    if (num_replicas === held.num_replicas && max_age === held.max_age) continue;
    await link.ask(what, () => link.manager.streams.update(name, { num_replicas, max_age }));
  }
}

function keyOf(partition: number): string {
  return `p${partition}`;
}

function encodeEntry(kind: number, position: LogPosition, content: Uint8Array): Uint8Array {
  const value = new Uint8Array(HEADER_BYTES + content.byteLength);
  value[0] = ENTRY_VERSION;
  value[1] = kind;
  new DataView(value.buffer).setFloat64(2, position, true);
  value.set(content, HEADER_BYTES);
  return value;
}

function decodeEntry(value: Uint8Array, revision: number): Entry | undefined {
  if (value.byteLength < HEADER_BYTES || value[0] !== ENTRY_VERSION) return undefined;
  const position = new DataView(value.buffer, value.byteOffset).getFloat64(2, true);
  const content = value.subarray(HEADER_BYTES);
  if (value[1] === KIND_OBJECT) return { revision, position, object: new TextDecoder().decode(content) };
  return { revision, position, inline: new Uint8Array(content) };
}
