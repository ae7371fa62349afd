import type { Clock } from "@burnline/std";

/** The machine's clock. The only place that reads it; everything else takes a Clock. */
export const wallClock: Clock = { nowMs: () => Date.now() };

/** Since the process began. Measures intervals: it goes on while the process stands still, and nobody can set it. */
export const steadyClock: Clock = { nowMs: () => performance.now() };
