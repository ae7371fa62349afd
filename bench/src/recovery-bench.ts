import { CHAOS_DEFAULTS, type MeasuredFault, runChaos } from "@burnline/chaos";
import { BenchError } from "./bench-command.ts";

export interface RecoveryOptions {
  readonly kills: number;
  readonly processors: number;
  readonly cars: number;
  readonly seed: number;
}

export const RECOVERY_DEFAULTS: RecoveryOptions = {
  kills: 20,
  processors: CHAOS_DEFAULTS.processors,
  cars: CHAOS_DEFAULTS.cars,
  seed: 1,
};

export interface Spread {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface RecoveryResult extends RecoveryOptions {
  /** Per kill: the longest time between two commits of one partition; the 100 ms between two frames are part of it. */
  readonly gap: Spread;
  /** Per kill: the longest time from when a record was made to when it was committed. */
  readonly wait: Spread;
  /** The same time between two commits while nothing happened. */
  readonly calmGapMs: number;
  /** For so long this process itself stood still: what it measured may seem longer by as much. */
  readonly stallMsMax: number;
  readonly loadAverage: number;
  readonly gapsMs: readonly number[];
}

/** Kills one of the processors again and again, each time when as many as before share the cars evenly. */
export async function recoveryBench(
  options: RecoveryOptions,
  tell: (fault: MeasuredFault) => void = () => undefined,
): Promise<RecoveryResult> {
  const { kills, ...cluster } = options;
  const kinds = Array.from({ length: kills }, () => "kill" as const);
  const result = await runChaos({ ...CHAOS_DEFAULTS, ...cluster, minutes: 0, kinds }, tell);
  const wrong = [...result.problems, ...(result.verdict?.faults ?? [])];
  if (!result.isExact) throw new BenchError(`No figures, for the totals are not exact: ${wrong.join("; ")}`);
  const killed = result.faults.filter(({ kind }) => kind === "kill");
  const gapsMs = killed.map(({ gapMs }) => gapMs);
  return {
    ...options,
    gap: spread(gapsMs),
    wait: spread(killed.map(({ waitMs }) => waitMs)),
    calmGapMs: Math.max(...result.faults.flatMap(({ kind, gapMs }) => (kind === "calm" ? [gapMs] : []))),
    stallMsMax: Math.max(...killed.map(({ stallMs }) => stallMs)),
    loadAverage: Math.round(result.loadAverage * 10) / 10,
    gapsMs,
  };
}

export function describeRecovery({ kills, gap, wait, calmGapMs, stallMsMax, loadAverage }: RecoveryResult): string[] {
  const line = (name: string, { medianMs, p99Ms, maxMs }: Spread) =>
    `${name.padEnd(28)} median ${medianMs} ms  p99 ${p99Ms} ms  max ${maxMs} ms`;
  return [
    `${kills} times kill -9 of a processor, every total exact`,
    line("between two commits", gap),
    line("from made to committed", wait),
    `between two commits in calm  ${calmGapMs} ms; this process stood still for at most ${stallMsMax} ms; load average ${loadAverage}`,
  ];
}

/** Nearest rank. */
function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
