import { setImmediate as nextTurn } from "node:timers/promises";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { EventLog, LogAppend } from "@burnline/stream";
import { expect, test } from "vitest";
import {
  APPEND_ATTEMPTS_MAX,
  AppendError,
  AppendQueue,
  BATCH_RECORDS_MAX,
  BATCH_WAIT_MS,
  QUEUE_RECORDS_MAX,
} from "./append-queue.ts";
import { noMetrics } from "./ingest-metrics.ts";
import { instantTiming } from "./testing.ts";

const record = (index: number): LogAppend => ({
  partition: 0,
  subject: `race.test.0.tel.${index}`,
  payload: new Uint8Array(1),
  messageId: `item:${index}`,
});

/** A memory log that can be told to refuse, and remembers the sizes of its batches. */
function testLog(refusals = 0) {
  const memory = new MemoryEventLog(new StepClock(0));
  const batches: number[] = [];
  let left = refusals;
  let gate: Promise<void> = Promise.resolve();
  const log: EventLog = new Proxy(memory, {
    get: (target, name) => {
      if (name === "append") {
        return async (records: readonly LogAppend[]) => {
          await gate;
          // A refusal may have stored any prefix.
          if (left-- > 0) {
            await target.append(records.slice(0, records.length >> 1));
            throw new Error("disk full");
          }
          batches.push(records.length);
          return target.append(records);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const hold = () => {
    const released = Promise.withResolvers<void>();
    gate = released.promise;
    return released.resolve;
  };
  return { log, memory, batches, hold };
}

const subjectsIn = async (log: MemoryEventLog) => {
  const reader = await log.open({ after: 0 });
  return (await reader.next(100_000, 0)).map(({ subject }) => subject.split(".")[4]);
};

test("records reach the log in order, in batches, once, also when the log refuses at first", async () => {
  const { log, memory, batches } = testLog(3);
  const queue = new AppendQueue(log, noMetrics, instantTiming());
  for (let index = 0; index < 700; index++) await queue.push([record(index)]);
  await queue.close();
  expect(await subjectsIn(memory)).toEqual(Array.from({ length: 700 }, (_, index) => String(index)));
  expect(Math.max(...batches)).toBeLessThanOrEqual(BATCH_RECORDS_MAX);
});

test("what comes while a batch is on its way leaves together, and only the first waits for company", async () => {
  const { log, batches, hold } = testLog();
  const timing = instantTiming();
  const queue = new AppendQueue(log, noMetrics, timing);
  const release = hold();
  await queue.push([record(0)]);
  // Its batch has left by then.
  await nextTurn();
  for (let index = 1; index < 50; index++) await queue.push([record(index)]);
  release();
  await queue.close();
  expect(batches).toEqual([1, 49]);
  expect(timing.slept).toEqual([BATCH_WAIT_MS]);
});

test("an item is settled when its last record is in the log, not before", async () => {
  const { log, memory, hold } = testLog();
  const release = hold();
  const queue = new AppendQueue(log, noMetrics, instantTiming());
  const settled: unknown[] = [];
  await queue.push([record(1), record(2)], (fault) => settled.push(fault ?? "stored"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toEqual([]);
  release();
  await queue.close();
  expect(settled).toEqual(["stored"]);
  expect(await subjectsIn(memory)).toHaveLength(2);
});

test("a log that is slow holds the producer back at the cap", async () => {
  const { log, hold } = testLog();
  const release = hold();
  const queue = new AppendQueue(log, noMetrics, instantTiming());
  for (let index = 0; index < QUEUE_RECORDS_MAX - 1; index++) await queue.push([record(index)]);
  let isThrough = false;
  const pushing = queue.push([record(QUEUE_RECORDS_MAX)]).then(() => {
    isThrough = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(isThrough).toBe(false);
  release();
  await pushing;
  await queue.close();
});

test("a log that takes nothing ends in a named error, everything waiting is settled, and the backoff stays under its cap", async () => {
  const { log } = testLog(Number.POSITIVE_INFINITY);
  const timing = instantTiming();
  const queue = new AppendQueue(log, noMetrics, timing);
  const settled: unknown[] = [];
  await queue.push([record(1)], (fault) => settled.push(fault));
  await expect(queue.close()).rejects.toThrow(AppendError);
  await expect(queue.push([record(2)], (fault) => settled.push(fault))).rejects.toThrow(
    /took nothing in 16 attempts: disk full/,
  );
  expect(settled).toEqual(["log-unavailable", "log-unavailable"]);
  expect(timing.slept.length).toBeLessThan(APPEND_ATTEMPTS_MAX + 4);
  expect(Math.max(...timing.slept)).toBeLessThanOrEqual(5_000);
});

test("records, bytes and overruns of the queue are told, and end at nothing", async () => {
  const { log, hold } = testLog();
  const release = hold();
  const depths: { records: number; bytes: number }[] = [];
  let overruns = 0;
  const metrics = {
    ...noMetrics,
    queueDepth: (records: number, bytes: number) => void depths.push({ records, bytes }),
    queueOverrun: () => void overruns++,
  };
  const queue = new AppendQueue(log, metrics, instantTiming());
  for (let index = 0; index < QUEUE_RECORDS_MAX - 1; index++) await queue.push([record(index)]);
  expect(overruns).toBe(0);
  expect(queue.fill).toBeLessThan(1);
  const blocked = queue.push([record(QUEUE_RECORDS_MAX)]);
  expect(queue.fill).toBe(1);
  expect(overruns).toBe(1);
  expect(depths.at(-1)).toEqual({ records: QUEUE_RECORDS_MAX, bytes: QUEUE_RECORDS_MAX });
  release();
  await blocked;
  await queue.close();
  expect(depths.at(-1)).toEqual({ records: 0, bytes: 0 });
});
