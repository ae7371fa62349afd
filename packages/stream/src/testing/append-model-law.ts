import fc from "fast-check";
import { expect, test } from "vitest";
import type { EventLog, LogReaderOptions, LogRecord } from "../ports.ts";
import { append, drain, textOf } from "./log-records.ts";

const RECORD = fc.record({
  partition: fc.integer({ min: 0, max: 3 }),
  subject: fc.constantFrom("race.r.tel.24", "race.r.tick", "race.r.ctl.flag", "race.x.tel.24"),
  id: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
});
const BATCHES = fc.array(fc.array(RECORD, { maxLength: 6 }), { maxLength: 6 });
const QUERY = fc.record({
  partition: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  subjectPrefix: fc.constantFrom("", "race.r.", "race.r.t", "nothing"),
  skippedShare: fc.double({ min: 0, max: 1, noNaN: true }),
});

interface PlainRecord {
  readonly position: number;
  readonly partition: number;
  readonly subject: string;
  readonly text: string;
}

/** Whatever is appended in whatever batches, a reader sees what filtering a list would give. */
export function appendModelLaw(log: () => EventLog): void {
  test("whatever is appended is read back as a list with filters would give it", async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(BATCHES, QUERY, async (batches, { partition, subjectPrefix, skippedShare }) => {
        round += 1;
        const start = (await log().bounds()).last;
        const stored = await appendAll(log(), batches, round);
        const after = stored[Math.floor(skippedShare * stored.length) - 1]?.position ?? start;
        const ofPartition = partition === undefined ? {} : { partition };
        const options: LogReaderOptions = { after, subjectPrefix, ...ofPartition };
        const expected = stored
          .filter((record) => record.position > after)
          .filter((record) => partition === undefined || record.partition === partition)
          .filter((record) => record.subject.startsWith(subjectPrefix));
        expect((await drain(log(), options)).map(toPlain)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
}

/** Appends the batches and returns what the log must now hold of them. */
async function appendAll(
  log: EventLog,
  batches: readonly (readonly { partition: number; subject: string; id: number | undefined }[])[],
  round: number,
): Promise<PlainRecord[]> {
  const stored: PlainRecord[] = [];
  const positionById = new Map<string, number>();
  for (const [batchIndex, batch] of batches.entries()) {
    const appends = batch.map(({ partition, subject, id }, index) =>
      append(partition, subject, `${round}/${batchIndex}/${index}`, id === undefined ? undefined : `${round}:${id}`),
    );
    const positions = await log.append(appends);
    for (const [index, { partition, subject, payload, messageId }] of appends.entries()) {
      const position = positions[index]!;
      const known = messageId === undefined ? undefined : positionById.get(messageId);
      if (known !== undefined) {
        expect(position).toBe(known);
        continue;
      }
      if (messageId !== undefined) positionById.set(messageId, position);
      stored.push({ position, partition, subject, text: Buffer.from(payload).toString() });
    }
  }
  return stored;
}

function toPlain(record: LogRecord): PlainRecord {
  const { position, partition, subject } = record;
  return { position, partition, subject, text: textOf(record) };
}
