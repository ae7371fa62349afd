/**
 * The circuit breaker in front of a sink, as a pure state machine: time and chance come in, the next state comes out.
 *
 *      closed ──failuresToOpen failures in a row──▶ open until retryAtMs ──time──▶ half-open: one probe at a time
 *        ▲                                            ▲                               │        │
 *        │                                            └───────── it failed ───────────┘        │
 *        └───────────────────────────────────────── it succeeded ──────────────────────────────┘
 */
export interface Breaker {
  readonly state: "closed" | "open" | "half-open";
  /** Failures in a row. */
  readonly failures: number;
  /** Nothing is tried before this, ms since the epoch; 0 while closed. */
  readonly retryAtMs: number;
}

export interface BreakerOptions {
  readonly failuresToOpen: number;
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
}

export const CLOSED: Breaker = { state: "closed", failures: 0, retryAtMs: 0 };

/** Whether an attempt may start now, and the breaker once it has started. */
export function admit(breaker: Breaker, nowMs: number): { readonly isAdmitted: boolean; readonly breaker: Breaker } {
  if (breaker.state === "closed") return { isAdmitted: true, breaker };
  if (breaker.state === "half-open" || nowMs < breaker.retryAtMs) return { isAdmitted: false, breaker };
  return { isAdmitted: true, breaker: { ...breaker, state: "half-open" } };
}

/** @param chance uniform in [0, 1) */
export function failed(breaker: Breaker, nowMs: number, chance: number, options: BreakerOptions): Breaker {
  const failures = breaker.failures + 1;
  // An attempt that began before the breaker opened says nothing new.
  if (breaker.state === "open") return { ...breaker, failures };
  if (breaker.state === "closed" && failures < options.failuresToOpen) return { ...CLOSED, failures };
  return { state: "open", failures, retryAtMs: nowMs + backoffMs(failures, chance, options) };
}

/** How long to wait after so many failures in a row: doubling up to the cap, and a chance half taken off. */
export function backoffMs(
  failures: number,
  chance: number,
  { backoffMsMin, backoffMsMax }: Pick<BreakerOptions, "backoffMsMin" | "backoffMsMax">,
): number {
  const ceilingMs = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(failures - 1, 52));
  return ceilingMs * (0.5 + 0.5 * chance);
}
