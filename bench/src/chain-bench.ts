import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectNats, createLogger, openFactLog, openRaceLog } from "@burnline/runtime";
import type { EventLog } from "@burnline/stream";
import { BenchError } from "./bench-command.ts";
import { type ChainProcess, profilerFlags, startApp, startNats, startRedis } from "./chain-processes.ts";
import { checkFacts, fillRaceLog, shortRace } from "./chain-race.ts";
import { cpuSecondsOf, machineCpuSeconds } from "./process-cpu.ts";

export interface ChainBenchOptions {
  readonly processors: number;
  /** Samples in the log, at least. */
  readonly samples: number;
  readonly cars: number;
  readonly sampleRateHz: number;
  readonly seed: number;
  /** The first processor writes a profile of its CPU there. */
  readonly profileFolder?: string;
}

export const CHAIN_DEFAULTS = { processors: 2, samples: 12_000_000, cars: 40, sampleRateHz: 120, seed: 1 } as const;

export interface ChainBenchResult {
  readonly name: "chain";
  readonly processors: number;
  readonly cars: number;
  readonly sampleRateHz: number;
  readonly samples: number;
  readonly frames: number;
  readonly records: number;
  readonly facts: number;
  /** From the first processor that is ready until the last fact is durable in the fact log. */
  readonly seconds: number;
  readonly samplesPerSecond: number;
  readonly framesPerSecond: number;
  readonly cpuSeconds: {
    readonly processors: number;
    readonly nats: number;
    readonly redis: number;
    readonly total: number;
  };
  /** Servers included. */
  readonly samplesPerCpuSecond: number;
  readonly samplesPerProcessorCpuSecond: number;
  /** Cores that everything else on this machine took meanwhile. */
  readonly foreignCores: number;
  /** Every fact has the bytes of a run without servers; otherwise there is no result. */
  readonly exact: true;
  readonly burnUg: number;
}

const LIMITS = { replicas: 1, maxAgeMs: 86_400_000, maxBytes: 8 * 1024 ** 3 };
const POLL_MS = 50;
/** No new fact for so long before all are there: something is broken. */
const STALLED_MS_MAX = 20_000;

