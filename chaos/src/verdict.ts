import { PARTITION_COUNT } from "@burnline/contract";
import { RaceTopology } from "@burnline/processor";
import type { EventLog, LogRecord, StateStore } from "@burnline/stream";
import { type BurnSum, type ExpectedCar, ExpectedTotals } from "./expected-totals.ts";
import { FactTotals, type SaidCar } from "./fact-totals.ts";
import type { RaceTruth } from "./race-truth.ts";
import { UninterruptedRun } from "./uninterrupted-run.ts";

const READ_RECORDS = 2_000;
/** Of a difference so much is shown. */
const EXCERPT_BYTES = 120;
const LEASE_MS = 30_000;
/** Faults that are told in full; the others are only counted. */
const FAULTS_TOLD_MAX = 20;

export interface VerdictInput {
  readonly race: string;
  readonly truth: RaceTruth;
  readonly raceLog: EventLog;
  readonly factLog: EventLog;
  readonly state: StateStore;
}

export interface Verdict {
  readonly isExact: boolean;
  /** One sentence each; at most FAULTS_TOLD_MAX and one on how many more there are. */
  readonly faults: readonly string[];
  readonly cars: number;
  readonly frames: number;
  readonly samples: number;
  readonly burnUg: number;
  readonly windows: number;
  readonly laps: number;
  readonly lateSamples: number;
  /** Copies of frames in the log, and those that the processors took out. */
  readonly duplicatesSeen: number;
  readonly duplicatesRemoved: number;
  readonly facts: number;
  readonly factsRepeated: number;
}

/**
 * Compares, after everything has come to rest: the generator's truth with the facts, the facts with those of an
 * uninterrupted run over the same log, and the state in the store with the state of that run, byte for byte.
 */
export async function judge(input: VerdictInput): Promise<Verdict> {
  const expected = new ExpectedTotals(input.truth);
  const run = new UninterruptedRun(input.race);
  await readAll(input.raceLog, (record) => {
    expected.onRecord(record);
    run.onRecord(record);
  });
  const said = new FactTotals();
  await readAll(input.factLog, (record) => said.onRecord(record));
  const stored = await compareState(input, run);
  const faults = [...said.faults, ...run.invariantFaults(), ...stored.faults, ...compareOutputs(said, run)];
  const missing = expected.missingFrames();
  if (missing > 0) faults.push(`${missing} frames that were acknowledged are not in the log`);
  if (expected.strangers > 0) faults.push(`the log holds ${expected.strangers} frames that nobody sent`);
  const sum = (pick: (car: ExpectedCar) => number) =>
    [...expected.cars.values()].reduce((total, car) => total + pick(car), 0);
  for (const [car, totals] of expected.cars) faults.push(...compareCar(car, totals, said.car(car)));
  const duplicatesSeen = sum(({ duplicateFrames }) => duplicateFrames);
  if (stored.duplicateFrames !== duplicatesSeen)
    faults.push(`${stored.duplicateFrames} duplicates were taken out of ${duplicatesSeen}`);
  return {
    ...{ isExact: faults.length === 0, faults: told(faults), cars: expected.cars.size },
    ...{ frames: sum(({ seen }) => seen.size), samples: sum(({ total }) => total.samples) },
    ...{ burnUg: sum(({ total }) => total.burnUg), windows: sum(({ windows }) => windows.size) },
    ...{ laps: sum(({ laps }) => laps.size), lateSamples: sum(({ lateSamples }) => lateSamples) },
    ...{ duplicatesSeen, duplicatesRemoved: stored.duplicateFrames },
    ...{ facts: said.facts, factsRepeated: said.repeated },
  };
}

async function readAll(log: EventLog, onRecord: (record: LogRecord) => void): Promise<void> {
  const { last } = await log.bounds();
  const reader = await log.open({ after: 0 });
  for (let position = 0; position < last; ) {
    // Without a wait: what a log is slow to hand out (over a tunnel, after its server came back) is not missing from it.
    const records = await reader.next(READ_RECORDS, 0);
    if (records.length === 0) break;
    for (const record of records) onRecord(record);
    position = records.at(-1)?.position ?? position;
  }
  await reader.close();
}

