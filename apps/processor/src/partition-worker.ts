import { InvariantError } from "@burnline/std";
import { PartitionRunner, type RunnerObserver, type RunnerOptions, type RunnerPorts } from "@burnline/stream";
import type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";
import { RaceTopology } from "./topology.ts";

/** How long a reader waits for records before the runner looks after its lease. */
const IDLE_WAIT_MS = 200;
/** Another owner has the partition: ask again after this. */
const HELD_WAIT_MS = 100;
/** Failures wait 50 ms, 100 ms, … up to this before the next try. */
const BACKOFF_MS_MAX = 2_000;
const BACKOFF_MS_MIN = 50;

export interface WorkerDependencies {
  readonly ports: RunnerPorts;
  readonly race: string;
  readonly options: RunnerOptions;
  readonly observer: RunnerObserver;
  readonly logger: ProcessorLogger;
  readonly metrics: ProcessorMetrics;
  /** A broken invariant: the process has to end. */
  readonly onFatal: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Keeps one partition running: acquires it, steps it, and after a failure begins anew from what the store holds. */
export class PartitionWorker {
  readonly #dependencies: WorkerDependencies;
  #stopping = false;
  #done: Promise<void> | undefined;
  #topology: RaceTopology | undefined;

  constructor(dependencies: WorkerDependencies) {
    this.#dependencies = dependencies;
  }

  /** The running operator, while the partition is ours. */
  get topology(): RaceTopology | undefined {
    return this.#topology;
  }

  start(): void {
    this.#done ??= this.#run();
  }

  /** Commits what was read and gives the partition back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    const { logger, metrics, options, onFatal, sleep } = this.#dependencies;
    let failures = 0;
    while (!this.#stopping) {
      try {
        const acquired = await this.#runOnce();
        failures = 0;
        if (!acquired) await sleep(HELD_WAIT_MS);
      } catch (error) {
        if (error instanceof InvariantError) return onFatal(error);
        metrics.partitionFailed();
        const backoffMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** failures++);
        logger.error(
          { err: error, partition: options.partition, backoffMs },
          "partition failed, recovering from the store",
        );
        await sleep(backoffMs);
      }
    }
  }

  /** False when another owner holds the partition. */
  async #runOnce(): Promise<boolean> {
    const { ports, options, observer, race } = this.#dependencies;
    const topology = new RaceTopology(race, options.partition);
    const runner = await PartitionRunner.acquire(ports, options, topology, observer);
    if (runner === undefined) return false;
    this.#topology = topology;
    try {
      while (!this.#stopping) {
        if ((await runner.step(IDLE_WAIT_MS)) === "lost") {
          this.#topology = undefined;
          return true;
        }
      }
    } catch (error) {
      this.#topology = undefined;
      await runner.abandon();
      throw error;
    }
    await runner.release();
    this.#topology = undefined;
    return true;
  }
}
