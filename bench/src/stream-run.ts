import { create, partitionOf, subjects, TickSchema, toBinary } from "@burnline/contract";
import { type EventLog, type LogAppend, PartitionRunner, RUNNER_DEFAULTS } from "@burnline/stream";
import { type BurnChecks, RowLedger } from "./burn-checks.ts";
import { BENCH_RACE, decodeRow, encodeFlag, encodeFrame } from "./burn-records.ts";
import { type Arrival, CARS } from "./burn-windows.ts";
import { BurnWindowsOperator } from "./burn-windows-operator.ts";
import type { BenchPorts } from "./stream-ports.ts";

/** Records appended to the log in one step while it is filled. */
const APPEND_RECORDS = 1_000;

/** What one run of the job took, and what came out of it. */
export interface StreamRun {
  readonly seconds: number;
  /** User and system time of the whole process, so also that of the garbage collector's threads. */
  readonly cpuSeconds: number;
  readonly checks: BurnChecks;
  readonly raceUg: number;
  readonly rows: number;
  readonly commits: number;
  /** Filling the log before the run; 0 without a log. */
  readonly appendSeconds: number;
}

/** Measures the span of a piece of work. */
export async function measure<T>(
  work: () => T | Promise<T>,
): Promise<{ value: T; seconds: number; cpuSeconds: number }> {
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const value = await work();
  const seconds = (performance.now() - startMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { value, seconds, cpuSeconds: (user + system) / 1e6 };
}

/** Frames decoded beforehand, one operator for all cars, no log, no commits: the engine's pieces alone. */
export async function runOperator(arrivals: readonly Arrival[]): Promise<StreamRun> {
  const rows = new RowLedger();
  const operator = new BurnWindowsOperator();
  const { seconds, cpuSeconds } = await measure(() => {
    const emit = rows.add.bind(rows);
    for (const arrival of arrivals) {
      if (arrival.type === "flag") operator.onFlag(arrival);
      else operator.onFrame(arrival.car, arrival.sequence, arrival.samples, emit);
    }
    operator.flush(emit);
  });
  const checks = rows.checks(operator.counts());
  return { seconds, cpuSeconds, checks, raceUg: rows.raceUg(), rows: rows.received, commits: 0, appendSeconds: 0 };
}

/** The partitions that the workload's cars belong to. */
export const PARTITIONS: readonly number[] = [
  ...new Set(Array.from({ length: CARS }, (_, index) => partitionOf(String(index + 1)))),
];

/** The arrivals as records of the race log: frames by partition, flags and the closing tick in every partition. */
export function toLogRecords(arrivals: Iterable<Arrival>): LogAppend[] {
  const records: LogAppend[] = [];
  const addToAll = (subjectOf: (partition: number) => string, payload: Uint8Array) => {
    for (const partition of PARTITIONS) records.push({ partition, subject: subjectOf(partition), payload });
  };
  for (const arrival of arrivals) {
    if (arrival.type === "flag") {
      addToAll((partition) => subjects.control(BENCH_RACE, partition, "flag"), encodeFlag(arrival));
    } else {
      const partition = partitionOf(arrival.car);
      const subject = subjects.telemetry(BENCH_RACE, partition, arrival.car);
      records.push({ partition, subject, payload: encodeFrame(arrival) });
    }
  }
  const tick = toBinary(TickSchema, create(TickSchema, { eventTimeMs: 0 }));
  addToAll((partition) => subjects.tick(BENCH_RACE, partition), tick);
  return records;
}

/**
 * The whole operator as it runs in the product: one runner per partition, frames decoded from the log, state, position and
 * outbox in one fenced commit, the outbox relayed to the fact log.
 */
export async function runPartitions(
  records: readonly LogAppend[],
  ports: BenchPorts,
  recordsPerCommit: number,
): Promise<StreamRun> {
  const filled = await measure(() => fill(ports.log, records));
  let commits = 0;
  const observer = { committed: () => void commits++ };
  const operators = new Map(PARTITIONS.map((partition) => [partition, new BurnWindowsOperator()]));
  const runOne = async ([partition, operator]: [number, BurnWindowsOperator]) => {
    const options = { ...RUNNER_DEFAULTS, partition, ownerId: "bench", recordsPerCommitMax: recordsPerCommit };
    const runner = await PartitionRunner.acquire(ports, options, operator, observer);
    if (runner === undefined) throw new Error(`partition ${partition} is held by another owner`);
    for (;;) {
      const outcome = await runner.step(0);
      if (outcome === "lost") throw new Error(`partition ${partition} was lost to another owner`);
      if (outcome === "idle") return runner.release();
    }
  };
  const { seconds, cpuSeconds } = await measure(async () => {
    await Promise.all([...operators].map(runOne));
  });
  const rows = await readRows(ports.facts);
  const counts = { frames: 0, duplicateFrames: 0, lateSamples: 0 };
  for (const operator of operators.values()) {
    const counted = operator.counts();
    counts.frames += counted.frames;
    counts.duplicateFrames += counted.duplicateFrames;
    counts.lateSamples += counted.lateSamples;
  }
  const checks = rows.checks(counts);
  const { seconds: appendSeconds } = filled;
  return { seconds, cpuSeconds, checks, raceUg: rows.raceUg(), rows: rows.received, commits, appendSeconds };
}

async function fill(log: EventLog, records: readonly LogAppend[]): Promise<void> {
  for (let from = 0; from < records.length; from += APPEND_RECORDS) {
    await log.append(records.slice(from, from + APPEND_RECORDS));
  }
}

async function readRows(facts: EventLog): Promise<RowLedger> {
  const rows = new RowLedger();
  const reader = await facts.open({ after: 0 });
  for (;;) {
    const records = await reader.next(APPEND_RECORDS, 0);
    if (records.length === 0) break;
    for (const { payload } of records) rows.add(decodeRow(payload));
  }
  await reader.close();
  return rows;
}
