import type { LogAppend } from "@burnline/stream";

/** Which records a reader wants. */
export interface RecordFilter {
  readonly partition: number | undefined;
  readonly subjectPrefix: string;
}

interface Waiting {
  readonly filter: RecordFilter;
  readonly wake: () => void;
}

export interface Wait {
  /** Resolves when woken or when the time is up. */
  readonly done: Promise<void>;
  wake(): void;
}

/**
 * Readers that wait for a log to grow. An append wakes exactly those whose filter it meets, in the same turn of the
 * event loop, so 64 waiting readers cost nothing while their partitions are quiet.
 */
export class WaitingReaders {
  readonly #byPartition = new Map<number, Set<Waiting>>();
  readonly #ofWholeLog = new Set<Waiting>();

  wait(filter: RecordFilter, waitMs: number): Wait {
    const group = this.#groupOf(filter.partition);
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => {
      group.delete(waiting);
      clearTimeout(timer);
      resolve();
    };
    const waiting: Waiting = { filter, wake };
    const timer = setTimeout(wake, waitMs);
    group.add(waiting);
    return { done: promise, wake };
  }

  wakeFor(appended: readonly LogAppend[]): void {
    for (const record of appended) {
      wakeMatching(this.#ofWholeLog, record.subject);
      const ofPartition = this.#byPartition.get(record.partition);
      if (ofPartition !== undefined) wakeMatching(ofPartition, record.subject);
    }
  }

  wakeAll(): void {
    for (const group of [this.#ofWholeLog, ...this.#byPartition.values()]) wakeMatching(group, undefined);
  }

  #groupOf(partition: number | undefined): Set<Waiting> {
    if (partition === undefined) return this.#ofWholeLog;
    let group = this.#byPartition.get(partition);
    if (group === undefined) {
      group = new Set();
      this.#byPartition.set(partition, group);
    }
    return group;
  }
}

function wakeMatching(group: ReadonlySet<Waiting>, subject: string | undefined): void {
  for (const waiting of group) {
    if (subject === undefined || subject.startsWith(waiting.filter.subjectPrefix)) waiting.wake();
  }
}
