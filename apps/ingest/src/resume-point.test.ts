import { subjects } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { EventLog, LogAppend } from "@burnline/stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { createIngest } from "./ingest.ts";
import type { Source, SourceItem } from "./source.ts";
import { collect, controlEvent, instantTiming, listSource, quietLogger, sentenceOf } from "./testing.ts";

const START = 1_000_000;
const items: readonly SourceItem[] = Array.from({ length: 60 }, (_, index) => {
  const arrivalMs = START + 100 * (index + 1);
  return index % 20 === 7
    ? { type: "control", arrivalMs, event: controlEvent({ id: `e${index}` }) }
    : { type: "frame", arrivalMs, frame: frame({ eventTimeMs: arrivalMs - 100, sourceSequence: index }) };
});

async function ingestInto(log: EventLog, source: Source = listSource(items)): Promise<void> {
  const clock = new StepClock(5_000_000);
  const ingest = createIngest({
    raceLog: log,
    source,
    clock,
    logger: quietLogger,
    options: { speed: "max" },
    timing: instantTiming(clock),
  });
  await ingest.start();
  await ingest.done;
}

async function recordsOf(log: EventLog) {
  const reader = await log.open({ after: 0 });
  const records: { subject: string; payload: Uint8Array }[] = [];
  for (;;) {
    const next = await reader.next(1_000, 0);
    if (next.length === 0) return records;
    for (const { subject, payload } of next) if (!subject.includes(".ml.")) records.push({ subject, payload });
  }
}

/** A log that forgets message ids, as a broker does after a while: resuming must not lean on them. */
function withoutIds(log: MemoryEventLog): EventLog {
  const forget = (records: readonly LogAppend[]) =>
    records.map(({ partition, subject, payload }) => ({ partition, subject, payload }));
  return new Proxy(log, {
    get: (target, name) => {
      if (name === "append") return (records: readonly LogAppend[]) => target.append(forget(records));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const whole = async () => (await collect(new HeadlessIngest(listSource(items)).appends())).flat();

test("killed after any number of records and started again, the log holds what an uninterrupted run would have left", async () => {
  const expected = (await whole()).map(({ subject, payload }) => ({ subject, payload }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: expected.length }), fc.boolean(), async (cut, keepsIds) => {
      const memory = new MemoryEventLog(new StepClock(0));
      const log = keepsIds ? memory : withoutIds(memory);
      await log.append((await whole()).slice(0, cut));
      // The model's corrections stand between the source's records and are not its own.
      await log.append([{ partition: 0, subject: subjects.ml("test", 0, "24"), payload: new Uint8Array(3) }]);
      await ingestInto(log);
      expect(await recordsOf(log)).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

test("killed twice, and after the end, nothing is doubled", async () => {
  const memory = new MemoryEventLog(new StepClock(0));
  const log = withoutIds(memory);
  await log.append((await whole()).slice(0, 200));
  await ingestInto(log);
  const once = await recordsOf(log);
  await ingestInto(log);
  expect(await recordsOf(log)).toEqual(once);
});

test("a log of another race is told from the source", async () => {
  const log = new MemoryEventLog(new StepClock(0));
  await log.append((await whole()).slice(0, 300));
  const other = listSource(items, { race: { ...listSource(items).race, race: "other" } });
  expect(await sentenceOf(() => ingestInto(log, other))).toMatch(/belongs to the race test and not to other/);
});

test("a log written from other items of the same race is noticed, and nothing is mixed in", async () => {
  const log = new MemoryEventLog(new StepClock(0));
  await log.append((await whole()).slice(0, 300));
  const before = await recordsOf(log);
  const changed = items.map((item) =>
    item.type === "frame" ? { ...item, frame: frame({ ...item.frame, lapNumber: Array(12).fill(77) }) } : item,
  );
  expect(await sentenceOf(() => ingestInto(log, listSource(changed)))).toMatch(/another source, seed or events file/);
  expect(await recordsOf(log)).toEqual(before);
});

test("a source that has become shorter than its log is noticed", async () => {
  const log = new MemoryEventLog(new StepClock(0));
  await ingestInto(log);
  expect(await sentenceOf(() => ingestInto(log, listSource(items.slice(0, 5))))).toMatch(/another source/);
});

test("a log whose beginning was trimmed away goes on from its newest tick, and one that was emptied is refused", async () => {
  const log = new MemoryEventLog(new StepClock(0));
  const records = await whole();
  await log.append(records.slice(0, 400));
  await log.trim(100);
  await ingestInto(log);
  expect((await recordsOf(log)).length).toBe(records.length - 99);
  await log.trim(1_000_000);
  expect(await sentenceOf(() => ingestInto(log))).toMatch(/emptied/);
});
