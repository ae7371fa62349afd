import { StorageError } from "@burnline/runtime";
import { InvariantError } from "@burnline/std";
import {
  NewerStateError,
  PartitionRunner,
  type RunnerObserver,
  type RunnerOptions,
  type RunnerPorts,
} from "@burnline/stream";
import { RaceTopology } from "./topology.ts";

/** How long a reader waits for records before the runner looks after its lease. */
const IDLE_WAIT_MS = 200;

export interface PartitionRunOptions {
  readonly ports: RunnerPorts;
  readonly race: string;
  readonly options: RunnerOptions;
  readonly observer: RunnerObserver;
}

/** refused: another owner holds the partition. lost: one has taken it. released: we gave it back. */
export type RunEnd = "refused" | "lost" | "released";

/** One time of owning a partition: take it, recover, process until it is given back or lost. For one use. */
export class PartitionRun {
  readonly #options: PartitionRunOptions;
  #runner: PartitionRunner | undefined;
  #topology: RaceTopology | undefined;
  #isStopping = false;

  constructor(options: PartitionRunOptions) {
    this.#options = options;
  }

  /** The running operator, while the partition is ours. */
  get topology(): RaceTopology | undefined {
    return this.#topology;
  }

  /** Gives the partition back soon: what was read is committed, nothing more is read. */
  stop(): void {
    this.#isStopping = true;
    // A reader that cannot be closed also fails in the step or the release, where it is dealt with.
    this.#runner?.stopReading().catch(() => {});
  }

  /**
   * @throws what a port throws; the lease then runs out by itself, unless its owner takes the partition again.
   * StorageError "newer": this version must not run the partition, nor any other of the race.
   */
  async run(onAcquired: () => void = () => {}): Promise<RunEnd> {
    const { ports, race, options, observer } = this.#options;
    const topology = new RaceTopology(race, options.partition);
    const runner = await PartitionRunner.acquire(ports, options, topology, observer).catch(toRefusal);
    if (runner === undefined) return "refused";
    this.#runner = runner;
    this.#topology = topology;
    try {
      onAcquired();
      while (!this.#isStopping) {
        if ((await runner.step(IDLE_WAIT_MS)) === "lost") return "lost";
      }
      await runner.release();
      return "released";
    } catch (error) {
      await runner.abandon();
      throw error;
    } finally {
      this.#topology = undefined;
    }
  }
}

function toRefusal(error: unknown): never {
  if (!(error instanceof NewerStateError)) throw error;
  throw new StorageError(
    "newer",
    `The state of this race was written by a newer Burnline (state version ${error.foundVersion}, this one knows ${error.knownVersion}): start that version, or choose another place (--race or --redis in a cluster, --data or --fresh alone).`,
    { cause: error },
  );
}

/** The whole process has to end: a broken invariant, or a state that belongs to a newer version. */
export function isFatal(error: unknown): boolean {
  return error instanceof InvariantError || (error instanceof StorageError && error.fault === "newer");
}
