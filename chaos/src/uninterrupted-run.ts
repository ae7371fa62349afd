import { PARTITION_COUNT } from "@burnline/contract";
import { RaceTopology } from "@burnline/processor";
import { assert } from "@burnline/std";
import { applyChanges, type LogPosition, type LogRecord, type OutboxRecord } from "@burnline/stream";
import { digestOf } from "./fact-totals.ts";

/** One operator per partition over the whole log without a cut: what the processors have to have come to as well. */
export class UninterruptedRun {
  /** Digest of the bytes of each output, by its id. */
  readonly digests = new Map<string, string>();
  readonly #topologies: readonly RaceTopology[];
  readonly #entries: readonly Map<string, Uint8Array>[];
  readonly #positions: LogPosition[];

  constructor(race: string) {
    const partitions = Array.from({ length: PARTITION_COUNT }, (_, partition) => partition);
    this.#topologies = partitions.map((partition) => new RaceTopology(race, partition));
    this.#entries = partitions.map(() => new Map<string, Uint8Array>());
    this.#positions = partitions.map(() => 0);
  }

  onRecord(record: LogRecord): void {
    const { partition, position } = record;
    this.#topology(partition).process(record, {
      emit: ({ id, payload }: OutboxRecord) => this.digests.set(id, digestOf(payload)),
      live: () => undefined,
    });
    this.#positions[partition] = position;
  }

  position(partition: number): LogPosition {
    return this.#positions[partition] ?? 0;
  }

  /** Encoded state as of the last record. */
  entries(partition: number): ReadonlyMap<string, Uint8Array> {
    const entries = this.#entries[partition];
    assert(entries !== undefined, `there is no partition ${partition}`);
    return applyChanges(entries, this.#topology(partition).takeChanges());
  }

  invariantFaults(): string[] {
    return this.#topologies.flatMap((topology) => topology.invariantFault() ?? []);
  }

  #topology(partition: number): RaceTopology {
    const topology = this.#topologies[partition];
    assert(topology !== undefined, `there is no partition ${partition}`);
    return topology;
  }
}
