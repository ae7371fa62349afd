/**
 * How a server of state is asked whether it has started: every second, because all of the race waits for the answer, and
 * for ten minutes, because a large store is read first.
 */
export const STARTUP_PROBE = { periodSeconds: 1, failureThreshold: 600, timeoutSeconds: 5 } as const;
