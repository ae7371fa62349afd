import { setTimeout as sleep } from "node:timers/promises";
import { StorageError } from "@burnline/runtime";
import type { EventLog, LogAppend } from "@burnline/stream";
import type { RaceGenerator } from "./race-generator.ts";

const LOOK_MS = 10;
const AGAIN_MS = 50;
/** Ticks behind the last frame, so that idle cars say everything that they have. */
const CLOSING_TICKS = 5;

/** Told of each record that the log has; `madeMs` by performance.now. */
export type Appended = (partition: number, position: number, madeMs: number) => void;

/**
 * Sends what the generator makes into the race log in real time, as ingest does: in order, at least once, under message
 * ids. While the log does not take anything, what was made waits and is sent afterwards; nothing is skipped.
 */
export class Feed {
  readonly #log: EventLog;
  readonly #generator: RaceGenerator;
  readonly #nowMs: () => number;
  readonly #appended: Appended;
  readonly #positions = new Map<number, number>();
  #loop: Promise<void> | undefined;
  #isStopping = false;
  /** Appends that failed and were sent again. */
  failures = 0;
  records = 0;
  /** The longest time that one step took from being made to being acknowledged. */
  appendMsMax = 0;

  /** @param nowMs race time, which is the time of day */
  constructor(log: EventLog, generator: RaceGenerator, nowMs: () => number, appended: Appended) {
    this.#log = log;
    this.#generator = generator;
    this.#nowMs = nowMs;
    this.#appended = appended;
  }

  async start(): Promise<void> {
    await this.#send(this.#generator.opening());
    this.#loop = this.#keepSending();
  }

  /** Sends all that is on its way, then some seconds without frames. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#loop;
    await this.#send(this.#generator.drain());
    for (let tick = 0; tick < CLOSING_TICKS; tick++) await this.#send(this.#generator.tick());
  }

  /** The last acknowledged position of each partition. */
  positions(): ReadonlyMap<number, number> {
    return new Map(this.#positions);
  }

  async #keepSending(): Promise<void> {
    while (!this.#isStopping) {
      const records = this.#generator.next(this.#nowMs());
      if (records === undefined) {
        await sleep(LOOK_MS);
        continue;
      }
      // One step after the other, also when there is much to make up for: a flag is stored before what it concerns.
      const beganMs = performance.now();
      await this.#send(records, beganMs - (this.#nowMs() - this.#generator.sentUntilMs));
      this.appendMsMax = Math.max(this.appendMsMax, performance.now() - beganMs);
    }
  }

  async #send(records: readonly LogAppend[], madeMs: number = performance.now()): Promise<void> {
    if (records.length === 0) return;
    for (;;) {
      try {
        const positions = await this.#log.append(records);
        records.forEach(({ partition }, index) => {
          const position = positions[index] ?? 0;
          // A record that the log had already is acknowledged with its former position.
          if (position <= (this.#positions.get(partition) ?? 0)) return;
          this.#positions.set(partition, position);
          this.#appended(partition, position, madeMs);
        });
        this.records += records.length;
        return;
      } catch (error) {
        if (!(error instanceof StorageError)) throw error;
        this.failures++;
        await sleep(AGAIN_MS);
      }
    }
  }
}
