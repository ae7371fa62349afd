import type { LogAppend, LogReader, LogRecord } from "@burnline/stream";
import { NatsEventLog, type NatsEventLogOptions } from "../nats-event-log.ts";
import { connectNats, type NatsLink, type NatsOptions } from "../nats-link.ts";
import { partitionTokenLayout } from "../nats-subjects.ts";

let serial = 0;

/** Settings of a log for one test: a stream of its own for a race of its own. */
export function testLogOptions(overrides: Partial<NatsEventLogOptions> = {}): NatsEventLogOptions & { race: string } {
  const race = `race.r${serial++}`;
  return {
    race,
    name: `TEST_${race.replace(".", "_")}`,
    layout: partitionTokenLayout(race),
    replicas: 1,
    maxAgeMs: 3_600_000,
    maxBytes: 256 * 1024 * 1024,
    discard: "new",
    duplicateWindowMs: 120_000,
    ...overrides,
  };
}

export interface TestLog {
  readonly link: NatsLink;
  readonly log: NatsEventLog;
  readonly options: NatsEventLogOptions & { race: string };
  /** A record of partition 3 with its text as message id. */
  record(text: string, isNamed?: boolean): LogAppend;
  close(): Promise<void>;
}

export async function openTestLog(
  url: string,
  options = testLogOptions(),
  connection: Partial<NatsOptions> = {},
): Promise<TestLog> {
  const link = await connectNats({ servers: [url], name: "test", ...connection });
  const log = await NatsEventLog.open(link, options);
  return {
    link,
    log,
    options,
    record: (text, isNamed = true) => {
      const record = { partition: 3, subject: `${options.race}.3.tel.24`, payload: new TextEncoder().encode(text) };
      return isNamed ? { ...record, messageId: text } : record;
    },
    close: async () => {
      await log.close();
      await link.close();
    },
  };
}

/** Reads until so many records are there; fails when they do not come. */
export async function readRecords(reader: LogReader, count: number, waitMs = 20_000): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  const deadlineMs = performance.now() + waitMs;
  while (records.length < count) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new Error(`${records.length} of ${count} records came in ${waitMs} ms`);
    records.push(...(await reader.next(count - records.length, leftMs)));
  }
  return records;
}

export function textsOf(records: readonly LogRecord[]): string[] {
  return records.map(({ payload }) => new TextDecoder().decode(payload));
}
