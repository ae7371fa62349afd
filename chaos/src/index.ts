export type { ChaosResult, MeasuredFault } from "./chaos-run.ts";
export { runChaos } from "./chaos-run.ts";
export { CHAOS_DEFAULTS } from "./options.ts";
