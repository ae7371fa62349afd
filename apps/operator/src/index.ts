export { createOperatorMetrics } from "./operator-metrics.ts";
