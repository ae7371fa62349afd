import { randomUUID } from "node:crypto";
import { assert } from "@burnline/std";
import type {
  AcquireOptions,
  Commit,
  CommitOutcome,
  Lease,
  OutboxRecord,
  PartitionState,
  StateStore,
  StoredOutboxRecord,
} from "@burnline/stream";
import type { RedisArgument } from "./redis-client.ts";
import type { RedisConnection, RedisScript } from "./redis-connection.ts";
import { assertRaceName, partitionKeys } from "./redis-keys.ts";
import { decodeOutboxRecord, encodeOutboxRecord } from "./redis-outbox-codec.ts";
import {
  REDIS_ENTRIES_MAX,
  REDIS_OUTBOX_RECORDS_MAX,
  REDIS_SERVER_TIME,
  REDIS_WRITES_KEY,
  stateScripts,
} from "./redis-scripts.ts";
import { StorageError } from "./storage-error.ts";

export interface RedisStateStoreOptions {
  readonly race: string;
  /** Told once when a partition was found with keys missing; it was emptied and is recovered from snapshot and log. */
  readonly onDamage?: (partition: number) => void;
  readonly makeUuid?: () => string;
  /** Lua that defines `now_ms()`, the clock by which leases end. Default: the server's time. */
  readonly nowMsLua?: string;
}

/**
 * Leases, state, position and outbox of a race's partitions in Redis or Valkey. Each call is one script on one node, so
 * nothing comes between its check of the token and its writes; each may run twice without doing more than once.
 */
export class RedisStateStore implements StateStore {
  readonly #connection: RedisConnection;
  readonly #race: string;
  readonly #onDamage: (partition: number) => void;
  readonly #makeUuid: () => string;
  readonly #scripts: ReturnType<typeof stateScripts>;
  /** With the number of the write it tells a write that is asked for again from a new one. */
  readonly #writer: string;
  #writes = 0;

  constructor(connection: RedisConnection, options: RedisStateStoreOptions) {
    const { race, onDamage = () => undefined, makeUuid = randomUUID, nowMsLua = REDIS_SERVER_TIME } = options;
    assertRaceName(race);
    this.#connection = connection;
    this.#race = race;
    this.#onDamage = onDamage;
    this.#makeUuid = makeUuid;
    this.#scripts = stateScripts(nowMsLua);
    this.#writer = makeUuid();
  }

