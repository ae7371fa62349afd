export type { ChaosResult, MeasuredFault } from "./chaos-run.ts";
export { runChaos } from "./chaos-run.ts";
export type { WatchedStandstill } from "./commit-watch.ts";
export { CommitWatch } from "./commit-watch.ts";
export { CHAOS_DEFAULTS } from "./options.ts";
export { RaceGenerator } from "./race-generator.ts";
export type { Verdict } from "./verdict.ts";
export { judge } from "./verdict.ts";
