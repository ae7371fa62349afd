import {
  decodeFrame,
  FactSchema,
  fromBinary,
  PARTITION_COUNT,
  parseFactSubject,
  parseRaceSubject,
} from "@burnline/contract";
import { RaceTopology } from "@burnline/processor";
import type { EventLog, LogRecord, OutboxRecord } from "@burnline/stream";
import { factDigest } from "./chain-race.ts";

const READ_RECORDS = 2_000;

/** A revision of a window as it has to be, and the record of the log upon which it could be said. */
export interface WindowResult {
  readonly car: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly revision: number;
  readonly digest: string;
  /** When the log took that record, and the frame's sequence when it was a frame of the car. */
  readonly loggedMs: number;
  readonly sequence: number | undefined;
}

/** A fact as a subscriber saw it. */
export interface SeenFact {
  readonly subject: string;
  readonly payload: Uint8Array;
  /** When the fact log took it. */
  readonly saidMs: number;
  readonly seenMs: number;
}

/** How facts that were seen compare with those that had to be. */
export interface FactBalance {
  readonly expected: number;
  readonly seenOnce: number;
  readonly seenAgain: number;
  readonly missing: number;
  /** Seen with other bytes than any expected fact has. */
  readonly foreign: number;
}

/** One operator per partition over the whole race log without a cut: what has to come out of it, and upon what. */
export class RaceReplay {
  /** In the order in which they are said: of one window by revision. */
  readonly windows: WindowResult[] = [];
  /** Samples that the log holds of each frame, by car and sequence. */
  readonly frames = new Map<string, number>();
  readonly #topologies: readonly RaceTopology[];
  readonly #digests = new Set<string>();

  constructor(race: string) {
    this.#topologies = Array.from({ length: PARTITION_COUNT }, (_, partition) => new RaceTopology(race, partition));
  }

  static async of(race: string, log: EventLog): Promise<RaceReplay> {
    const replay = new RaceReplay(race);
    const reader = await log.open({ after: 0 });
    for (;;) {
      const records = await reader.next(READ_RECORDS, 0);
      if (records.length === 0) break;
      for (const record of records) replay.#onRecord(record);
    }
    await reader.close();
    return replay;
  }

  balance(seen: readonly SeenFact[]): FactBalance {
    const times = new Map<string, number>();
    for (const { subject, payload } of seen) {
      const digest = factDigest(subject, payload);
      times.set(digest, (times.get(digest) ?? 0) + 1);
    }
    let [seenOnce, seenAgain] = [0, 0];
    for (const digest of this.#digests) {
      const count = times.get(digest) ?? 0;
      if (count === 1) seenOnce++;
      else if (count > 1) seenAgain += count - 1;
    }
    const expected = this.#digests.size;
    const known = [...times.keys()].filter((digest) => this.#digests.has(digest)).length;
    return { expected, seenOnce, seenAgain, missing: expected - known, foreign: times.size - known };
  }

  #onRecord(record: LogRecord): void {
    const frame = parseRaceSubject(record.subject)?.kind === "tel" ? decodeFrame(record.payload) : undefined;
    const sequence = frame?.ok === true ? frame.value.sourceSequence : undefined;
    if (frame?.ok === true) {
      this.frames.set(`${frame.value.car}:${frame.value.sourceSequence}`, frame.value.offsetMs.length);
    }
    const emit = (fact: OutboxRecord) => this.#onFact(fact, record.appendedAtMs, sequence);
    this.#topologies[record.partition]?.process(record, { emit, live: () => undefined });
  }

  #onFact({ subject, payload }: OutboxRecord, loggedMs: number, sequence: number | undefined): void {
    const kind = parseFactSubject(subject)?.kind;
    // Late frames go to a subject of their own, which no gateway hears.
    if (kind === undefined) return;
    const digest = factDigest(subject, payload);
    this.#digests.add(digest);
    if (kind !== "window") return;
    const { car, revision, body } = fromBinary(FactSchema, payload);
    if (body.case !== "burnWindow") return;
    const { startMs, endMs } = body.value;
    this.windows.push({ car, startMs, endMs, revision, digest, loggedMs, sequence });
  }
}