  async acquire(
    partition: number,
    ownerId: string,
    ttlMs: number,
    { takeOverEpoch }: AcquireOptions = {},
  ): Promise<Lease | undefined> {
    const epochToTake = takeOverEpoch === undefined ? "" : String(takeOverEpoch);
    const args = [ownerId, String(ttlMs), this.#makeUuid(), epochToTake];
    const reply = await this.#run(this.#scripts.acquire, partition, args);
    if (reply === null) return undefined;
    const [token, epoch] = toList(reply);
    return { partition, token: String(token), epoch: Number(epoch) };
  }

  async renew({ partition, token }: Lease, ttlMs: number): Promise<boolean> {
    return (await this.#run(this.#scripts.renew, partition, [token, String(ttlMs)])) === 1;
  }

  async release({ partition, token }: Lease): Promise<void> {
    await this.#run(this.#scripts.release, partition, [token]);
  }

  async load({ partition, token }: Lease): Promise<PartitionState | undefined> {
    const reply = await this.#run(this.#scripts.load, partition, [token]);
    if (reply === null) return undefined;
    const [position, schemaVersion, stored, damaged, taken] = toList(reply);
    if (damaged === 1) this.#onDamage(partition);
    const flat = toList(stored);
    const entries = new Map<string, Uint8Array>();
    // Copies: a reply's Buffers are parts of whatever came through the socket together.
    for (let i = 0; i < flat.length; i += 2) {
      const key = String(flat[i]);
      if (key !== REDIS_WRITES_KEY) entries.set(key, new Uint8Array(toBuffer(flat[i + 1])));
    }
    const [takenPosition, appendedAtMs] = String(taken).split(":");
    const isKnown = appendedAtMs !== undefined && takenPosition === String(position);
    return {
      position: Number(position),
      ...(isKnown ? { appendedAtMs: Number(appendedAtMs) } : {}),
      schemaVersion: Number(schemaVersion),
      entries,
    };
  }

  async commit({ partition, token }: Lease, commit: Commit): Promise<CommitOutcome> {
    const { previousPosition, nextPosition, nextAppendedAtMs, schemaVersion, changes, outbox } = commit;
    assert(nextPosition >= previousPosition, "a commit never moves the position back");
    const puts: RedisArgument[] = [];
    const deletes: string[] = [];
    for (const [key, value] of changes) {
      assert(key !== REDIS_WRITES_KEY, "the empty key is the store's own");
      if (value === null) deletes.push(key);
      else puts.push(key, viewOf(value));
    }
    const args = [token, String(previousPosition), String(nextPosition), String(schemaVersion), ...this.#nextWrite()];
    args.push(takenAt(nextPosition, nextAppendedAtMs), String(puts.length / 2), String(deletes.length));
    const records = outbox.map(encodeOutboxRecord);
    return this.#outcome(this.#scripts.commit, partition, [...args, ...puts, ...deletes, ...records]);
  }

  async reset(
    { partition, token }: Lease,
    { position, appendedAtMs, schemaVersion, entries }: PartitionState,
  ): Promise<CommitOutcome> {
    const args: RedisArgument[] = [token, String(position), String(schemaVersion), ...this.#nextWrite()];
    args.push(takenAt(position, appendedAtMs));
    for (const [key, value] of entries) args.push(key, viewOf(value));
    return this.#outcome(this.#scripts.reset, partition, args);
  }

  async outbox({ partition, token }: Lease, maxRecords: number): Promise<readonly StoredOutboxRecord[]> {
    if (maxRecords <= 0) return [];
    const reply = await this.#run(this.#scripts.outbox, partition, [token, String(maxRecords)]);
    const [first, ...records] = toList(reply);
    return records.map((bytes, index) => ({ ...this.#decode(toBuffer(bytes)), sequence: Number(first) + index }));
  }

  async trimOutbox({ partition, token }: Lease, throughSequence: number): Promise<CommitOutcome> {
    return this.#outcome(this.#scripts.trim, partition, [token, String(throughSequence)]);
  }

  #run(script: RedisScript, partition: number, args: readonly RedisArgument[]): Promise<unknown> {
    return this.#connection.evaluate(script, partitionKeys(this.#race, partition), args);
  }

  async #outcome(script: RedisScript, partition: number, args: readonly RedisArgument[]): Promise<CommitOutcome> {
    const outcome = String(await this.#run(script, partition, args));
    if (outcome === "committed" || outcome === "fenced" || outcome === "conflict") return outcome;
    throw new StorageError(
      "full",
      `Partition ${partition} in Redis at ${this.#connection.place} is full (${REDIS_OUTBOX_RECORDS_MAX} records that wait to be sent, or ${REDIS_ENTRIES_MAX} entries): see why its facts are not taken.`,
    );
  }

  #nextWrite(): [writer: string, number: string] {
    this.#writes += 1;
    return [this.#writer, String(this.#writes)];
  }

  #decode(bytes: Buffer): OutboxRecord {
    const record = decodeOutboxRecord(bytes);
    if (record !== undefined) return record;
    throw new StorageError(
      "corrupt",
      `The outbox of a partition in Redis at ${this.#connection.place} holds something that is not ours: let no other program write keys that begin with burnline:.`,
    );
  }
}

function takenAt(position: number, appendedAtMs: number | undefined): string {
  return appendedAtMs === undefined ? "" : `${position}:${appendedAtMs}`;
}

/** The same bytes, as the client wants them. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function toList(reply: unknown): readonly unknown[] {
  assert(Array.isArray(reply), "the script answers with a list");
  return reply;
}

function toBuffer(reply: unknown): Buffer {
  assert(Buffer.isBuffer(reply), "strings come as bytes");
  return reply;
}