/** I2, I3, I4 for one car, against the generator's numbers. */
function compareCar(car: string, expected: ExpectedCar, said: SaidCar): string[] {
  const faults = compareSums(`window of car ${car}`, expected.windows, said.windows);
  // The lap that runs when the race ends is never said.
  const running = Math.max(...expected.laps.keys());
  const completed = new Map([...expected.laps].filter(([lapNumber]) => lapNumber !== running));
  faults.push(...compareSums(`lap of car ${car}`, completed, said.laps));
  for (const [kind, sums] of [["stints", said.stints] as const, ["stages", said.stages] as const]) {
    faults.push(...compareSum(`the ${kind} of car ${car}`, expected.total, addUp(sums.values())));
  }
  const late = [...said.late.values()].reduce((total, samples) => total + samples, 0);
  if (late !== expected.lateSamples)
    faults.push(`car ${car} has ${late} samples on the late subject instead of ${expected.lateSamples}`);
  return faults;
}

function compareSums(what: string, expected: ReadonlyMap<number, BurnSum>, said: ReadonlyMap<number, BurnSum>) {
  const faults: string[] = [];
  for (const [key, sum] of expected) {
    const found = said.get(key);
    faults.push(
      ...(found === undefined ? [`${what} at ${key} was never said`] : compareSum(`${what} at ${key}`, sum, found)),
    );
  }
  for (const key of said.keys()) if (!expected.has(key)) faults.push(`${what} at ${key} should not be`);
  return faults;
}

function compareSum(what: string, expected: BurnSum, found: BurnSum): string[] {
  if (found.samples === expected.samples && found.burnUg === expected.burnUg) return [];
  return [
    `${what}: ${found.samples} samples and ${found.burnUg} µg instead of ${expected.samples} and ${expected.burnUg}`,
  ];
}

function addUp(sums: Iterable<BurnSum>): BurnSum {
  const total = { samples: 0, burnUg: 0 };
  for (const { samples, burnUg } of sums) {
    total.samples += samples;
    total.burnUg += burnUg;
  }
  return total;
}

/** I5, I6: what was said has the ids and the bytes of the uninterrupted run. */
function compareOutputs(said: FactTotals, run: UninterruptedRun): string[] {
  const faults: string[] = [];
  for (const [id, digest] of run.digests) {
    const found = said.digests.get(id);
    if (found === undefined) faults.push(`${id} was never said`);
    else if (found !== digest) faults.push(`I5: ${id} differs from the uninterrupted run`);
  }
  for (const id of said.digests.keys()) if (!run.digests.has(id)) faults.push(`I5: ${id} should not have been said`);
  return faults;
}

/** Where two texts part, with what follows there. */
function where(expected: Uint8Array, found: Uint8Array | undefined): string {
  if (found === undefined) return ": it is not there";
  const at = expected.findIndex((byte, index) => byte !== found[index]);
  const from = Math.max(0, (at === -1 ? expected.length : at) - EXCERPT_BYTES / 4);
  const excerpt = (bytes: Uint8Array) => Buffer.from(bytes.subarray(from, from + EXCERPT_BYTES)).toString();
  return ` from byte ${from} on: ${excerpt(found)} instead of ${excerpt(expected)}`;
}

/** I5, I7: position and state in the store are those of the uninterrupted run. */
async function compareState({ race, state }: VerdictInput, run: UninterruptedRun) {
  const faults: string[] = [];
  let duplicateFrames = 0;
  for (let partition = 0; partition < PARTITION_COUNT; partition++) {
    const lease = await state.acquire(partition, "inspector", LEASE_MS);
    if (lease === undefined) {
      faults.push(`partition ${partition} was not given back`);
      continue;
    }
    const stored = await state.load(lease);
    await state.release(lease);
    const position = run.position(partition);
    if (stored?.position !== position) {
      faults.push(`I7: partition ${partition} is at ${stored?.position} and not at ${position}`);
      continue;
    }
    const expected = run.entries(partition);
    for (const [key, bytes] of expected) {
      const found = stored.entries.get(key);
      if (found === undefined || !Buffer.from(bytes).equals(found))
        faults.push(`I5: ${key} of partition ${partition} differs from the uninterrupted run${where(bytes, found)}`);
    }
    if (expected.size !== stored.entries.size) faults.push(`I5: partition ${partition} holds other keys`);
    const topology = new RaceTopology(race, partition);
    topology.restore(stored.entries);
    for (const counts of topology.carCounts().values()) duplicateFrames += counts.duplicateFrames;
  }
  return { faults, duplicateFrames };
}

function told(faults: readonly string[]): readonly string[] {
  if (faults.length <= FAULTS_TOLD_MAX) return faults;
  return [...faults.slice(0, FAULTS_TOLD_MAX), `and ${faults.length - FAULTS_TOLD_MAX} more`];
}
