import { fromBinary, parseRaceSubject, subjects, TickSchema } from "@burnline/contract";
import { RingBuffer } from "@burnline/std";
import type { EventLog, LogAppend, LogRecord } from "@burnline/stream";
import { SourceError } from "./source.ts";

/*
 * Resuming a source that can be repeated.
 *
 * The session makes the same sequence of records from the same source each time, and appends them in order, so what the
 * log holds of it (without the model's corrections, which others write) is a prefix of that sequence. The newest tick
 * of partition 0 marks a place in it; the records behind that tick are counted. The records of the repeated sequence
 * are then left out up to the tick and as many again as were counted. At which moment the process was killed does not
 * matter: nothing is missing and nothing comes twice. What is left out around the tick is compared byte by byte, so
 * another source, seed or events file on the same log is noticed instead of mixed in.
 */

/** Positions in front of the newest tick whose records are compared: some seconds of 40 cars. */
const COMPARED_POSITIONS = 2_048;

/** Behind the newest tick lies at most a second of the race; more means that the log was not written by this code. */
const TAIL_RECORDS_MAX = 1_000_000;

const READ_RECORDS = 1_024;

type HeldRecord = Pick<LogRecord, "subject" | "payload">;

export interface ResumePoint {
  /** Time of the newest tick in partition 0; undefined when the log was cut off before its first tick. */
  readonly tickMs: number | undefined;
  /** The source's records right in front of it, in order. */
  readonly before: readonly HeldRecord[];
  /** The source's records behind it (or from the log's start), in order. */
  readonly tail: readonly HeldRecord[];
}

/**
 * Where the log stopped.
 * @returns undefined for a log without records of this race.
 * @throws SourceError when the log belongs to another race or begins in the middle.
 */
export async function findResumePoint(log: EventLog, race: string): Promise<ResumePoint | undefined> {
  const { first, last } = await log.bounds();
  if (first > last) {
    if (last === 0) return undefined;
    throw new SourceError(
      "The log was emptied after a race had begun, so nobody knows what it held; use another --data folder.",
    );
  }
  const tick = await log.newest(0, subjects.tick(race, 0));
  if (tick === undefined && first > 1) {
    throw new SourceError(`The log no longer holds the beginning of the race ${race}; use another --data folder.`);
  }
  if (tick === undefined) return { tickMs: undefined, before: [], tail: await readOwn(log, race, 0, last) };
  return {
    tickMs: fromBinary(TickSchema, tick.payload).eventTimeMs,
    before: await readOwn(log, race, Math.max(first, tick.position - COMPARED_POSITIONS) - 1, tick.position - 1),
    tail: await readOwn(log, race, tick.position, last),
  };
}

/** Leaves out of a repeated sequence what the log already holds. Pure. */
export class ResumeFilter {
  readonly #tickSubject: string;
  readonly #tickMs: number | undefined;
  readonly #before: readonly HeldRecord[];
  readonly #tail: readonly HeldRecord[];
  readonly #passed: RingBuffer<HeldRecord>;
  #stage: "before-tick" | "tail" | "done";
  #tailIndex = 0;

  constructor(race: string, point: ResumePoint | undefined) {
    this.#tickSubject = subjects.tick(race, 0);
    this.#tickMs = point?.tickMs;
    this.#before = point?.before ?? [];
    this.#tail = point?.tail ?? [];
    this.#passed = new RingBuffer(Math.max(1, this.#before.length));
    this.#stage = point === undefined ? "done" : point.tickMs === undefined ? "tail" : "before-tick";
    this.#finishTail();
  }

  /** True when the log's end has been reached: from here on everything is new. */
  get isDone(): boolean {
    return this.#stage === "done";
  }

  /**
   * What of these records is new.
   * @throws SourceError when the log holds something else at this place.
   */
  keep(appends: readonly LogAppend[]): readonly LogAppend[] {
    if (this.#stage === "done") return appends;
    return appends.filter((append) => !this.#isHeld(append));
  }

  #isHeld(append: LogAppend): boolean {
    if (this.#stage === "done") return false;
    if (this.#stage === "before-tick") {
      if (append.messageId === `tick:${this.#tickMs}:0` && append.subject === this.#tickSubject) {
        const passed = this.#passed.toArray();
        for (const [index, held] of this.#before.entries()) assertSame(held, passed[index]);
        this.#stage = "tail";
        this.#finishTail();
      } else {
        this.#passed.push(append);
      }
      return true;
    }
    assertSame(this.#tail[this.#tailIndex++], append);
    this.#finishTail();
    return true;
  }

  /** @throws SourceError when the sequence ended before the log did. */
  end(): void {
    if (this.#stage !== "done") throw foreignLog();
  }

  #finishTail(): void {
    if (this.#stage === "tail" && this.#tailIndex === this.#tail.length) this.#stage = "done";
  }
}

function foreignLog(): SourceError {
  return new SourceError(
    "The log in the data folder was written from another source, seed or events file; use the same ones as before or another --data folder.",
  );
}

/** @throws SourceError when the log holds something else here. */
function assertSame(held: HeldRecord | undefined, made: HeldRecord | undefined): void {
  const isSame =
    held !== undefined && made !== undefined && held.subject === made.subject && equalBytes(held.payload, made.payload);
  if (!isSame) throw foreignLog();
}

/** The records of this race behind `after` and not behind `through`, without the model's corrections. */
async function readOwn(log: EventLog, race: string, after: number, through: number): Promise<LogRecord[]> {
  const own: LogRecord[] = [];
  const reader = await log.open({ after });
  try {
    for (;;) {
      const records = await reader.next(READ_RECORDS, 0);
      for (const record of records) {
        if (record.position > through) return own;
        const subject = parseRaceSubject(record.subject);
        if (subject === undefined || subject.kind === "ml") continue;
        if (!record.subject.startsWith(`race.${race}.`)) throw otherRace(record.subject.split(".")[1] ?? "", race);
        if (own.length === TAIL_RECORDS_MAX) throw foreignLog();
        own.push(record);
      }
      if (records.length === 0) return own;
    }
  } finally {
    await reader.close();
  }
}

/** The error for a log that another race was begun in. */
export function otherRace(logged: string, race: string): SourceError {
  return new SourceError(
    `The log in the data folder belongs to the race ${logged} and not to ${race}; use another --data folder.`,
  );
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
