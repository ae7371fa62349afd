import type { App, ScaledApp } from "./app-names.ts";

/** What a size asks of the cluster. */
export interface Sizes {
  readonly replicas: Readonly<Record<ScaledApp, number>>;
  readonly replicasMax: Readonly<Record<ScaledApp, number>>;
  /** Absent: the chart's own, which are for a race. */
  readonly resources: Readonly<Partial<Record<App, { readonly cpu: string; readonly memory: string }>>>;
  readonly nats: { readonly cpu: string; readonly memoryMb: number };
  readonly redis: { readonly cpu: string; readonly memoryMb: number };
  readonly natsReplicas: number;
  readonly natsStorageGb: number;
  readonly redisStorageGb: number;
  readonly streamGb: number;
}

/** As charts/burnline/values.yaml has them. */
export const CHART_RESOURCES: Readonly<Record<App, { readonly cpu: string; readonly memory: string }>> = {
  ingest: { cpu: "250m", memory: "384Mi" },
  processor: { cpu: "500m", memory: "768Mi" },
  inference: { cpu: "250m", memory: "768Mi" },
  gateway: { cpu: "250m", memory: "512Mi" },
  operator: { cpu: "50m", memory: "256Mi" },
};
/** One leads, the second waits to. */
export const OPERATOR_REPLICAS = 2;

/**
 * small: a trial on a laptop or a CI machine, 0.6 cores asked for in all; still two processors, so that one may die.
 * race: 40 cars at 120 Hz with room, every part at least twice.
 */
export const SIZES: Readonly<Record<"small" | "race", Sizes>> = {
  small: {
    replicas: { ingest: 1, processor: 2, inference: 1, gateway: 1 },
    replicasMax: { ingest: 2, processor: 4, inference: 2, gateway: 4 },
    resources: {
      ingest: { cpu: "50m", memory: "256Mi" },
      processor: { cpu: "100m", memory: "384Mi" },
      inference: { cpu: "50m", memory: "384Mi" },
      gateway: { cpu: "50m", memory: "256Mi" },
      operator: { cpu: "50m", memory: "192Mi" },
    },
    nats: { cpu: "100m", memoryMb: 512 },
    redis: { cpu: "50m", memoryMb: 256 },
    ...{ natsReplicas: 1, natsStorageGb: 4, redisStorageGb: 1, streamGb: 1 },
  },
  race: {
    replicas: { ingest: 2, processor: 2, inference: 2, gateway: 2 },
    replicasMax: { ingest: 6, processor: 16, inference: 6, gateway: 20 },
    resources: {},
    nats: { cpu: "500m", memoryMb: 2048 },
    redis: { cpu: "250m", memoryMb: 1024 },
    ...{ natsReplicas: 3, natsStorageGb: 20, redisStorageGb: 4, streamGb: 8 },
  },
};
