import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type BurnChecks, difference, PUBLISHED } from "./burn-checks.ts";
import { type Arrival, eachArrival, inputSum, makeArrivals, SAMPLES_PER_FRAME } from "./burn-windows.ts";
import { runPlainLoop } from "./plain-loop.ts";
import { openMemoryPorts, openSqlitePorts } from "./stream-ports.ts";
import { measure, runOperator, runPartitions, type StreamRun, toLogRecords } from "./stream-run.ts";

/**
 * operator: frames decoded beforehand, nothing stored. memory, sqlite: the whole way from the log's bytes to committed
 * state and relayed facts, on these ports.
 */
export const STREAM_MODES = ["operator", "memory", "sqlite"] as const;
export type StreamMode = (typeof STREAM_MODES)[number];

export interface StreamBenchOptions {
  /** Event time of the workload. */
  readonly durationS: number;
  /** Measured runs, after those that only warm up. */
  readonly runs: number;
  readonly warmUpRuns: number;
  readonly recordsPerCommit: number;
}

export const STREAM_DEFAULTS: StreamBenchOptions = { durationS: 600, runs: 5, warmUpRuns: 2, recordsPerCommit: 500 };

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface StreamModeResult {
  readonly name: "stream";
  readonly workload: "burn-windows v1";
  readonly mode: StreamMode;
  readonly durationS: number;
  /** Medians over the runs. Samples are those offered, duplicates and late ones included. */
  readonly samplesPerSecond: number;
  readonly samplesPerCpuSecond: number;
  readonly framesPerSecond: number;
  /** Resident memory of the process after its last run, with the whole input (memory: and the whole log) in it. */
  readonly rssMiB: number;
  /** Every run gave the published totals; otherwise there is no result. */
  readonly exact: true;
  readonly spread: { readonly samplesPerSecond: Spread; readonly samplesPerCpuSecond: Spread };
  /** The same job without an engine, in this process, after the runs. */
  readonly plainLoop: { readonly samplesPerSecond: Spread; readonly samplesPerCpuSecond: Spread };
  /** CPU of the plain loop over CPU of the engine, medians: 1 = the engine costs nothing. */
  readonly plainLoopShare: number;
  readonly recordsPerCommit: number | null;
  readonly commits: number;
  readonly appendedFramesPerSecond: number | null;
  readonly runs: readonly { readonly seconds: number; readonly cpuSeconds: number }[];
}

/** One mode, in this process. Throws when a run's totals are not exact. */
export async function benchStreamMode(mode: StreamMode, options: StreamBenchOptions): Promise<StreamModeResult> {
  const { durationS, runs: runCount, warmUpRuns, recordsPerCommit } = options;
  const runOnce = jobOf(mode, durationS, recordsPerCommit);
  const runs: StreamRun[] = [];
  for (let run = 0; run < warmUpRuns + runCount; run++) runs.push(await runOnce());
  // Before the yardstick, whose decoded input must not count as the engine's memory.
  const rssMiB = Math.round(process.memoryUsage.rss() / 2 ** 20);
  const arrivals = checkedArrivals(durationS);
  const expected = runPlainLoop(arrivals);
  assertExact("the plain loop", expected, PUBLISHED[durationS] ?? expected.checks);
  for (const run of runs) assertExact(mode, run, expected.checks);
  for (let run = 0; run < warmUpRuns; run++) runPlainLoop(arrivals);
  const yardsticks = await timePlainLoop(arrivals, runCount);
  return toResult(mode, options, runs.slice(warmUpRuns), yardsticks, rssMiB);
}

/** All modes, each in a process of its own so that none runs in another's heap; at the top the figures of SQLite. */
export async function benchStream(
  options: StreamBenchOptions,
): Promise<StreamModeResult & { modes: Record<StreamMode, StreamModeResult> }> {
  const operator = await benchStreamInOwnProcess("operator", options);
  const memory = await benchStreamInOwnProcess("memory", options);
  const sqlite = await benchStreamInOwnProcess("sqlite", options);
  return { ...sqlite, modes: { operator, memory, sqlite } };
}

/** One mode in a new process, so that it does not run in another's heap. */
export async function benchStreamInOwnProcess(
  mode: StreamMode,
  options: StreamBenchOptions,
): Promise<StreamModeResult> {
  const main = new URL("./main.ts", import.meta.url).pathname;
  const flags = ["--mode", mode, "--duration", options.durationS, "--runs", options.runs];
  const more = ["--warm-up", options.warmUpRuns, "--records-per-commit", options.recordsPerCommit];
  const execute = promisify(execFile);
  const { stdout } = await execute(process.execPath, [
    ...process.execArgv,
    ...[main, "stream", "--json", ...flags, ...more].map(String),
  ]);
  return JSON.parse(stdout) as StreamModeResult;
}

