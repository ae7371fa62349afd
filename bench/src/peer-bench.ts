import { loadavg } from "node:os";
import { buildFlink, type FlinkRun, runFlink } from "./flink-peer.ts";
import { benchStreamInOwnProcess, type Spread, STREAM_MODES, type StreamMode, spreadOf } from "./stream-bench.ts";

export interface PeerBenchOptions {
  readonly peersFolder: string;
  readonly durationS: number;
  /** Measured runs in each process, after those that warm up; the same on both sides. */
  readonly runs: number;
  readonly warmUpRuns: number;
  readonly recordsPerCommit: number;
}

/** Each side runs so often, one after the other. */
const ROUNDS = 3;

interface Speed {
  readonly samplesPerSecond: Spread;
  readonly samplesPerCpuSecond: Spread;
}

export interface PeerBenchResult {
  readonly name: "stream";
  readonly workload: "burn-windows v1";
  readonly peer: "flink";
  readonly durationS: number;
  readonly rounds: number;
  /** What exactly-once means on each side of these figures. */
  readonly guarantees: { readonly flink: string } & Readonly<Record<StreamMode, string>>;
  readonly flink: Speed;
  readonly modes: Readonly<Record<StreamMode, Speed>>;
  /** Ours over Flink's, medians over the rounds' medians: above 1 we are faster. */
  readonly ratio: Readonly<Record<StreamMode, { readonly perCpuSecond: number; readonly perSecond: number }>>;
  /** Mean number of runnable processes of the machine, 1 min: before the first and after the last round. */
  readonly load: { readonly before: number; readonly after: number };
}

const GUARANTEES = {
  flink: "frames as objects in memory; state on the heap, exactly-once checkpoint to local files every second",
  operator: "frames as objects in memory; nothing is stored: the operator alone",
  memory:
    "frames as bytes in a log; state, position and facts in one fenced commit, all in memory: lost with the process",
  sqlite: "frames as bytes in a log on disk; state, position and facts in one fenced commit on disk: exactly once",
} as const;

/** The peers' job in Flink and ours on the same machine, one after the other, alternating. */
export async function benchAgainstFlink(options: PeerBenchOptions): Promise<PeerBenchResult> {
  const folder = await buildFlink(options.peersFolder);
  const load = () => Number((loadavg()[0] ?? 0).toFixed(2));
  const before = load();
  const flink: FlinkRun[] = [];
  const ours: Record<StreamMode, FlinkSpeed[]> = { operator: [], memory: [], sqlite: [] };
  for (let round = 0; round < ROUNDS; round++) {
    flink.push(medianOf(await runFlink(folder, options)));
    for (const mode of STREAM_MODES) ours[mode].push(await benchStreamInOwnProcess(mode, options));
  }
  const flinkSpeed = speedOf(flink);
  const modes = eachMode((mode) => speedOf(ours[mode]));
  return {
    name: "stream",
    workload: "burn-windows v1",
    peer: "flink",
    durationS: options.durationS,
    rounds: ROUNDS,
    guarantees: GUARANTEES,
    flink: flinkSpeed,
    modes,
    ratio: eachMode((mode) => ({
      perCpuSecond: ratioOf(modes[mode].samplesPerCpuSecond, flinkSpeed.samplesPerCpuSecond),
      perSecond: ratioOf(modes[mode].samplesPerSecond, flinkSpeed.samplesPerSecond),
    })),
    load: { before, after: load() },
  };
}

type FlinkSpeed = Pick<FlinkRun, "samplesPerSecond" | "samplesPerCpuSecond">;

function eachMode<T>(of: (mode: StreamMode) => T): Record<StreamMode, T> {
  return { operator: of("operator"), memory: of("memory"), sqlite: of("sqlite") };
}

function medianOf(runs: readonly FlinkRun[]): FlinkRun {
  const median = (pick: (run: FlinkRun) => number) => runs.map(pick).sort((a, b) => a - b)[runs.length >> 1] ?? 0;
  return {
    samplesPerSecond: median((run) => run.samplesPerSecond),
    samplesPerCpuSecond: median((run) => run.samplesPerCpuSecond),
    foreignCores: median((run) => run.foreignCores),
    checkpoints: median((run) => run.checkpoints),
  };
}

function speedOf(rounds: readonly FlinkSpeed[]): Speed {
  return {
    samplesPerSecond: spreadOf(rounds.map((round) => round.samplesPerSecond)),
    samplesPerCpuSecond: spreadOf(rounds.map((round) => round.samplesPerCpuSecond)),
  };
}

function ratioOf(ours: Spread, theirs: Spread): number {
  return Number((ours.median / theirs.median).toFixed(2));
}

/** For people. */
export function describePeers(result: PeerBenchResult): string[] {
  const millions = ({ median, min, max }: Spread) =>
    `${(median / 1e6).toFixed(2)} (${(min / 1e6).toFixed(2)} .. ${(max / 1e6).toFixed(2)})`;
  const line = (name: string, { samplesPerSecond, samplesPerCpuSecond }: Speed, rest: string) =>
    `${name.padEnd(8)}  ${millions(samplesPerSecond)} M samples/s  ${millions(samplesPerCpuSecond)} M per CPU-second  ${rest}`;
  return [
    line("flink", result.flink, ""),
    ...STREAM_MODES.map((mode) => {
      const { perSecond, perCpuSecond } = result.ratio[mode];
      return line(mode, result.modes[mode], `${perCpuSecond} times Flink per CPU-second, ${perSecond} per second`);
    }),
    ...Object.entries(result.guarantees).map(([name, guarantee]) => `${name}: ${guarantee}`),
    `load of the machine ${result.load.before} before, ${result.load.after} after`,
  ];
}
