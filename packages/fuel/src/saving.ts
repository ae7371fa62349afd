import type { MeterWord } from "./fuel-output.ts";
import { quantileOf } from "./quantiles.ts";

/**
 * Who is saving, against the car's own green laps: what a scale error does to a lap it does to the baseline as well, so
 * the comparison is better than either number.
 *
 *   racing ──CUSUM of log(lap / baseline) above h──▶ saving since the lap at which the sum left zero
 *   saving ──two valid laps running within k of the baseline, a caution lap, or pit road──▶ racing
 */
export interface SavingState {
  /** Latest valid laps of racing, without saving; oldest first. */
  baselineUg: number[];
  cusum: number;
  /** Lap at which the running sum left zero; 0 = it is zero. */
  candidateLapNumber: number;
  /** 0 = not saving. */
  sinceLapNumber: number;
  recoveredLaps: number;
  meter: MeterWord;
}

const BASELINE_LAPS_MIN = 3;
/** Laps of the baseline; at the cap the oldest leaves, so that it follows tyres and weather. */
const BASELINE_LAPS_MAX = 10;
// Design note on fuel, section 4: CUSUM with k = 1 %, h = 4 %.
const CUSUM_SLACK = 0.01;
const CUSUM_LIMIT = 0.04;
const RECOVERED_LAPS = 2;
// Words of the meter by fraction saved; the second number is where the word ends again. Lap noise is 1.3 to 1.7 %.
const METER_ENTER = 0.025;
const METER_LEAVE = 0.015;

export function freshSaving(): SavingState {
  return { baselineUg: [], cusum: 0, candidateLapNumber: 0, sinceLapNumber: 0, recoveredLaps: 0, meter: "" };
}

export function cloneSaving(state: SavingState): SavingState {
  return { ...state, baselineUg: [...state.baselineUg] };
}

/** The car's own green lap, in µg; undefined before three laps. */
export function baselineUgOf(state: SavingState): number | undefined {
  return state.baselineUg.length < BASELINE_LAPS_MIN ? undefined : quantileOf(state.baselineUg, 0.5);
}

/** One valid lap was completed. */
export function addGreenLap(state: SavingState, lapNumber: number, burnUg: number): void {
  const baseline = baselineUgOf(state);
  if (baseline === undefined || !(baseline > 0) || !(burnUg > 0)) {
    pushBaseline(state, burnUg);
    return;
  }
  const saved = Math.log(baseline / burnUg);
  state.meter = meterWordOf(state.meter, 1 - burnUg / baseline);
  if (state.sinceLapNumber > 0) {
    state.recoveredLaps = saved < CUSUM_SLACK ? state.recoveredLaps + 1 : 0;
    if (state.recoveredLaps >= RECOVERED_LAPS) endSaving(state);
    return;
  }
  state.cusum = Math.max(0, state.cusum + saved - CUSUM_SLACK);
  if (state.cusum === 0) state.candidateLapNumber = 0;
  else if (state.candidateLapNumber === 0) state.candidateLapNumber = lapNumber;
  if (state.cusum > CUSUM_LIMIT) {
    state.sinceLapNumber = state.candidateLapNumber;
    state.recoveredLaps = 0;
  } else {
    pushBaseline(state, burnUg);
  }
}

/** Caution or pit road: whatever was saved, the reason for it is gone. */
export function endSaving(state: SavingState): void {
  state.cusum = 0;
  state.candidateLapNumber = 0;
  state.sinceLapNumber = 0;
  state.recoveredLaps = 0;
  state.meter = "";
}

/** A word with hysteresis, so that it does not flicker at the border. savedFraction 0.03 = 3 % less than the baseline. */
export function meterWordOf(previous: MeterWord, savedFraction: number): MeterWord {
  const limit = (word: MeterWord) => (previous === word ? METER_LEAVE : METER_ENTER);
  if (savedFraction > limit("saving")) return "saving";
  if (-savedFraction > limit("hard")) return "hard";
  return "neutral";
}

function pushBaseline(state: SavingState, burnUg: number): void {
  state.baselineUg.push(burnUg);
  if (state.baselineUg.length > BASELINE_LAPS_MAX) state.baselineUg.shift();
}
