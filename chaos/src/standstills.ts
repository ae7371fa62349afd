/** While something was measured, over all partitions. */
export interface Standstill {
  /** The longest time between two commits of one partition. A car of which nothing came for a while counts as well. */
  readonly gapMs: number;
  readonly partition: number;
  /** The longest time from when a record was made to when it was committed. */
  readonly waitMs: number;
}

interface Watched {
  readonly partition: number;
  readonly isMeasured: boolean;
  /** Committed now, the most that it ever was, and since when it has been so. */
  position: number;
  highest: number;
  sinceMs: number;
  /** Records of the log that were not committed yet, oldest first. */
  readonly waiting: { readonly position: number; readonly madeMs: number }[];
}

const NONE: Standstill = { gapMs: 0, partition: -1, waitMs: 0 };

/**
 * How long partitions stood still. What counts is that a partition comes further than it ever was: for whoever watches
 * the race, a store that lost its last second and a replay of what was committed before are standing still.
 */
export class Standstills {
  readonly #watched: ReadonlyMap<number, Watched>;
  #longest = NONE;

  /** @param others are waited for as well, but not measured: without a car a partition has a tick a second and no more */
  constructor(partitions: readonly number[], nowMs: number, others: readonly number[] = []) {
    const watch = (partition: number, isMeasured: boolean): [number, Watched] => [
      partition,
      { partition, isMeasured, position: 0, highest: 0, sinceMs: nowMs, waiting: [] },
    ];
    this.#watched = new Map([
      ...partitions.map((partition) => watch(partition, true)),
      ...others.map((partition) => watch(partition, false)),
    ]);
  }

  /** A record is in the log. Others than those of the partitions are ignored. */
  appended(partition: number, position: number, madeMs: number): void {
    const watched = this.#watched.get(partition);
    if (watched?.isMeasured === true && position > watched.highest) watched.waiting.push({ position, madeMs });
  }

  /** A partition is committed up to here. */
  committed(partition: number, position: number, nowMs: number): void {
    const watched = this.#watched.get(partition);
    if (watched === undefined) return;
    watched.position = position;
    if (position <= watched.highest) return;
    this.#noteGap(watched, nowMs);
    watched.highest = position;
    watched.sinceMs = nowMs;
    const rest = watched.waiting.findIndex((record) => record.position > position);
    const done = watched.waiting.splice(0, rest === -1 ? watched.waiting.length : rest);
    for (const { madeMs } of done) this.#noteWait(nowMs - madeMs);
  }

  /** Forgets what was measured; a standstill that lasts goes on from where it began. */
  begin(): void {
    this.#longest = NONE;
  }

  /** The longest since `begin`, those that still last among them. */
  longest(nowMs: number): Standstill {
    for (const watched of this.#watched.values()) {
      this.#noteGap(watched, nowMs);
      const [oldest] = watched.waiting;
      if (oldest !== undefined) this.#noteWait(nowMs - oldest.madeMs);
    }
    return this.#longest;
  }

  /** How far each is committed now. */
  positions(): ReadonlyMap<number, number> {
    return new Map([...this.#watched.values()].map(({ partition, position }) => [partition, position]));
  }

  /** Partitions that are not committed up to these positions now, whatever they once were. */
  behind(positions: ReadonlyMap<number, number>): readonly number[] {
    return [...this.#watched.values()].flatMap(({ partition, position }) =>
      position < (positions.get(partition) ?? 0) ? [partition] : [],
    );
  }

  #noteGap({ sinceMs, partition, isMeasured }: Watched, nowMs: number): void {
    if (!isMeasured) return;
    const gapMs = nowMs - sinceMs;
    if (gapMs > this.#longest.gapMs) this.#longest = { ...this.#longest, gapMs, partition };
  }

  #noteWait(waitMs: number): void {
    if (waitMs > this.#longest.waitMs) this.#longest = { ...this.#longest, waitMs };
  }
}
