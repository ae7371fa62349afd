import { PARTITION_COUNT } from "@burnline/contract";
import { RUNNER_DEFAULTS, type RunnerOptions, type RunnerPorts } from "@burnline/stream";
import type { CarCounts } from "./car-state.ts";
import { PartitionWorker } from "./partition-worker.ts";
import type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";
import { observeRunners } from "./runner-observer.ts";

export interface ProcessorOptions {
  readonly ports: RunnerPorts;
  readonly race: string;
  /** Unique among the processors that are alive; one that restarts under its old name gets its partitions back at once. */
  readonly ownerId: string;
  readonly metrics: ProcessorMetrics;
  readonly logger: ProcessorLogger;
  /** A broken invariant, or a newer version's state: the process has to end. Each partition may say so. */
  readonly onFatal: (error: unknown) => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly runner?: Partial<typeof RUNNER_DEFAULTS>;
}

export interface Processor {
  start(): Promise<void>;
  /** Commits what was read and gives every partition back. */
  stop(): Promise<void>;
  /** Partitions that are running now. */
  partitionsOwned(): number;
  /** Counted since the race began, by car. */
  carCounts(): ReadonlyMap<string, Readonly<CarCounts>>;
}

/** Runs every partition of a race that it can get hold of: the form for one process that has the race for itself. */
export function createProcessor(options: ProcessorOptions): Processor {
  const observer = observeRunners(options.metrics, options.logger);
  const workers = Array.from({ length: PARTITION_COUNT }, (_, partition) => {
    const runnerOptions: RunnerOptions = { ...RUNNER_DEFAULTS, ...options.runner, partition, ownerId: options.ownerId };
    const { race, logger, metrics, onFatal, sleep } = options;
    const ports = { ...options.ports, sleep };
    return new PartitionWorker({ ports, race, options: runnerOptions, observer, logger, metrics, onFatal, sleep });
  });
  return {
    start: async () => {
      for (const worker of workers) worker.start();
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
    },
    partitionsOwned: () => workers.filter(({ topology }) => topology !== undefined).length,
    carCounts: () => new Map(workers.flatMap(({ topology }) => [...(topology?.carCounts() ?? [])])),
  };
}
