export { createOperatorMetrics } from "./operator-metrics.ts";
export { archiveFolder } from "./race-archive.ts";
