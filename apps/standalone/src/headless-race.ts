import { type Fact, FactSchema, fromBinary, PARTITION_COUNT, parseFactSubject } from "@burnline/contract";
import { createInference, type ResidualModel } from "@burnline/inference";
import { HeadlessIngest, type IngestCounts, type Source } from "@burnline/ingest";
import { type CarCounts, factLogSink, RaceTopology } from "@burnline/processor";
import { type Logger, MemoryEventLog, wallClock } from "@burnline/runtime";
import type { LogReader, OutboxRecord } from "@burnline/stream";

export interface HeadlessResult {
  /** Newest revision of every fact, by kind, car and key. */
  readonly facts: readonly Fact[];
  readonly ingest: IngestCounts;
  readonly carCounts: ReadonlyMap<string, Readonly<CarCounts>>;
}

const READ_RECORDS = 1_024;

/** Ingest's records between two turns of the model: a second of race time lies well within the allowed lateness. */
const RECORDS_PER_TURN = 512;

/**
 * The live chain's own parts without its clock: the same records through the same operator, with the model's answers
 * taken through the log, as fast as it goes. The numbers are those of the live chain to the microgram.
 * @throws SourceError
 */
export async function runHeadless(
  source: Source,
  model: ResidualModel | undefined,
  logger: Logger,
): Promise<HeadlessResult> {
  const raceLog = new MemoryEventLog(wallClock);
  const factLog = new MemoryEventLog(wallClock);
  const race = source.race.race;
  const inference = createInference({ factLog, raceLog, race, model, clock: wallClock, logger });
  const operators = new Operators(race, await raceLog.open({ after: 0 }), factLogSink(factLog));
  const ingest = new HeadlessIngest(source);
  let waiting = 0;
  const turn = async () => {
    waiting = 0;
    do await operators.catchUp();
    while ((await inference.step()) > 0);
  };
  for await (const appends of ingest.appends()) {
    await raceLog.append(appends);
    waiting += appends.length;
    if (waiting >= RECORDS_PER_TURN) await turn();
  }
  await turn();
  await inference.stop();
  return { facts: await newestFacts(factLog), ingest: ingest.counts, carCounts: operators.carCounts() };
}

/** One operator per partition, fed from the one log. */
class Operators {
  readonly #reader: LogReader;
  readonly #sink: ReturnType<typeof factLogSink>;
  readonly #topologies: readonly RaceTopology[];

  constructor(race: string, reader: LogReader, sink: ReturnType<typeof factLogSink>) {
    this.#reader = reader;
    this.#sink = sink;
    this.#topologies = Array.from({ length: PARTITION_COUNT }, (_, partition) => new RaceTopology(race, partition));
  }

  async catchUp(): Promise<void> {
    for (;;) {
      const records = await this.#reader.next(READ_RECORDS, 0);
      if (records.length === 0) return;
      const outbox: OutboxRecord[] = [];
      const output = { emit: (record: OutboxRecord) => outbox.push(record), live: () => undefined };
      for (const record of records) this.#topologies[record.partition]?.process(record, output);
      await this.#sink.send(outbox);
    }
  }

  carCounts(): Map<string, Readonly<CarCounts>> {
    return new Map(this.#topologies.flatMap((topology) => [...topology.carCounts()]));
  }
}

async function newestFacts(factLog: MemoryEventLog): Promise<Fact[]> {
  const newest = new Map<string, Fact>();
  const reader = await factLog.open({ after: 0 });
  for (;;) {
    const records = await reader.next(READ_RECORDS, 0);
    if (records.length === 0) return [...newest.values()];
    for (const { subject, payload } of records) {
      // Late frames lie in the same log.
      if (parseFactSubject(subject) === undefined) continue;
      const fact = fromBinary(FactSchema, payload);
      const key = fact.id.slice(0, fact.id.lastIndexOf(":"));
      if (fact.revision >= (newest.get(key)?.revision ?? 0)) newest.set(key, fact);
    }
  }
}
