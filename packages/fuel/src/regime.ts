/** Under what rules a car burns; the flag reducer turns flags into these. */
export const REGIME_GREEN = 0;
export const REGIME_CAUTION = 1;
/** One green lap's time after a caution: everybody at full throttle in a pack. */
export const REGIME_RESTART = 2;
export const REGIME_RED = 3;

export type Regime = 0 | 1 | 2 | 3;
