import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { RedisConnection } from "@burnline/runtime";
import { assert } from "@burnline/std";

const POLL_MS = 20;

const NONE: Standstill = { gapMs: 0, partition: -1, waitMs: 0 };

/** Positions of partitions as they are committed; the only place outside the adapter that knows the names of its keys. */
const POSITIONS_LUA = `
local positions = {}
for i, key in ipairs(KEYS) do positions[i] = tonumber(redis.call('HGET', key, 'p') or '0') end
return positions
`;
const POSITIONS = { text: POSITIONS_LUA, sha: createHash("sha1").update(POSITIONS_LUA).digest("hex") };

/** While something was measured, over all partitions. */
export interface Standstill {
  /** The longest time between two commits of one partition. A car of which nothing came for a while counts as well. */
  readonly gapMs: number;
  readonly partition: number;
  /** The longest time from when a record was made to when it was committed. */
  readonly waitMs: number;
}

interface Waiting {
  readonly position: number;
  readonly madeMs: number;
}

interface Watched {
  readonly partition: number;
  /** Committed now, the most that it ever was, and since when it has been so. */
  position: number;
  highest: number;
  sinceMs: number;
  /** Records of the log that were not committed yet, oldest first. */
  readonly waiting: Waiting[];
}

/**
 * Looks at the committed positions every 20 ms. What counts is that a partition comes further than it ever was: a store
 * that lost its last second, and a replay of what was committed before, is standing still for whoever watches the race.
 */
export class CommitWatch {
  readonly #connection: RedisConnection;
  readonly #keys: readonly string[];
  readonly #watched: readonly Watched[];
  #longest: Standstill = NONE;
  #loop: Promise<void> | undefined;
  #isStopped = false;
  /** The longest time between two looks that Redis did not cause: how exact the figures can be. */
  stallMs = 0;

  /** @param partitions those with cars */
  constructor(connection: RedisConnection, race: string, partitions: readonly number[]) {
    this.#connection = connection;
    this.#keys = partitions.map((partition) => `burnline:{${race}:${partition}}:meta`);
    this.#watched = partitions.map((partition) => ({ partition, position: 0, highest: 0, sinceMs: 0, waiting: [] }));
  }

  start(): void {
    this.#loop ??= this.#keepLooking();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#loop;
  }

  /** A record is in the log that was made at this time (performance.now). */
  appended(partition: number, position: number, madeMs: number): void {
    const watched = this.#watched.find((one) => one.partition === partition);
    if (watched !== undefined && position > watched.highest) watched.waiting.push({ position, madeMs });
  }

  /** Forgets what was measured; a standstill that lasts goes on from where it began. */
  begin(): void {
    this.#longest = NONE;
  }

  /** The longest since `begin`, those that still last among them. */
  longest(): Standstill {
    const nowMs = performance.now();
    for (const watched of this.#watched) {
      this.#noteGap(watched, nowMs);
      this.#noteWait(nowMs - (watched.waiting[0]?.madeMs ?? nowMs));
    }
    return this.#longest;
  }

  /** Partitions that are not committed up to these positions now. */
  behind(positions: ReadonlyMap<number, number>): readonly number[] {
    return this.#watched.flatMap(({ partition, position }) =>
      position < (positions.get(partition) ?? 0) ? [partition] : [],
    );
  }

  async #keepLooking(): Promise<void> {
    for (const watched of this.#watched) watched.sinceMs = performance.now();
    while (!this.#isStopped) {
      const beganMs = performance.now();
      await this.#look();
      const leftMs = Math.max(0, beganMs + POLL_MS - performance.now());
      const sleptMs = performance.now();
      await sleep(leftMs);
      this.stallMs = Math.max(this.stallMs, performance.now() - sleptMs - leftMs);
    }
  }

  async #look(): Promise<void> {
    let reply: unknown;
    try {
      reply = await this.#connection.evaluate(POSITIONS, this.#keys, []);
    } catch {
      // Redis is away for longer than a call waits: the gap goes on.
      return;
    }
    assert(Array.isArray(reply), "the script answers with a list");
    const nowMs = performance.now();
    for (const [index, watched] of this.#watched.entries()) this.#committed(watched, Number(reply[index]), nowMs);
  }

  #committed(watched: Watched, position: number, nowMs: number): void {
    watched.position = position;
    if (position <= watched.highest) return;
    this.#noteGap(watched, nowMs);
    watched.highest = position;
    watched.sinceMs = nowMs;
    const rest = watched.waiting.findIndex((record) => record.position > position);
    const done = watched.waiting.splice(0, rest === -1 ? watched.waiting.length : rest);
    this.#noteWait(nowMs - Math.min(nowMs, ...done.map(({ madeMs }) => madeMs)));
  }

  #noteGap({ sinceMs, partition }: Watched, nowMs: number): void {
    const gapMs = nowMs - sinceMs;
    if (gapMs > this.#longest.gapMs) this.#longest = { ...this.#longest, gapMs, partition };
  }

  #noteWait(waitMs: number): void {
    if (waitMs > this.#longest.waitMs) this.#longest = { ...this.#longest, waitMs };
  }
}
