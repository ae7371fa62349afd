export interface TankState {
  belief: Belief | null;
  /** Why there is no belief. */
  reason: string;
  anchor: Anchor;
  anchorMs: number;
  /** The stop that runs or ran last; null = none yet. */
  stop: Stop | null;
  /** No anchor came yet: the start may still be told late. */
  isUntouched: boolean;
}

export type Anchor = "start" | "full fill" | "partial fill" | "stop without amount" | "";

/** At the anchor, with what the car had burned by then. */
export interface Belief {
  meanKg: number;
  sdKg: number;
  burnedKg: number;
  gapKg: number;
}

export interface Stop {
  fromMs: number;
  /** -1: it runs. */
  toMs: number;
  boxFromMs: number;
  boxMs: number;
  fills: number;
  isGuessed: boolean;
  /** Before the stop changed anything. */
  before: { belief: Belief | null; reason: string; anchor: Anchor; anchorMs: number };
  burnedKg: number;
  gapKg: number;
}

/** Burned since the car appeared; gapKg of it was not seen but taken from the mean rate. */
export interface Burned {
  readonly burnedKg: number;
  readonly gapKg: number;
}

export interface Level {
  readonly meanKg: number;
  readonly sdKg: number;
  /** Of sdKg, what the anchor brought. */
  readonly anchorSdKg: number;
  /** Burned since the anchor. */
  readonly burnedKg: number;
}

const NO_START = "fuel aboard at the start is not known";

export function freshTank(): TankState {
  return { belief: null, reason: NO_START, anchor: "", anchorMs: 0, stop: null, isUntouched: true };
}

export function cloneTank(state: TankState): TankState {
  const { belief, stop } = state;
  return {
    ...state,
    belief: belief === null ? null : { ...belief },
    stop:
      stop === null
        ? null
        : {
            ...stop,
            before: { ...stop.before, belief: stop.before.belief === null ? null : { ...stop.before.belief } },
          },
  };
}
