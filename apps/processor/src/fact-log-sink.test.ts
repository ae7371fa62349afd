import { createLogger, MemoryEventLog, Metrics, RecordsRefusedError, wallClock } from "@burnline/runtime";
import type { OutboxSink, StoredOutboxRecord } from "@burnline/stream";
import { expect, test } from "vitest";
import { factLogSink, policedFactSink } from "./fact-log-sink.ts";

const logger = createLogger({ service: "test", level: "silent", format: "json" });
const record = (sequence: number): StoredOutboxRecord => ({
  sequence,
  id: `24:${sequence}:0`,
  subject: "fact.race.lap.24",
  payload: new Uint8Array([sequence]),
});

async function subjectsIn(log: MemoryEventLog): Promise<string[]> {
  const reader = await log.open({ partition: 0, after: 0 });
  const records = await reader.next(100, 0);
  await reader.close();
  return records.map(({ subject }) => subject);
}

test("a fact that the log will never take becomes a dead letter, and the others are delivered", async () => {
  const factLog = new MemoryEventLog(wallClock);
  const facts = factLogSink(factLog);
  const picky: OutboxSink = {
    send: async (records) => {
      await facts.send(records.filter(({ id }) => id !== "24:2:0"));
      throw new RecordsRefusedError("fact log", [{ index: 1, reason: "too-large" }]);
    },
  };
  const metrics = new Metrics(["processor"]);
  const sink = policedFactSink(picky, { factLog, race: "race", metrics, logger });
  await sink.send([record(1), record(2), record(3)]);
  expect(await subjectsIn(factLog)).toEqual(["fact.race.lap.24", "fact.race.lap.24", "dead.race.too-large"]);
  expect(await metrics.render()).toContain('processor_sink_dead_letters_total{sink="facts",reason="too-large"} 1');
});

test("late frames are counted where they leave", async () => {
  const factLog = new MemoryEventLog(wallClock);
  let late = 0;
  const sink = factLogSink(factLog, (frames) => {
    late += frames;
  });
  await sink.send([record(1), { ...record(2), subject: "late.race.24" }]);
  expect(late).toBe(1);
});
