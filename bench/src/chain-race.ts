import { FactSchema, fromBinary, PARTITION_COUNT, parseFactSubject } from "@burnline/contract";
import { createSimSource, HeadlessIngest, type Source, type SourceItem } from "@burnline/ingest";
import { RaceTopology } from "@burnline/processor";
import type { EventLog, LogAppend } from "@burnline/stream";
import { BenchError } from "./bench-command.ts";

/** Records appended in one step while the log is filled; several steps are on their way. */
const APPEND_RECORDS = 2_000;
const APPENDS_ON_THE_WAY = 4;
const READ_RECORDS = 2_000;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** What the facts of a race come to. */
export interface FactTotals {
  /** In the newest revision of every window. */
  readonly samples: number;
  readonly burnUg: number;
  /** Records of the fact log, late frames included. */
  readonly records: number;
}

/** What has to come out of the log that was filled: the operator's own answers, without servers between. */
export interface ExpectedFacts {
  readonly totals: FactTotals;
  /** Of every record by subject and bytes. */
  readonly digests: ReadonlyMap<string, number>;
}

/** A simulated race that ends after so many samples. */
export function shortRace(cars: number, sampleRateHz: number, samples: number, seed: number): Source {
  // More laps than any number of samples needs that fits on a disk.
  const source = createSimSource({ cars, sampleRateHz, seed, laps: 2_000 });
  return { ...source, items: () => firstSamples(source, samples) };
}

async function* firstSamples(source: Source, samples: number): AsyncGenerator<SourceItem> {
  let left = samples;
  for await (const item of source.items()) {
    if (item.type === "frame") left -= item.frame.offsetMs.length;
    yield item;
    if (left <= 0) return;
  }
}

/** Fills the race log with what ingest makes of the source, and runs the operators over the same records headless. */
export async function fillRaceLog(
  source: Source,
  log: EventLog,
): Promise<{ expected: ExpectedFacts; samples: number; frames: number; records: number }> {
  const ingest = new HeadlessIngest(source);
  const reckoner = new Reckoner(source.race.race);
  const onTheWay: Promise<unknown>[] = [];
  let batch: LogAppend[] = [];
  let records = 0;
  const send = async () => {
    if (onTheWay.length >= APPENDS_ON_THE_WAY) await onTheWay.shift();
    onTheWay.push(log.append(batch));
    records += batch.length;
    batch = [];
  };
  for await (const appends of ingest.appends()) {
    for (const append of appends) {
      reckoner.process(append, records + batch.length + 1);
      batch.push(append);
    }
    if (batch.length >= APPEND_RECORDS) await send();
  }
  await send();
  await Promise.all(onTheWay);
  const { samples, frames } = reckoner.admitted();
  return { expected: reckoner.expected(), samples, frames, records };
}

class Reckoner {
  readonly #book = new FactBook();
  readonly #topologies: readonly RaceTopology[];

  constructor(race: string) {
    this.#topologies = Array.from({ length: PARTITION_COUNT }, (_, partition) => new RaceTopology(race, partition));
  }

  process({ partition, subject, payload }: LogAppend, position: number): void {
    this.#topologies[partition]?.process(
      { position, partition, subject, payload, appendedAtMs: 0 },
      { emit: (fact) => this.#book.add(fact.subject, fact.payload), live: () => undefined },
    );
  }

  /** Everything that was in the log; the second copy of a frame brings no further samples. */
  admitted(): { samples: number; frames: number } {
    let [samples, frames] = [0, 0];
    for (const topology of this.#topologies) {
      for (const counts of topology.carCounts().values()) {
        samples += counts.samples;
        frames += counts.frames;
      }
    }
    return { samples, frames };
  }

  expected(): ExpectedFacts {
    return { totals: this.#book.totals(), digests: this.#book.digests };
  }
}

/** Reads all facts of a log. @throws BenchError at the first that differs from what had to come. */
export async function checkFacts(log: EventLog, expected: ExpectedFacts): Promise<FactTotals> {
  const book = new FactBook();
  const reader = await log.open({ after: 0 });
  for (;;) {
    const records = await reader.next(READ_RECORDS, 0);
    if (records.length === 0) break;
    for (const { subject, payload } of records) book.add(subject, payload);
  }
  await reader.close();
  for (const [key, count] of expected.digests) {
    const found = book.digests.get(key) ?? 0;
    if (found !== count)
      throw new BenchError(`The chain is not exact: ${key} came ${found} times instead of ${count}.`);
  }
  const totals = book.totals();
  const { samples, burnUg, records } = expected.totals;
  if (totals.samples !== samples || totals.burnUg !== burnUg || totals.records !== records) {
    throw new BenchError(
      `The chain is not exact: ${JSON.stringify(totals)} instead of ${JSON.stringify(expected.totals)}.`,
    );
  }
  return totals;
}

/** Counts facts by content, and adds up the newest revision of each window. */
class FactBook {
  /** Subject and hash of the bytes → how often. */
  readonly digests = new Map<string, number>();
  readonly #windows = new Map<string, { revision: number; samples: number; burnUg: number }>();
  #records = 0;

  add(subject: string, payload: Uint8Array): void {
    this.#records++;
    const digest = factDigest(subject, payload);
    this.digests.set(digest, (this.digests.get(digest) ?? 0) + 1);
    if (parseFactSubject(subject)?.kind !== "window") return;
    const { car, revision, body } = fromBinary(FactSchema, payload);
    if (body.case !== "burnWindow") return;
    const { startMs, samples, burnUg } = body.value;
    const key = `${car}:${startMs}`;
    if (revision >= (this.#windows.get(key)?.revision ?? 0)) this.#windows.set(key, { revision, samples, burnUg });
  }

  totals(): FactTotals {
    let [samples, burnUg] = [0, 0];
    for (const window of this.#windows.values()) {
      samples += window.samples;
      burnUg += window.burnUg;
    }
    return { samples, burnUg, records: this.#records };
  }
}

/** The same for two facts of the same bytes. */
export function factDigest(subject: string, payload: Uint8Array): string {
  let sum = FNV_OFFSET;
  for (const byte of payload) sum = Math.imul(sum ^ byte, FNV_PRIME);
  return `${subject} ${(sum >>> 0).toString(36)}`;
}
