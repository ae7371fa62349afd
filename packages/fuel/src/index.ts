export { FEATURE_NAMES, FEATURE_SCHEMA_VERSION, RPM_PER_MPS_MAX } from "./features/feature-vector.ts";
export type { WindowAccumulator, WindowSamples } from "./window-accumulator.ts";
export { burnWindowAggregator, WINDOW_SPAN_MS_MAX } from "./window-accumulator.ts";
