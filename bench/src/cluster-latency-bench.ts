import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CARS_MAX } from "@burnline/contract";
import { OUT_OF_ORDERNESS_MS } from "@burnline/processor";
import { wallClock } from "@burnline/runtime";
import { BenchError } from "./bench-command.ts";
import { SAMPLES_PER_FRAME } from "./burn-windows.ts";
import { type Distribution, describeDistribution, distributionOf } from "./distribution.ts";
import { LatencyCluster, type RunCost } from "./latency-cluster.ts";
import { type LatencyHops, measureWindows, type Race } from "./latency-hops.ts";
import { type FactBalance, RaceReplay } from "./race-replay.ts";
import { makeTape, playTape, TAPE_RATE_HZ, type TapeItem } from "./race-tape.ts";
import { FactWatch, FeedWatch } from "./race-watch.ts";

export interface ClusterLatencyOptions {
  /** Measured time; what is sent before it warms everybody up. */
  readonly seconds: number;
  /** Over all races. */
  readonly cars: number;
  /** Each has streams and processes of its own; they share the servers. As few as can hold the cars when absent. */
  readonly races?: number;
  /** Of each race. */
  readonly processors: number;
  readonly warmUpSeconds: number;
  readonly profileFolder?: string;
}

export const CLUSTER_LATENCY_DEFAULTS = { seconds: 60, cars: 40, processors: 2, warmUpSeconds: 10 } as const;

/** Its own figures: from a window's end to the arrival of its first result at a gateway's subscription to the facts. */
export interface ClusterLatencyResult extends Distribution {
  readonly name: "latency";
  readonly form: "cluster";
  readonly producer: "burn-windows v1 in real time, through the ingest";
  readonly cars: number;
  readonly sampleRateHz: number;
  readonly races: number;
  readonly processorsPerRace: number;
  readonly seconds: number;
  /** What the watermark waits for disorder: a part of every latency. */
  readonly outOfOrdernessMs: number;
  /** Window end to the message that shows it at a WebSocket client of the first race's gateway. */
  readonly webSocket: Distribution;
  readonly hops: LatencyHops;
  /** Window end to the last revision that came: what the first one lacked is in it. */
  readonly lastRevision: Distribution;
  readonly windows: { readonly expected: number; readonly corrections: number };
  readonly facts: FactBalance;
  readonly frames: { readonly sent: number; readonly inLog: number; readonly thinned: number };
  readonly cost: RunCost;
  /** How late this process sent frames. */
  readonly sentLate: Distribution;
  readonly load1: number;
}

/** Sent behind the measured time, so that its last windows end as all others do. */
const TAIL_SECONDS = 3;
/** Frames are made for a car and a second in less than this; the race starts once that is done. */
const TAPE_MS_PER_CAR_SECOND = 1.5;
const START_DELAY_MS = 1_500;
/** No new fact for so long before all are there: something is broken. */
const STALLED_MS_MAX = 15_000;
const POLL_MS = 100;

const nowMs = () => wallClock.nowMs();