/** The whole chain out of a filled log: JetStream, processor processes, Redis, and the facts back in JetStream. */
export async function chainBench(options: ChainBenchOptions): Promise<ChainBenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "burnline-chain-"));
  const running: ChainProcess[] = [];
  const keep = <T extends ChainProcess>(process: T): T => {
    running.push(process);
    return process;
  };
  try {
    const nats = keep(await startNats(folder));
    const redis = keep(await startRedis(folder));
    const link = await connectNats({ servers: [nats.url], name: "bench" });
    try {
      const source = shortRace(options.cars, options.sampleRateHz, options.samples, options.seed);
      const { race } = source.race;
      const logger = createLogger({ service: "bench", level: "silent", format: "json" });
      const raceLog = await openRaceLog(link, race, LIMITS, logger);
      const factLog = await openFactLog(link, race, LIMITS, logger);
      const { expected, ...filled } = await fillRaceLog(source, raceLog);
      const flags = ["--race", race, "--nats", nats.url, "--redis", `${redis.url}/0`];
      const limits = ["--stream-gb", "8", "--stream-days", "1"];
      const starting = Array.from({ length: options.processors }, async (_, index) =>
        keep(
          await startApp(
            "processor",
            [...flags, ...limits],
            profilerFlags(index === 0 ? options.profileFolder : undefined),
          ),
        ),
      );
      await Promise.race(starting);
      const span = await measureSpan({ nats, redis }, starting, () =>
        untilRecords(factLog, expected.totals.records, () => Promise.all(starting)),
      );
      const { samples, burnUg, records: facts } = await checkFacts(factLog, expected);
      if (samples > filled.samples) throw new BenchError("The facts hold more samples than the log.");
      return toResult(options, { ...filled, facts, burnUg }, span);
    } finally {
      await link.close();
    }
  } finally {
    for (const process of running.reverse()) await process.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Span {
  readonly seconds: number;
  readonly cpuSeconds: { readonly processors: number; readonly nats: number; readonly redis: number };
  readonly foreignCores: number;
}

/** CPU of a processor counts from its birth: what a process takes to start is part of what it costs. */
async function measureSpan(
  servers: { nats: ChainProcess; redis: ChainProcess },
  starting: readonly Promise<ChainProcess>[],
  work: () => Promise<void>,
): Promise<Span> {
  const own = () => process.cpuUsage();
  const ownBefore = own();
  const before = { nats: cpuSecondsOf(servers.nats.pid), redis: cpuSecondsOf(servers.redis.pid) };
  const machineBefore = machineCpuSeconds();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1_000;
  const processors = await Promise.all(starting);
  const cpuSeconds = {
    processors: processors.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
    nats: cpuSecondsOf(servers.nats.pid) - before.nats,
    redis: cpuSecondsOf(servers.redis.pid) - before.redis,
  };
  const { user, system } = process.cpuUsage(ownBefore);
  const ours = cpuSeconds.processors + cpuSeconds.nats + cpuSeconds.redis + (user + system) / 1e6;
  const foreignCores = Math.max(0, machineCpuSeconds() - machineBefore - ours) / seconds;
  return { seconds, cpuSeconds, foreignCores };
}

async function untilRecords(log: EventLog, count: number, alive: () => Promise<unknown>): Promise<void> {
  await alive();
  let seen = 0;
  let changedMs = performance.now();
  for (;;) {
    const { last } = await log.bounds();
    if (last >= count) return;
    const nowMs = performance.now();
    if (last > seen) [seen, changedMs] = [last, nowMs];
    if (nowMs - changedMs > STALLED_MS_MAX)
      throw new BenchError(`The chain stands still at ${last} of ${count} facts for ${STALLED_MS_MAX / 1_000} s.`);
    await sleep(POLL_MS);
  }
}

function toResult(
  { processors, cars, sampleRateHz }: ChainBenchOptions,
  counts: { samples: number; frames: number; records: number; facts: number; burnUg: number },
  { seconds, cpuSeconds, foreignCores }: Span,
): ChainBenchResult {
  const total = cpuSeconds.processors + cpuSeconds.nats + cpuSeconds.redis;
  const rounded = (value: number) => Number(value.toFixed(2));
  const { samples, frames, records, facts, burnUg } = counts;
  return {
    name: "chain",
    ...{ processors, cars, sampleRateHz, samples, frames, records, facts },
    seconds: rounded(seconds),
    samplesPerSecond: Math.round(samples / seconds),
    framesPerSecond: Math.round(frames / seconds),
    cpuSeconds: {
      processors: rounded(cpuSeconds.processors),
      nats: rounded(cpuSeconds.nats),
      redis: rounded(cpuSeconds.redis),
      total: rounded(total),
    },
    samplesPerCpuSecond: Math.round(samples / total),
    samplesPerProcessorCpuSecond: Math.round(samples / cpuSeconds.processors),
    foreignCores: rounded(foreignCores),
    exact: true,
    burnUg,
  };
}

/** For people. */
export function describeChain(result: ChainBenchResult): string[] {
  const { processors, nats, redis } = result.cpuSeconds;
  return [
    `${(result.samplesPerSecond / 1e3).toFixed(0)} k samples/s, ${(result.framesPerSecond / 1e3).toFixed(0)} k frames/s: ${result.samples} samples in ${result.seconds} s with ${result.processors} processors`,
    `${(result.samplesPerCpuSecond / 1e3).toFixed(0)} k samples per CPU-second, servers included (${(result.samplesPerProcessorCpuSecond / 1e3).toFixed(0)} k of the processors alone)`,
    `CPU: processors ${processors} s, nats-server ${nats} s, redis-server ${redis} s; others took ${result.foreignCores} cores`,
    `exact: ${result.facts} facts with the bytes of a run without servers, ${result.burnUg} ug`,
  ];
}
