import { FlagState } from "@burnline/contract";
import { REGIME_CAUTION, REGIME_GREEN, REGIME_RED, REGIME_RESTART, type Regime } from "./regime.ts";

/** From this event time on the race is in that regime, until the next change. */
export interface RegimeChange {
  fromMs: number;
  regime: Regime;
}

/** How long a restart lasts when nobody said how long a green lap takes: a lap of a 1.5 mile oval, generously. */
export const RESTART_MS_DEFAULT = 45_000;

/**
 * What a flag does to the regime, by event time. A non-empty answer replaces every change of earlier events that lies at
 * or after event.fromMs: a caution thrown inside a restart lap takes the green back that the restart had announced.
 * An empty answer changes nothing.
 *
 *   caution → caution      red → red      green or white after caution or red → restart for one green lap, then green
 *   green after no flag or checkered → green      green again, white otherwise, checkered, unspecified → nothing
 *
 * The checkered flag changes nothing because it falls for the leader first, while everybody else still races to the line.
 */
export function reduceFlag(
  previous: FlagState,
  event: { readonly flag: FlagState; readonly fromMs: number },
  track: { readonly greenLapMs: number },
): RegimeChange[] {
  switch (event.flag) {
    case FlagState.CAUTION:
      return [{ fromMs: event.fromMs, regime: REGIME_CAUTION }];
    case FlagState.RED:
      return [{ fromMs: event.fromMs, regime: REGIME_RED }];
    case FlagState.GREEN:
      if (isSlow(previous)) return restart(event.fromMs, track.greenLapMs);
      // A feed that says green again must not end the restart that is running.
      if (previous === FlagState.GREEN || previous === FlagState.WHITE) return [];
      return [{ fromMs: event.fromMs, regime: REGIME_GREEN }];
    case FlagState.WHITE:
      return isSlow(previous) ? restart(event.fromMs, track.greenLapMs) : [];
    default:
      return [];
  }
}

function isSlow(flag: FlagState): boolean {
  return flag === FlagState.CAUTION || flag === FlagState.RED;
}

function restart(fromMs: number, greenLapMs: number): RegimeChange[] {
  const restartMs = greenLapMs > 0 && Number.isFinite(greenLapMs) ? Math.round(greenLapMs) : RESTART_MS_DEFAULT;
  return [
    { fromMs, regime: REGIME_RESTART },
    { fromMs: fromMs + restartMs, regime: REGIME_GREEN },
  ];
}
