import { RaceTopology } from "@burnline/processor";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { LogAppend } from "@burnline/stream";
import { beforeAll, describe, expect, test } from "vitest";
import { BenchError } from "./bench-command.ts";
import { checkFacts, type ExpectedFacts, fillRaceLog, shortRace } from "./chain-race.ts";

const SAMPLES = 40_000;
const CARS = 4;
const clock = new StepClock(0);
const source = shortRace(CARS, 60, SAMPLES, 7);

let expected: ExpectedFacts;
let filledSamples: number;
let facts: LogAppend[];

beforeAll(async () => {
  const raceLog = new MemoryEventLog(clock);
  const filled = await fillRaceLog(source, raceLog);
  expected = filled.expected;
  filledSamples = filled.samples;
  facts = await factsOf(raceLog);
});

async function factsOf(raceLog: MemoryEventLog): Promise<LogAppend[]> {
  const sent: LogAppend[] = [];
  const topologies = new Map<number, RaceTopology>();
  const reader = await raceLog.open({ after: 0 });
  for (;;) {
    const records = await reader.next(1_000, 0);
    if (records.length === 0) return sent;
    for (const record of records) {
      const topology = topologies.get(record.partition) ?? new RaceTopology(source.race.race, record.partition);
      topologies.set(record.partition, topology);
      const emit = ({ id, subject, payload }: { id: string; subject: string; payload: Uint8Array }) =>
        sent.push({ partition: 0, subject, payload, messageId: id });
      topology.process(record, { emit, live: () => undefined });
    }
  }
}

async function check(appends: readonly LogAppend[]) {
  const log = new MemoryEventLog(clock);
  await log.append(appends);
  return checkFacts(log, expected);
}

describe("the race of the chain benchmark", () => {
  test("has the samples that were asked for, all but those that the radio lost", () => {
    expect(filledSamples).toBeGreaterThan(SAMPLES * 0.98);
    expect(filledSamples).toBeLessThanOrEqual(SAMPLES + 64);
  });

  test("is exact when its facts are those of the operator", async () => {
    const totals = await check(facts);
    expect(totals).toEqual(expected.totals);
    expect(totals.records).toBe(facts.length);
    expect(totals.samples).toBeGreaterThan(filledSamples * 0.98);
    expect(totals.burnUg).toBeGreaterThan(0);
  });

  test.each<[string, (appends: LogAppend[]) => LogAppend[]]>([
    ["lost", (appends) => appends.slice(1)],
    ["doubled", (appends) => [...appends, { ...appends[0]!, messageId: "another" }]],
    [
      "changed in one byte",
      (appends) => appends.map((fact, at) => (at === 9 ? { ...fact, payload: fact.payload.with(-1, 250) } : fact)),
    ],
  ])("is not exact when a fact was %s", async (_, damage) => {
    await expect(check(damage(facts))).rejects.toThrow(BenchError);
  });
});
