import { assert } from "@burnline/std";
import type { LogPosition, SnapshotStore, StoredSnapshot } from "@burnline/stream";
import type { Logger } from "./log.ts";
import { SNAPSHOTS_KEPT } from "./memory-snapshot-store.ts";
import type { ObjectClient } from "./s3-object-client.ts";

/** Holds every safe whole number, so that keys sort as positions do. */
const POSITION_DIGITS = 16;
const KEY_END = ".snap";
/** Usually one is due. More are there when deleting failed for a while; they go little by little. */
const DELETES_PER_PUT_MAX = 10;

export interface S3SnapshotOptions {
  /** First part of every key, so that several installations may share a bucket. */
  readonly prefix: string;
  readonly race: string;
  readonly logger?: Pick<Logger, "warn">;
}

/**
 * Snapshots as objects `<prefix>/<race>/<partition>/<position>.snap`, the newest few. The position is in the key and a
 * write is all or nothing, so two writers cannot spoil each other's: the higher position is first in the list, whoever
 * came last.
 */
export class S3SnapshotStore implements SnapshotStore {
  readonly #objects: ObjectClient;
  readonly #options: S3SnapshotOptions;

  constructor(objects: ObjectClient, options: S3SnapshotOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async put({ partition, position, bytes }: StoredSnapshot): Promise<boolean> {
    const held = await this.#positions(partition);
    if (position < (held[0] ?? 0)) return false;
    await this.#objects.put(this.#keyOf(partition, position), bytes);
    const newestFirst = [position, ...held.filter((elder) => elder !== position)];
    await this.#dropOld(partition, newestFirst.slice(SNAPSHOTS_KEPT));
    return true;
  }

  async list(partition: number): Promise<readonly StoredSnapshot[]> {
    const newest = (await this.#positions(partition)).slice(0, SNAPSHOTS_KEPT);
    const snapshots = await Promise.all(
      newest.map(async (position) => {
        const bytes = await this.#objects.get(this.#keyOf(partition, position));
        // Its owner may have dropped it meanwhile.
        return bytes === undefined ? [] : [{ partition, position, bytes: new Uint8Array(bytes) }];
      }),
    );
    return snapshots.flat();
  }

  /** Newest first. What else lies there is none of ours. */
  async #positions(partition: number): Promise<readonly LogPosition[]> {
    const folder = this.#folderOf(partition);
    const keys = await this.#objects.list(folder);
    return keys.flatMap((key) => positionOf(key.slice(folder.length))).sort((a, b) => b - a);
  }

  /** The snapshot is safe already: whatever goes wrong here is only said. */
  async #dropOld(partition: number, positions: readonly LogPosition[]): Promise<void> {
    const oldest = positions.slice(-DELETES_PER_PUT_MAX);
    const outcomes = await Promise.allSettled(
      oldest.map((position) => this.#objects.delete(this.#keyOf(partition, position))),
    );
    for (const outcome of outcomes) {
      if (outcome.status === "rejected")
        this.#options.logger?.warn({ partition, err: outcome.reason }, "an old snapshot could not be deleted");
    }
  }

  #folderOf(partition: number): string {
    return `${this.#options.prefix}/${this.#options.race}/${partition}/`;
  }

  #keyOf(partition: number, position: LogPosition): string {
    assert(Number.isSafeInteger(position) && position >= 0, "a position is a whole number");
    return `${this.#folderOf(partition)}${String(position).padStart(POSITION_DIGITS, "0")}${KEY_END}`;
  }
}

function positionOf(name: string): LogPosition[] {
  const digits = name.slice(0, POSITION_DIGITS);
  return /^\d{16}$/.test(digits) && name.slice(POSITION_DIGITS) === KEY_END ? [Number(digits)] : [];
}
