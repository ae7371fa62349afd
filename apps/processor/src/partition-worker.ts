import { isFatal, PartitionRun, type PartitionRunOptions } from "./partition-run.ts";
import type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";
import type { RaceTopology } from "./topology.ts";

/** Another owner has the partition: ask again after this. */
const HELD_WAIT_MS = 100;
/** Failures wait 50 ms, 100 ms, … up to this before the next try. */
const BACKOFF_MS_MAX = 2_000;
const BACKOFF_MS_MIN = 50;

export interface WorkerDependencies extends PartitionRunOptions {
  readonly logger: ProcessorLogger;
  readonly metrics: ProcessorMetrics;
  /** The process has to end; see isFatal. */
  readonly onFatal: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Keeps one partition running: takes it, runs it, and after a failure begins anew from what the store holds. */
export class PartitionWorker {
  readonly #dependencies: WorkerDependencies;
  #isStopping = false;
  #done: Promise<void> | undefined;
  #run: PartitionRun | undefined;

  constructor(dependencies: WorkerDependencies) {
    this.#dependencies = dependencies;
  }

  /** The running operator, while the partition is ours. */
  get topology(): RaceTopology | undefined {
    return this.#run?.topology;
  }

  start(): void {
    this.#done ??= this.#keepRunning();
  }

  /** Commits what was read and gives the partition back. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#run?.stop();
    await this.#done;
  }

  async #keepRunning(): Promise<void> {
    const { logger, metrics, options, onFatal, sleep } = this.#dependencies;
    let failures = 0;
    while (!this.#isStopping) {
      try {
        this.#run = new PartitionRun(this.#dependencies);
        const end = await this.#run.run();
        failures = 0;
        if (end === "refused") await sleep(HELD_WAIT_MS);
      } catch (error) {
        if (isFatal(error)) return onFatal(error);
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
}