/** The cluster form on real servers and processes, in real time. @throws BenchError when a fact is lost or doubled */
export async function clusterLatencyBench(options: ClusterLatencyOptions): Promise<ClusterLatencyResult> {
  const races = options.races ?? Math.ceil(options.cars / CARS_MAX);
  const { processors, profileFolder } = options;
  const folder = mkdtempSync(join(tmpdir(), "burnline-latency-"));
  let cluster: LatencyCluster | undefined;
  try {
    const profile = profileFolder === undefined ? {} : { profileFolder };
    cluster = await LatencyCluster.start({ races, processors, folder, ...profile });
    return await measure(cluster, { ...options, races });
  } finally {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Run = ClusterLatencyOptions & { readonly races: number };

async function measure(cluster: LatencyCluster, run: Run): Promise<ClusterLatencyResult> {
  const { startMs, tape } = prepareTape(run);
  const fromMs = startMs + run.warmUpSeconds * 1_000;
  const span = { fromMs, untilMs: fromMs + run.seconds * 1_000 };
  const watches = await Promise.all(cluster.races.map(({ race, factLog }) => FactWatch.open(factLog, race, nowMs)));
  const feed = await FeedWatch.open(cluster.races[0]?.gateway.port ?? 0, nowMs);
  const metering = cluster.meter(span, nowMs);
  const send = ({ race, payload }: TapeItem) => cluster.send(race, payload);
  const sentMs = await playTape(tape, { nowMs, sleep, send });
  const cost = await metering;
  await cluster.stopIngests();
  const races = await Promise.all(
    cluster.races.map(async ({ race, raceLog }, index): Promise<Race> => {
      const replay = await RaceReplay.of(race, raceLog);
      const watch = watches[index];
      if (watch === undefined) throw new Error("every race is watched");
      await untilSeen(watch, replay.balance([]).expected);
      await watch.close();
      return { replay, seen: watch.seen, shown: index === 0 ? feed.shown() : new Map() };
    }),
  );
  feed.close();
  const { first, last, shown, hops, corrections } = measureWindows({ span, tape, sentMs, races });
  return {
    ...{ name: "latency", form: "cluster", producer: "burn-windows v1 in real time, through the ingest", ...first },
    ...{ cars: run.cars, sampleRateHz: TAPE_RATE_HZ, races: run.races, processorsPerRace: run.processors },
    ...{ seconds: run.seconds, outOfOrdernessMs: OUT_OF_ORDERNESS_MS, webSocket: shown, hops },
    lastRevision: last,
    windows: { expected: run.cars * run.seconds, corrections },
    facts: checkedBalance(races),
    frames: countFrames(tape, races),
    cost,
    sentLate: distributionOf(tape.map(({ dueMs }, index) => (sentMs[index] ?? dueMs) - dueMs)),
    load1: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

function prepareTape({ cars, races, seconds, warmUpSeconds }: Run): { startMs: number; tape: readonly TapeItem[] } {
  const sentSeconds = warmUpSeconds + seconds + TAIL_SECONDS;
  const makingMs = cars * sentSeconds * TAPE_MS_PER_CAR_SECOND;
  const startMs = Math.ceil((nowMs() + makingMs + START_DELAY_MS) / 1_000) * 1_000;
  const tape = makeTape({ cars, races, startMs, seconds: sentSeconds });
  if (nowMs() > startMs - START_DELAY_MS / 2)
    throw new BenchError("This machine is too busy to make the frames in time.");
  return { startMs, tape };
}

async function untilSeen(watch: FactWatch, facts: number): Promise<void> {
  let [seen, changedMs] = [0, nowMs()];
  while (watch.seen.length < facts) {
    if (watch.seen.length > seen) [seen, changedMs] = [watch.seen.length, nowMs()];
    // What is missing then is found and named by who compares.
    if (nowMs() - changedMs > STALLED_MS_MAX) return;
    await sleep(POLL_MS);
  }
}

function checkedBalance(races: readonly Race[]): FactBalance {
  const sum = { expected: 0, seenOnce: 0, seenAgain: 0, missing: 0, foreign: 0 };
  for (const { replay, seen } of races) {
    const balance = replay.balance(seen);
    for (const key of Object.keys(sum) as (keyof FactBalance)[]) sum[key] += balance[key];
  }
  if (sum.seenOnce !== sum.expected || sum.foreign > 0)
    throw new BenchError(`No figures, for facts are not exactly once: ${JSON.stringify(sum)}.`);
  return sum;
}

/** What the ingest could not take is missing in the log; what it thinned has fewer samples there. */
function countFrames(tape: readonly TapeItem[], races: readonly Race[]): ClusterLatencyResult["frames"] {
  const sent = new Set(tape.map(({ race, car, sequence }) => `${race}:${car}:${sequence}`)).size;
  const samples = races.flatMap(({ replay }) => [...replay.frames.values()]);
  return { sent, inLog: samples.length, thinned: samples.filter((count) => count < SAMPLES_PER_FRAME).length };
}

/** For people. */
export function describeClusterLatency(result: ClusterLatencyResult): string[] {
  const { cars, sampleRateHz, races, processorsPerRace, outOfOrdernessMs, hops, facts, frames, windows, cost } = result;
  const cores = Object.entries(cost.cores).map(([part, used]) => `${part} ${used}`);
  const onTheWay = [
    ["closing frame due", hops.untilDue],
    ["sent", hops.untilSent],
    ["in the race log", hops.untilLogged],
    ["in the fact log", hops.untilSaid],
    ["at the subscription", hops.untilSeen],
    ["or at the WebSocket client", hops.untilShown],
  ] as const;
  return [
    `${cars} cars at ${sampleRateHz} Hz in ${races} races with ${processorsPerRace} processors each, through the ingest; first results, ${outOfOrdernessMs} ms bound included`,
    describeDistribution("window end to the subscription", result),
    describeDistribution("window end to a WebSocket client", result.webSocket),
    describeDistribution("window end to the last revision", result.lastRevision),
    ...onTheWay.map(([name, times]) => describeDistribution(`  ${name}`, times)),
    `${facts.expected} facts expected, ${facts.seenOnce} seen once, ${facts.seenAgain} again; ${windows.corrections} corrections of ${result.samples} windows (${windows.expected} expected)`,
    `${frames.sent} frames sent, ${frames.inLog} in the log, ${frames.thinned} of them thinned`,
    describeDistribution("frames were sent late by", result.sentLate),
    `this process's loop was late by ${cost.loopDelayMs.p99} ms (p99), ${cost.loopDelayMs.max} ms at most; load average ${result.load1}`,
    `cores: ${cores.join(", ")}`,
  ];
}
