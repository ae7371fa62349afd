import { create, type RaceDefinition, RaceDefinitionSchema } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import type { PushEntry } from "./push-decoder.ts";
import type { Source, SourceItem } from "./source.ts";

/** Items that wait for the session; a message that does not fit is refused as a whole ("queue-full"). 10 s of 40 cars. */
export const PUSH_QUEUE_ITEMS_MAX = 4_096;

/** And their bytes. */
const PUSH_QUEUE_BYTES_MAX = 16 * 1024 * 1024;

/** Items handed on between two looks at the queue. */
const TAKE_ITEMS_MAX = 64;

/** What became of a pushed message, once its items are in the log. */
export interface PushAck {
  readonly accepted: number;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface PushSourceOptions {
  readonly clock: Clock;
  /** The race, if it is known beforehand; otherwise cars are taken in as they come until a race_definition event. */
  readonly race?: RaceDefinition;
  /** Id of a race that is not known beforehand; default "live". */
  readonly raceId?: string;
  /** For people: where the items come from; default "push endpoint". */
  readonly description?: string;
}

interface Waiting {
  readonly item: SourceItem;
  readonly bytes: number;
}

/**
 * A live Source that is filled from outside: by the HTTP and WebSocket endpoint, or by a test. An acknowledgement comes
 * only when the log has what was sent, so a sender that repeats unacknowledged messages loses nothing; what it repeats
 * in vain is recognised by its source sequence.
 */
export class PushSource implements Source {
  readonly description: string;
  readonly live = true;
  readonly race: RaceDefinition;
  readonly provisionalRace: boolean;
  readonly startMs: number;
  readonly #clock: Clock;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #roomWanted: (() => void)[] = [];

  constructor(options: PushSourceOptions) {
    this.#clock = options.clock;
    this.description = options.description ?? "push endpoint";
    this.startMs = Math.floor(options.clock.nowMs());
    this.provisionalRace = options.race === undefined;
    this.race =
      options.race ??
      create(RaceDefinitionSchema, { race: options.raceId ?? "live", name: "Live race", carProfile: "generic" });
  }

  /** @returns the acknowledgement to come, or undefined when there is no room. */
  offer(entries: readonly PushEntry[], bytes: number): Promise<PushAck> | undefined {
    if (this.#isClosed || !this.#hasRoom(entries.length, bytes)) return undefined;
    const rejected: Record<string, number> = {};
    let accepted = 0;
    return new Promise((resolve) => {
      let open = entries.length;
      // Each entry settles once: what was in hand when the source closed may be told twice.
      const settleOnce = () => {
        let isSettled = false;
        return (fault: string | undefined) => {
          if (isSettled) return;
          isSettled = true;
          if (fault === undefined) accepted++;
          else rejected[fault] = (rejected[fault] ?? 0) + 1;
          if (--open === 0) resolve({ accepted, rejected });
        };
      };
      const arrivalMs = Math.floor(this.#clock.nowMs());
      for (const entry of entries) {
        if (entry.type === "fault") settleOnce()(entry.reason);
        else this.#put({ ...entry, arrivalMs, settle: settleOnce() }, bytes / entries.length);
      }
      this.#wake?.();
    });
  }

  /** Resolves when something has left the queue, or when the source is closed. */
  async room(): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get depth(): number {
    return this.#waiting.length;
  }

  async *items(): AsyncGenerator<SourceItem> {
    try {
      for (;;) {
        const batch = this.#waiting.slice(0, TAKE_ITEMS_MAX);
        for (const { item } of batch) yield item;
        this.#remove(batch);
        if (batch.length > 0) this.#releaseRoom();
        else if (this.#isClosed) return;
        else await this.#filled();
      }
    } finally {
      // Nobody takes what is left (or it is unknown whether it was taken): its senders have to know.
      this.#isClosed = true;
      for (const { item } of this.#waiting) if (item.type !== "skipped") item.settle?.("closing");
      this.#remove([...this.#waiting]);
      this.#releaseRoom();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    this.#releaseRoom();
  }

  #hasRoom(items: number, bytes: number): boolean {
    return this.#waiting.length + items <= PUSH_QUEUE_ITEMS_MAX && this.#waitingBytes + bytes <= PUSH_QUEUE_BYTES_MAX;
  }

  #put(item: SourceItem, bytes: number): void {
    this.#waiting.push({ item, bytes });
    this.#waitingBytes += bytes;
  }

  #remove(batch: readonly Waiting[]): void {
    this.#waiting.splice(0, batch.length);
    for (const { bytes } of batch) this.#waitingBytes -= bytes;
  }

  async #filled(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #releaseRoom(): void {
    const wanted = this.#roomWanted;
    this.#roomWanted = [];
    for (const resolve of wanted) resolve();
  }
}
