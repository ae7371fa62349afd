import { PARTITION_COUNT } from "@burnline/contract";
import type { RaceSpec, Replicas, WarmApp } from "./race-resource.ts";

/*
 * What a core does in a live race, as measured: `npm run start:cluster -- --cars 40 --rate 120`, 41 s in the middle of it,
 * CPU times of the processes from /proc, 2 cores shared with other work (load 15), fixed costs included. Three processors
 * took 0.187 cores for 4,800 samples a second, ingest with its simulator 0.038, inference 0.013 for 40 windows a second.
 * A backlog is cheaper per sample (bench/README.md, `chain`: 262,000 per CPU-second), but a live race is what is warmed
 * up for: a gateway's load comes from its clients, whom nobody announces, so it gets the least number and scales by them.
 */
const PROCESSOR_SAMPLES_PER_CORE_SECOND = 25_000;
const INGEST_SAMPLES_PER_CORE_SECOND = 125_000;
const INFERENCE_WINDOWS_PER_CORE_SECOND = 3_000;
/** A replica is given one core (charts/burnline/values.yaml), and planned so full that a scaler need not act at once. */
const PLANNED_BUSY_SHARE = 0.5;

/** A process that dies leaves one that works. */
const WARM_REPLICAS_MIN = 2;
/** More processors than partitions have nothing to do; what an HPA went beyond this is not held either. */
const REPLICAS_MAX: Readonly<Record<WarmApp, number>> = {
  processor: PARTITION_COUNT,
  ...{ ingest: 64, inference: 64, gateway: 256 },
};

/** Replicas that carry the race as it was announced. */
export function warmCapacity({ expectedCars, sampleRateHz }: RaceSpec): Required<Replicas> {
  const samplesPerSecond = expectedCars * sampleRateHz;
  // One window per car and second.
  const windowsPerSecond = expectedCars;
  return {
    ingest: replicas("ingest", samplesPerSecond / INGEST_SAMPLES_PER_CORE_SECOND),
    processor: replicas("processor", samplesPerSecond / PROCESSOR_SAMPLES_PER_CORE_SECOND),
    inference: replicas("inference", windowsPerSecond / INFERENCE_WINDOWS_PER_CORE_SECOND),
    gateway: WARM_REPLICAS_MIN,
  };
}

/** The freeze: what was asked for before, and what runs, is not given up. */
export function frozen(app: WarmApp, ...candidates: readonly (number | undefined)[]): number {
  return Math.min(REPLICAS_MAX[app], Math.max(...candidates.map((candidate) => candidate ?? 0)));
}

function replicas(app: WarmApp, cores: number): number {
  return Math.min(REPLICAS_MAX[app], Math.max(WARM_REPLICAS_MIN, Math.ceil(cores / PLANNED_BUSY_SHARE)));
}
