import { MICROGRAMS_PER_KG } from "./units.ts";

/** What a completed lap adds to a car's averages. burnUg: the whole lap, small gaps filled up. */
export interface LapSummary {
  burnUg: number;
  /** No reason against it. */
  isValid: boolean;
  /** No reason against it but perhaps "outlier". */
  isClean: boolean;
  isCautionLap: boolean;
}

/** Over all laps that can no longer change. Whole numbers, so that nothing drifts. */
export interface AveragesState {
  validCount: number;
  validUg: number;
  /** 0 = no valid lap yet. */
  minUg: number;
  maxUg: number;
  cautionCount: number;
  cautionUg: number;
  /** Latest valid and clean laps, oldest first. */
  recentValidUg: number[];
  recentCleanUg: number[];
}

export interface LapAverages {
  validLaps: number;
  lastN: number;
  lastNKg: number | undefined;
  allGreenKg: number | undefined;
  minKg: number | undefined;
  maxKg: number | undefined;
  cautionKg: number | undefined;
}

/** Laps in "average of the last N" unless somebody chooses otherwise. */
const LAST_N_DEFAULT = 5;
/** Kept of the latest laps; at the cap the oldest leaves. More than any N or outlier basis needs. */
export const RECENT_LAPS_MAX = 20;

export function freshAverages(): AveragesState {
  return {
    validCount: 0,
    validUg: 0,
    minUg: 0,
    maxUg: 0,
    cautionCount: 0,
    cautionUg: 0,
    recentValidUg: [],
    recentCleanUg: [],
  };
}

export function cloneAverages(state: AveragesState): AveragesState {
  return { ...state, recentValidUg: [...state.recentValidUg], recentCleanUg: [...state.recentCleanUg] };
}

export function addLap(state: AveragesState, lap: LapSummary): void {
  if (lap.isCautionLap) {
    state.cautionCount++;
    state.cautionUg += lap.burnUg;
  }
  if (lap.isClean) pushCapped(state.recentCleanUg, lap.burnUg);
  if (!lap.isValid) return;
  state.minUg = state.validCount === 0 ? lap.burnUg : Math.min(state.minUg, lap.burnUg);
  state.maxUg = Math.max(state.maxUg, lap.burnUg);
  state.validCount++;
  state.validUg += lap.burnUg;
  pushCapped(state.recentValidUg, lap.burnUg);
}

/** The averages over closed laps and the still open ones behind them, oldest first. */
export function averagesWith(closed: AveragesState, open: readonly LapSummary[]): AveragesState {
  if (open.length === 0) return closed;
  const all = cloneAverages(closed);
  for (const lap of open) addLap(all, lap);
  return all;
}

export function toAverages(state: AveragesState, lastN: number = LAST_N_DEFAULT): LapAverages {
  const hasValid = state.validCount > 0;
  return {
    validLaps: state.validCount,
    lastN,
    lastNKg: meanKg(state.recentValidUg.slice(-lastN)),
    allGreenKg: hasValid ? state.validUg / state.validCount / MICROGRAMS_PER_KG : undefined,
    minKg: hasValid ? state.minUg / MICROGRAMS_PER_KG : undefined,
    maxKg: hasValid ? state.maxUg / MICROGRAMS_PER_KG : undefined,
    cautionKg: state.cautionCount > 0 ? state.cautionUg / state.cautionCount / MICROGRAMS_PER_KG : undefined,
  };
}

export function meanKg(burnsUg: readonly number[]): number | undefined {
  if (burnsUg.length === 0) return undefined;
  let sum = 0;
  for (const ug of burnsUg) sum += ug;
  return sum / burnsUg.length / MICROGRAMS_PER_KG;
}

function pushCapped(laps: number[], burn: number): void {
  laps.push(burn);
  if (laps.length > RECENT_LAPS_MAX) laps.shift();
}
