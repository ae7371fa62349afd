import type { Clock } from "@burnline/std";

/** The machine's clock. The only place that reads it; everything else takes a Clock. */
export const wallClock: Clock = { nowMs: () => Date.now() };
