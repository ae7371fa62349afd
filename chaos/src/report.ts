import type { ChaosResult, MeasuredFault, MeasuredKind } from "./chaos-run.ts";
import { STANDSTILL_MS_MAX, standstillMs } from "./limits.ts";

/** Shorter ones do not matter beside what is measured. */
const STALL_TOLD_MS = 50;

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface KindFigures {
  readonly kind: MeasuredKind;
  readonly count: number;
  readonly gapMs: Percentiles;
  readonly waitMs: Percentiles;
  /** Between two commits although something waited. */
  readonly stoodMs: Percentiles;
  readonly fenced: number;
}

/** One line per fault, while the run goes on. */
export function faultLine(fault: MeasuredFault): string {
  const { kind, atMs, gapMs, partition, waitMs, stallMs, settledMs, fenced, conflicts, lostRenewals, failures, note } =
    fault;
  const counts: [number, string][] = [
    [fenced, "rejected"],
    [conflicts, "conflicts"],
    [lostRenewals, "lost at renewal"],
    [failures, "restarted after an error"],
  ];
  if (stallMs >= STALL_TOLD_MS) counts.push([stallMs, "ms this process stood still"]);
  const told = counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  const head = `${(atMs / 1_000).toFixed(1).padStart(6)} s  ${kind.padEnd(18)} gap ${String(gapMs).padStart(5)} ms  wait ${String(waitMs).padStart(5)} ms`;
  const rest = [
    `partition ${String(partition).padStart(2)}`,
    `settled after ${settledMs} ms`,
    ...told,
    ...(note === "" ? [] : [note]),
  ];
  return `${head}  ${rest.join("  ")}`;
}

/** Percentiles over the faults of each kind, in the order in which the kinds first came. */
export function figuresByKind(faults: readonly MeasuredFault[]): readonly KindFigures[] {
  return [...Map.groupBy(faults, ({ kind }) => kind)].map(([kind, measured]) => ({
    ...{ kind, count: measured.length },
    gapMs: percentiles(measured.map(({ gapMs }) => gapMs)),
    waitMs: percentiles(measured.map(({ waitMs }) => waitMs)),
    stoodMs: percentiles(measured.map(standstillMs)),
    fenced: measured.reduce((sum, { fenced }) => sum + fenced, 0),
  }));
}

/** The table and the verdict, when the run is over. */
export function summaryLines(result: ChaosResult): readonly string[] {
  const { verdict, problems } = result;
  const column = (value: string | number) => String(value).padStart(7);
  const rows = figuresByKind(result.faults).map(({ kind, count, gapMs, waitMs, stoodMs, fenced }) => {
    const { p50, p99, max } = stoodMs;
    const limit = STANDSTILL_MS_MAX[kind] ?? "";
    const values = [count, gapMs.p99, gapMs.max, waitMs.p99, waitMs.max, p50, p99, max, limit, fenced];
    return kind.padEnd(18) + values.map(column).join("");
  });
  const heads = ["count", "p99", "max", "p99", "max", "p50", "p99", "max", "limit", "fenced"];
  const lines = [
    "",
    `${" ".repeat(25)}   two commits    to committed           stood still`,
    `${"ms".padEnd(18)}${heads.map((head) => ` ${head.padStart(6)}`).join("")}`,
    ...rows,
    "",
  ];
  if (verdict !== undefined) {
    const { cars, frames, samples, burnUg, windows, laps, lateSamples, duplicatesSeen, duplicatesRemoved } = verdict;
    lines.push(
      `${result.seconds} s, ${cars} cars, ${frames} frames, ${samples} samples, ${burnUg} µg, ${windows} windows, ${laps} laps`,
      `duplicates ${duplicatesSeen} seen, ${duplicatesRemoved} removed by the processors; ${result.sameIdsSent} sent again under the same id`,
      `late samples ${lateSamples}; facts ${verdict.facts}, of these ${verdict.factsRepeated} stored again`,
    );
  }
  lines.push(
    `appends of the feed: longest ${result.appendMsMax} ms, ${result.feedFailures} failed and sent again; this process stood still for at most ${Math.max(0, ...result.faults.map(({ stallMs }) => stallMs))} ms; load average ${result.loadAverage.toFixed(1)}`,
    ...(verdict?.faults ?? []).map((fault) => `WRONG  ${fault}`),
    ...problems.map((problem) => `PROBLEM  ${problem}`),
    ...result.brokenLimits.map((limit) => `OVER  ${limit}`),
    `${result.isExact ? "every total is exact" : "NOT EXACT"}; ${result.brokenLimits.length === 0 ? "no limit was broken" : "LIMITS BROKEN"}`,
  );
  return lines;
}

/** Nearest rank. */
function percentiles(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
