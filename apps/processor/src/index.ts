export {
  ALLOWED_LATENESS_MS,
  OPEN_WINDOWS_MAX,
  OUT_OF_ORDERNESS_MS,
  WAITING_FRAMES_MAX,
  WINDOW_MS,
} from "./car-pipeline.ts";
export type { CarCounts, CarState } from "./car-state.ts";
export type { ClusterProcessor, ClusterProcessorOptions } from "./cluster-processor.ts";
export { createClusterProcessor } from "./cluster-processor.ts";
export type { ScaleReading } from "./cluster-scale.ts";
export { registerScaleMetrics } from "./cluster-scale.ts";
export { factLogSink } from "./fact-log-sink.ts";
export { MODEL_SHARE_MAX, modelCorrection } from "./model-correction.ts";
export type { Processor, ProcessorOptions } from "./processor.ts";
export { createProcessor } from "./processor.ts";
export type { ProcessorLogger, ProcessorMetrics } from "./processor-metrics.ts";
export { createProcessorMetrics } from "./processor-metrics.ts";
export { RaceState } from "./race-state.ts";
export { OPERATOR_SCHEMA_VERSION, RaceTopology } from "./topology.ts";
