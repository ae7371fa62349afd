import type { SnapshotStore, StoredSnapshot } from "@burnline/stream";

/** Snapshots kept per partition: the newest may prove damaged, its elders then still spare most of the replay. */
export const SNAPSHOTS_KEPT = 3;

/** Snapshots in this process. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly #newestFirst = new Map<number, readonly StoredSnapshot[]>();

  async put(snapshot: StoredSnapshot): Promise<boolean> {
    const held = this.#newestFirst.get(snapshot.partition) ?? [];
    const newest = held[0]?.position ?? 0;
    if (snapshot.position < newest) return false;
    const elders = held.filter(({ position }) => position !== snapshot.position);
    this.#newestFirst.set(snapshot.partition, [snapshot, ...elders].slice(0, SNAPSHOTS_KEPT));
    return true;
  }

  async list(partition: number): Promise<readonly StoredSnapshot[]> {
    return this.#newestFirst.get(partition) ?? [];
  }
}
