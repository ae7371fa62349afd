import type { Clock } from "@burnline/std";
import { decodeSnapshot, type SnapshotStore, type StoredSnapshot } from "@burnline/stream";
import type { Logger } from "./log.ts";
import type { FarSnapshotMetrics } from "./tiered-snapshot-metrics.ts";

export interface TieredSnapshotOptions {
  /** A partition's snapshots go to the far store at most so often. */
  readonly farIntervalMs: number;
  /** Measures intervals: one that nobody sets. */
  readonly clock: Clock;
  /** After a failure the far store is left alone for so long. */
  readonly farPauseMs?: number;
  /** A recovery waits at most so long for the far store. */
  readonly farListMsMax?: number;
  readonly metrics?: FarSnapshotMetrics;
  readonly logger?: Pick<Logger, "warn">;
}

const FAR_PAUSE_MS = 10_000;
const FAR_LIST_MS_MAX = 5_000;

type FarCall = "put" | "list";

/**
 * A near store that takes every snapshot, and behind it a far one that takes some and outlives the near one's loss.
 * Whatever the far store does, putting is as fast and as sure as the near store alone. What waits for the far store is
 * the newest snapshot of each partition and no more; they go one after the other.
 */
export class TieredSnapshotStore implements SnapshotStore {
  readonly #near: SnapshotStore;
  readonly #far: SnapshotStore;
  readonly #options: TieredSnapshotOptions;
  /** The newest of each partition that the far store does not have. */
  readonly #unsent = new Map<number, StoredSnapshot>();
  /** When a partition's next one may go; missing: at once. */
  readonly #dueMs = new Map<number, number>();
  readonly #pausedUntilMs: Record<FarCall, number> = { put: 0, list: 0 };
  #sending = Promise.resolve();
  #isSending = false;
  #isClosing = false;

  constructor(near: SnapshotStore, far: SnapshotStore, options: TieredSnapshotOptions) {
    this.#near = near;
    this.#far = far;
    this.#options = options;
  }

  /** As the near store answers. The far one gets it later, also when the near one failed. */
  async put(snapshot: StoredSnapshot): Promise<boolean> {
    let isNewest = true;
    try {
      isNewest = await this.#near.put(snapshot);
      return isNewest;
    } finally {
      if (isNewest) this.#offer(snapshot);
    }
  }

  /**
   * The near store's, and among them the far store's if none of the near ones is whole: a recovery out of a near store
   * that is well must not wait for a far one. Fails only when the near store fails and the far one has nothing.
   */
  async list(partition: number): Promise<readonly StoredSnapshot[]> {
    let near: readonly StoredSnapshot[];
    try {
      near = await this.#near.list(partition);
    } catch (error) {
      const far = await this.#listFar(partition);
      if (far.length === 0) throw error;
      this.#options.logger?.warn({ partition, err: error }, "the near snapshots cannot be read, taking the far ones");
      return far;
    }
    if (near.some(({ bytes }) => decodeSnapshot(bytes).ok)) return near;
    const all = [...near, ...(await this.#listFar(partition))];
    return all.sort((a, b) => b.position - a.position);
  }

  /** Gives the far store what it does not have yet, once each and as far as the time goes. No put may follow. */
  async close(msMax: number): Promise<void> {
    this.#isClosing = true;
    await inTime(msMax, this.#startSending()).catch((error: unknown) => this.#noteFailure("put", error));
  }

  #offer(snapshot: StoredSnapshot): void {
    const { partition } = snapshot;
    const waiting = this.#unsent.get(partition);
    if (waiting !== undefined && waiting.position > snapshot.position) return;
    if (waiting !== undefined && this.#isDue(partition)) this.#options.metrics?.replaced();
    this.#unsent.set(partition, snapshot);
    void this.#startSending();
  }

  #startSending(): Promise<void> {
    if (!this.#isSending) this.#sending = this.#sendAllDue();
    return this.#sending;
  }

  /** Never rejects. */
  async #sendAllDue(): Promise<void> {
    this.#isSending = true;
    // Looks anew each time: more may have come while one was on its way.
    for (let next = this.#nextDue(); next !== undefined; next = this.#nextDue()) await this.#send(next);
    this.#isSending = false;
  }

  #nextDue(): StoredSnapshot | undefined {
    if (this.#isPaused("put")) return undefined;
    for (const snapshot of this.#unsent.values()) if (this.#isDue(snapshot.partition)) return snapshot;
    return undefined;
  }

  #isDue(partition: number): boolean {
    return this.#isClosing || this.#nowMs() >= (this.#dueMs.get(partition) ?? 0);
  }

  async #send(snapshot: StoredSnapshot): Promise<void> {
    const { partition, bytes } = snapshot;
    const startMs = this.#nowMs();
    this.#unsent.delete(partition);
    try {
      // False: somebody else has stored a newer one, which is as good.
      await this.#far.put(snapshot);
      this.#dueMs.set(partition, startMs + this.#options.farIntervalMs);
      this.#options.metrics?.stored(bytes.byteLength, (this.#nowMs() - startMs) / 1_000);
    } catch (error) {
      if (!this.#unsent.has(partition)) this.#unsent.set(partition, snapshot);
      this.#noteFailure("put", error);
    }
  }

  async #listFar(partition: number): Promise<readonly StoredSnapshot[]> {
    if (this.#isPaused("list")) return [];
    try {
      return await inTime(this.#options.farListMsMax ?? FAR_LIST_MS_MAX, this.#far.list(partition));
    } catch (error) {
      this.#noteFailure("list", error);
      return [];
    }
  }

  #noteFailure(call: FarCall, error: unknown): void {
    this.#options.metrics?.failed(call);
    // Several that were under way together are one failure to a reader.
    if (!this.#isPaused(call))
      this.#options.logger?.warn({ call, err: error }, "the far snapshot store failed, going on without it");
    this.#pausedUntilMs[call] = this.#nowMs() + (this.#options.farPauseMs ?? FAR_PAUSE_MS);
  }

  #isPaused(call: FarCall): boolean {
    return this.#nowMs() < this.#pausedUntilMs[call];
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}

async function inTime<T>(msMax: number, call: Promise<T>): Promise<T> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${msMax} ms`)), msMax);
  try {
    return await Promise.race([call, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
