import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT } from "@burnline/contract";
import { type RedisConnection, StorageError } from "@burnline/runtime";
import { assert } from "@burnline/std";
import { type Standstill, Standstills } from "./standstills.ts";

const POLL_MS = 20;

/** Committed positions of partitions; the only place outside the adapter that knows the names of its keys. */
const POSITIONS_LUA = `
local positions = {}
for i, key in ipairs(KEYS) do positions[i] = tonumber(redis.call('HGET', key, 'p') or '0') end
return positions
`;
const POSITIONS = { text: POSITIONS_LUA, sha: createHash("sha1").update(POSITIONS_LUA).digest("hex") };

export interface WatchedStandstill extends Standstill {
  /** The longest time that this process was late for a look: what it measured may seem longer by as much. */
  readonly stallMs: number;
}

/** Looks every 20 ms how far all partitions are committed, and measures those with cars. */
export class CommitWatch {
  readonly #connection: Pick<RedisConnection, "evaluate">;
  readonly #partitions: readonly number[];
  readonly #keys: readonly string[];
  readonly #standstills: Standstills;
  #loop: Promise<void> | undefined;
  #isStopped = false;
  #stallMs = 0;

  /** @param withCars partitions that have cars */
  constructor(connection: Pick<RedisConnection, "evaluate">, race: string, withCars: readonly number[]) {
    this.#connection = connection;
    this.#partitions = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);
    this.#keys = this.#partitions.map((partition) => `burnline:{${race}:${partition}}:meta`);
    const others = this.#partitions.filter((partition) => !withCars.includes(partition));
    this.#standstills = new Standstills(withCars, performance.now(), others);
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
    this.#standstills.appended(partition, position, madeMs);
  }

  begin(): void {
    this.#standstills.begin();
    this.#stallMs = 0;
  }

  /** Since `begin`. */
  longest(): WatchedStandstill {
    return { ...this.#standstills.longest(performance.now()), stallMs: this.#stallMs };
  }

  positions(): ReadonlyMap<number, number> {
    return this.#standstills.positions();
  }

  behind(positions: ReadonlyMap<number, number>): readonly number[] {
    return this.#standstills.behind(positions);
  }

  async #keepLooking(): Promise<void> {
    while (!this.#isStopped) {
      const beganMs = performance.now();
      await this.#look();
      const dueMs = Math.max(performance.now(), beganMs + POLL_MS);
      await sleep(Math.max(0, dueMs - performance.now()));
      this.#stallMs = Math.max(this.#stallMs, performance.now() - dueMs);
    }
  }

  async #look(): Promise<void> {
    let reply: unknown;
    try {
      reply = await this.#connection.evaluate(POSITIONS, this.#keys, []);
    } catch (error) {
      // Redis is away for longer than a call waits: what stands still goes on standing still.
      if (error instanceof StorageError) return;
      throw error;
    }
    assert(Array.isArray(reply), "the script answers with a list");
    const nowMs = performance.now();
    this.#partitions.forEach((partition, index) => {
      this.#standstills.committed(partition, Number(reply[index]), nowMs);
    });
  }
}
