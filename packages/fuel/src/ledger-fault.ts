import { addTotals, type BurnTotals, differenceOf, emptyTotals } from "./burn-totals.ts";
import { type LedgerState, type Run, runOf } from "./ledger-state.ts";

/** The first broken sum, or undefined: lap = Σ segments; stint, stage, race = Σ segments; race = Σ stints = Σ stages. */
export function ledgerFault(state: LedgerState): string | undefined {
  return chainFault(state) ?? lapFault(state) ?? runFault(state);
}

function chainFault(state: LedgerState): string | undefined {
  let endMs = state.laps[0]?.startMs ?? -1;
  for (const lap of state.laps) {
    if (lap.startMs !== endMs) return `lap ${lap.key} starts at ${lap.startMs}, not at ${endMs}`;
    for (const segment of lap.segments) {
      if (segment.startMs !== endMs) return `a segment of lap ${lap.key} starts at ${segment.startMs}, not at ${endMs}`;
      endMs = segment.endMs;
    }
    if (lap.endMs !== endMs) return `lap ${lap.key} ends at ${lap.endMs}, its segments at ${endMs}`;
  }
  return endMs === -1 ? undefined : "the chain has an end";
}

function lapFault(state: LedgerState): string | undefined {
  for (const lap of state.laps) {
    const sum = emptyTotals();
    for (const segment of lap.segments) addTotals(sum, segment.totals);
    const difference = differenceOf(lap.totals, sum);
    if (difference !== undefined) return `lap ${lap.key} is not the sum of its segments: ${difference}`;
  }
  return undefined;
}

function runFault(state: LedgerState): string | undefined {
  const sums = new Map<Run, BurnTotals>();
  for (const run of [...state.stints, ...state.stages, state.race]) {
    const sum = emptyTotals();
    addTotals(sum, run.closed);
    sums.set(run, sum);
  }
  for (const lap of state.laps) {
    for (const segment of lap.segments) {
      const stint = runOf(state.stints, segment.stintNumber);
      const stage = runOf(state.stages, segment.stageNumber);
      for (const run of [stint, stage, state.race]) addTotals(sums.get(run) ?? emptyTotals(), segment.totals);
    }
  }
  for (const [run, sum] of sums) {
    const difference = differenceOf(run.totals, sum);
    if (difference !== undefined)
      return `run ${run.number} from ${run.startMs} is not the sum of its segments: ${difference}`;
  }
  return (
    partsFault("stints", state.pastStints, state.stints, state.race) ??
    partsFault("stages", state.pastStages, state.stages, state.race)
  );
}

function partsFault(name: string, past: BurnTotals, runs: readonly Run[], race: Run): string | undefined {
  const sum = emptyTotals();
  addTotals(sum, past);
  for (const run of runs) addTotals(sum, run.totals);
  const difference = differenceOf(race.totals, sum);
  return difference === undefined ? undefined : `the race is not the sum of its ${name}: ${difference}`;
}
