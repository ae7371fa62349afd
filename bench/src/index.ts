export type { StreamBenchOptions, StreamMode, StreamModeResult } from "./stream-bench.ts";
export { benchStreamMode, STREAM_DEFAULTS, STREAM_MODES } from "./stream-bench.ts";
