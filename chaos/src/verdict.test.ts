import { FactSchema, fromBinary, PARTITION_COUNT, toBinary } from "@burnline/contract";
import { factLogSink, RaceTopology } from "@burnline/processor";
import { MemoryEventLog, MemoryLiveChannel, MemorySnapshotStore, MemoryStateStore } from "@burnline/runtime";
import { instead, StepClock } from "@burnline/std";
import {
  type EventLog,
  type LogAppend,
  type LogReader,
  type LogRecord,
  PartitionRunner,
  RUNNER_DEFAULTS,
  type RunnerPorts,
} from "@burnline/stream";
import { expect, test } from "vitest";
import { RaceGenerator } from "./race-generator.ts";
import { judge } from "./verdict.ts";

const START_MS = 1_750_000_000_000;
const RACE = "chaos";

interface Played {
  readonly generator: RaceGenerator;
  readonly ports: RunnerPorts;
  readonly raceLog: MemoryEventLog;
  readonly factLog: MemoryEventLog;
}

/** A generated race on memory ports, with the fault that `spoil` brings in on the way to the log. */
async function play(seconds: number, spoil: (records: readonly LogAppend[]) => readonly LogAppend[]): Promise<Played> {
  const clock = new StepClock(START_MS);
  const raceLog = new MemoryEventLog(clock);
  const factLog = new MemoryEventLog(clock);
  const ports: RunnerPorts = {
    ...{ log: raceLog, clock, live: new MemoryLiveChannel(), snapshots: new MemorySnapshotStore() },
    ...{ state: new MemoryStateStore(clock), sink: factLogSink(factLog) },
  };
  const endMs = START_MS + seconds * 1_000;
  const generator = new RaceGenerator({ race: RACE, cars: 6, seed: 7, startMs: START_MS, endMs });
  await raceLog.append(generator.opening());
  while (clock.nowMs() < endMs) {
    clock.advance(100);
    if (clock.nowMs() === START_MS + 20_000) generator.setStorm(true);
    if (clock.nowMs() === START_MS + 30_000) generator.setStorm(false);
    await raceLog.append(spoil(generator.next(clock.nowMs()) ?? []));
  }
  await raceLog.append([...generator.drain(), ...[1, 2, 3, 4].flatMap(() => generator.tick())]);
  return { generator, ports, raceLog, factLog };
}

async function runAll({ ports }: Played): Promise<void> {
  for (let partition = 0; partition < PARTITION_COUNT; partition++) {
    const options = { ...RUNNER_DEFAULTS, partition, ownerId: "a" };
    const runner = await PartitionRunner.acquire(ports, options, new RaceTopology(RACE, partition));
    while ((await runner?.step(0)) === "progress");
    await runner?.release();
  }
}

function judgePlayed({ generator, ports, raceLog, factLog }: Played) {
  return judge({ race: RACE, truth: generator.truth, raceLog, factLog, state: ports.state });
}

test("a race that nothing happens to is exact: windows, laps, stints, late samples, duplicates, state", async () => {
  const played = await play(75, (records) => records);
  await runAll(played);
  const verdict = await judgePlayed(played);
  expect(verdict.faults).toEqual([]);
  expect(verdict).toMatchObject({ isExact: true, cars: 6, frames: 6 * 750 });
  expect(verdict.duplicatesSeen).toBeGreaterThan(200);
  expect(verdict.duplicatesRemoved).toBe(verdict.duplicatesSeen);
  expect(verdict.lateSamples).toBeGreaterThan(100);
  expect(verdict.laps).toBeGreaterThan(6 * 3);
});

test("a frame that got lost on its way to the log is found missing", async () => {
  let index = 0;
  const played = await play(10, (records) => records.filter(() => ++index !== 900));
  await runAll(played);
  const { isExact, faults } = await judgePlayed(played);
  expect(isExact).toBe(false);
  expect(faults[0]).toMatch(/1 frames that were acknowledged are not in the log/);
});

test("a record that the processors skipped is found in window, lap and stint", async () => {
  const played = await play(30, (records) => records);
  const { log } = played.ports;
  let isSkipped = false;
  const isVictim = ({ subject }: LogRecord) => subject.includes(".tel.") && !isSkipped;
  const skipping = instead<EventLog>(log, {
    open: async (options) => {
      const reader = await log.open(options);
      const next: LogReader["next"] = async (maxRecords, waitMs) => {
        const records = await reader.next(maxRecords, waitMs);
        const victim = records.find(isVictim);
        isSkipped ||= victim !== undefined;
        return records.filter((record) => record !== victim);
      };
      return { next, close: () => reader.close() };
    },
  });
  await runAll({ ...played, ports: { ...played.ports, log: skipping } });
  const { isExact, faults } = await judgePlayed(played);
  expect(isExact).toBe(false);
  for (const what of [/window of car/, /lap of car/, /the stints of car/, /I5/]) {
    expect(
      faults.some((fault) => what.test(fault)),
      String(what),
    ).toBe(true);
  }
});

test("a window that was said again with more in it is found", async () => {
  const played = await play(10, (records) => records);
  await runAll(played);
  const window = await played.factLog.newest(0, "fact.chaos.window.");
  const fact = fromBinary(FactSchema, window!.payload);
  fact.revision += 1;
  fact.id = fact.id.replace(/\d+$/, String(fact.revision));
  if (fact.body.case === "burnWindow") fact.body.value.burnUg *= 2;
  const payload = toBinary(FactSchema, fact);
  await played.factLog.append([{ partition: 0, subject: window!.subject, payload }]);
  const { faults } = await judgePlayed(played);
  expect(faults).toHaveLength(2);
  expect(faults.join()).toMatch(/should not have been said/);
  expect(faults.join()).toMatch(/µg instead of/);
});

test("a log that hands out its records slowly is read to its end: nothing is called missing", async () => {
  const played = await play(10, (records) => records);
  await runAll(played);
  const slow = instead<EventLog>(played.factLog, {
    open: async (options: Parameters<EventLog["open"]>[0]) => {
      const reader = await played.factLog.open(options);
      const next: LogReader["next"] = async (maxRecords, waitMs) => (waitMs > 0 ? [] : reader.next(maxRecords, waitMs));
      return { next, close: () => reader.close() };
    },
  });
  const { generator, ports, raceLog } = played;
  const { faults } = await judge({ race: RACE, truth: generator.truth, raceLog, factLog: slow, state: ports.state });
  expect(faults).toEqual([]);
});
