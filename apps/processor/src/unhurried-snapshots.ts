import { StorageError } from "@burnline/runtime";
import type { SnapshotStore, StoredSnapshot } from "@burnline/stream";
import type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";

/** A partition stands still for no longer than this while its snapshot is stored; the rest happens behind its back. */
const PUT_WAIT_MS_MAX = 200;

export interface UnhurriedOptions {
  readonly metrics: Pick<ProcessorMetrics, "snapshotNotStored">;
  readonly logger: Pick<ProcessorLogger, "warn">;
  readonly sleep: (ms: number) => Promise<void>;
  /** A mistake of ours that came to light when nobody waited any more. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Snapshots spare a replay after a loss of the state store and are nothing more: while they fail, or take long, their
 * partition goes on. A snapshot that is not stored is counted, and the next one comes when it is due. At most one of a
 * partition is on its way.
 */
export class UnhurriedSnapshots implements SnapshotStore {
  readonly #store: SnapshotStore;
  readonly #options: UnhurriedOptions;
  readonly #underWay = new Set<number>();
  #isFailing = false;

  constructor(store: SnapshotStore, options: UnhurriedOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** False as well when it is not stored, or not yet. */
  async put(snapshot: StoredSnapshot): Promise<boolean> {
    const { metrics, sleep, onFatal } = this.#options;
    const { partition } = snapshot;
    if (this.#underWay.has(partition)) {
      metrics.snapshotNotStored("busy");
      return false;
    }
    this.#underWay.add(partition);
    const stored = this.#attempt(snapshot).finally(() => this.#underWay.delete(partition));
    const outcome = await Promise.race([stored, sleep(PUT_WAIT_MS_MAX).then(() => "slow" as const)]);
    if (outcome !== "slow") return outcome;
    metrics.snapshotNotStored("slow");
    stored.catch(onFatal);
    return false;
  }

  list(partition: number): Promise<readonly StoredSnapshot[]> {
    return this.#store.list(partition);
  }

  async #attempt(snapshot: StoredSnapshot): Promise<boolean> {
    const { metrics, logger } = this.#options;
    try {
      const isNewest = await this.#store.put(snapshot);
      this.#isFailing = false;
      return isNewest;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      metrics.snapshotNotStored("failed");
      // Said once until it works again: the metric counts every time.
      if (!this.#isFailing) logger.warn({ err: error }, "snapshots are not stored, the race goes on");
      this.#isFailing = true;
      return false;
    }
  }
}