function checkedArrivals(durationS: number): Arrival[] {
  const arrivals = makeArrivals(durationS);
  const publishedSum = PUBLISHED[durationS]?.inputSum;
  const sum = inputSum(arrivals);
  if (publishedSum !== undefined && sum !== publishedSum) {
    throw new Error(
      `the input of ${durationS} s sums up to ${sum}, published is ${publishedSum}: the generator differs`,
    );
  }
  return arrivals;
}

function jobOf(mode: StreamMode, durationS: number, recordsPerCommit: number): () => Promise<StreamRun> {
  if (mode === "operator") {
    const arrivals = makeArrivals(durationS);
    return () => runOperator(arrivals);
  }
  const records = toLogRecords(eachArrival(durationS));
  const openPorts = mode === "memory" ? openMemoryPorts : openSqlitePorts;
  return async () => {
    const ports = openPorts();
    try {
      return await runPartitions(records, ports, recordsPerCommit);
    } finally {
      ports.remove();
    }
  };
}

function assertExact(who: string, found: { checks: BurnChecks; raceUg: number }, expected: BurnChecks): void {
  const wrong = difference(found.checks, expected);
  if (wrong !== undefined) throw new Error(`${who} is not exact: ${wrong}`);
  const drift = Math.abs(found.raceUg - found.checks.fuelUg);
  if (drift > 1e-9 * found.checks.fuelUg) {
    throw new Error(`${who} is not exact: the cars' race totals are ${drift} ug away from the sum of their windows`);
  }
}

async function timePlainLoop(arrivals: readonly Arrival[], runs: number): Promise<StreamRunTime[]> {
  const times: StreamRunTime[] = [];
  for (let run = 0; run < runs; run++) {
    const { value, seconds, cpuSeconds } = await measure(() => runPlainLoop(arrivals));
    times.push({ seconds, cpuSeconds, checks: value.checks });
  }
  return times;
}

type StreamRunTime = Pick<StreamRun, "seconds" | "cpuSeconds" | "checks">;

function toResult(
  mode: StreamMode,
  { durationS, recordsPerCommit }: StreamBenchOptions,
  runs: readonly StreamRun[],
  yardsticks: readonly StreamRunTime[],
  rssMiB: number,
): StreamModeResult {
  const speed = speedOf(runs);
  const plainLoop = speedOf(yardsticks);
  const frames = runs[0]?.checks.frames ?? 0;
  const hasLog = mode !== "operator";
  return {
    name: "stream",
    workload: "burn-windows v1",
    mode,
    durationS,
    samplesPerSecond: speed.samplesPerSecond.median,
    samplesPerCpuSecond: speed.samplesPerCpuSecond.median,
    framesPerSecond: Math.round(speed.samplesPerSecond.median / SAMPLES_PER_FRAME),
    rssMiB,
    exact: true,
    spread: speed,
    plainLoop,
    plainLoopShare: Number((speed.samplesPerCpuSecond.median / plainLoop.samplesPerCpuSecond.median).toFixed(3)),
    recordsPerCommit: hasLog ? recordsPerCommit : null,
    commits: runs[0]?.commits ?? 0,
    appendedFramesPerSecond: hasLog ? spreadOf(runs.map((run) => frames / run.appendSeconds)).median : null,
    runs: runs.map(({ seconds, cpuSeconds }) => ({ seconds, cpuSeconds })),
  };
}

function speedOf(times: readonly StreamRunTime[]): { samplesPerSecond: Spread; samplesPerCpuSecond: Spread } {
  const samples = ({ checks }: StreamRunTime) => checks.frames * SAMPLES_PER_FRAME;
  return {
    samplesPerSecond: spreadOf(times.map((time) => samples(time) / time.seconds)),
    samplesPerCpuSecond: spreadOf(times.map((time) => samples(time) / time.cpuSeconds)),
  };
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.map(Math.round).sort((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? 0;
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) };
}

/** One line per mode for people. */
export function describeStream(result: StreamModeResult): string {
  const millions = ({ median, min, max }: Spread) =>
    `${(median / 1e6).toFixed(2)} (${(min / 1e6).toFixed(2)} .. ${(max / 1e6).toFixed(2)})`;
  const { samplesPerSecond, samplesPerCpuSecond } = result.spread;
  return [
    result.mode.padEnd(8),
    `${millions(samplesPerSecond)} M samples/s`,
    `${millions(samplesPerCpuSecond)} M per CPU-second`,
    `${Math.round(result.framesPerSecond / 1_000)} k frames/s`,
    `${Math.round(result.plainLoopShare * 100)} % of the plain loop`,
    `${result.rssMiB} MiB`,
  ].join("  ");
}
