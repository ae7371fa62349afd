export { viewerKeys } from "./config.ts";
export { FactLogError } from "./fact-feed.ts";
export type { Gateway, GatewayContext, GatewayOptions } from "./gateway.ts";
export { createGateway } from "./gateway.ts";
export { createGatewayMetrics } from "./gateway-metrics.ts";
export { CLIENTS_MAX } from "./limits.ts";
export { RaceView } from "./race-view.ts";
