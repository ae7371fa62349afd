import { subjects } from "@burnline/contract";
import { createLogger, MemoryEventLog, MemoryLiveChannel, Metrics, wallClock } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { EventLog, LogReader } from "@burnline/stream";
import { expect, test, vi } from "vitest";
import { EventLatency } from "./event-latency.ts";
import { FactFeed, FactLogError } from "./fact-feed.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import { FACT_BATCH_RECORDS, FACT_READ_FAILURES_MAX } from "./limits.ts";
import { RaceView } from "./race-view.ts";
import { appendOf, lapFact, RACE, START_MS } from "./testing/race-inputs.ts";

function feedOn(factLog: EventLog, warn = vi.fn()) {
  const view = new RaceView(RACE);
  const onFault = vi.fn();
  const metrics = createGatewayMetrics(new Metrics(["gateway"]));
  const feed = new FactFeed({
    ...{ factLog, view, onFault, onChange: () => {}, live: new MemoryLiveChannel() },
    ...{ metrics, latency: new EventLatency(metrics), clock: wallClock },
    logger: Object.assign(createLogger({ service: "gateway", level: "silent", format: "json" }), { warn }),
  });
  return { feed, view, onFault };
}

/** A log whose reads fail as often as `failures` says. */
function failing(log: EventLog, failures: { left: number }): EventLog {
  const fails = (reader: LogReader): LogReader => ({
    next: async (maxRecords, waitMs) => {
      if (failures.left-- > 0) throw new Error("disk on fire");
      return reader.next(maxRecords, waitMs);
    },
    close: () => reader.close(),
  });
  return new Proxy(log, {
    get: (target, name) => {
      if (name === "open") return async (options: Parameters<EventLog["open"]>[0]) => fails(await target.open(options));
      const member = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

test("start resolves when everything in the log is in the view, over many batches and other races' records", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  const count = FACT_BATCH_RECORDS * 2 + 1;
  for (let lap = 1; lap <= count; lap++) await log.append([appendOf(lapFact("24", lap))]);
  await log.append([{ partition: 0, subject: subjects.fact("other", "lap", "1"), payload: new Uint8Array() }]);
  const { feed, view } = feedOn(log);
  await feed.start();
  expect(feed.appliedCount).toBe(count);
  expect(view.car("24")?.view.lastLap?.lapNumber).toBe(count);
  await log.append([appendOf(lapFact("24", count + 1))]);
  await vi.waitFor(() => expect(view.car("24")?.view.lastLap?.lapNumber).toBe(count + 1));
  await feed.stop();
});

test("an empty log is whole at once", async () => {
  const { feed } = feedOn(new MemoryEventLog(new StepClock(START_MS)));
  await feed.start();
  await feed.stop();
});

test("a read that fails is tried again from the same place; nothing is lost or told twice", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  for (let lap = 1; lap <= 5; lap++) await log.append([appendOf(lapFact("24", lap))]);
  const { feed, view, onFault } = feedOn(failing(log, { left: 2 }));
  await feed.start();
  expect([view.car("24")?.laps.size, feed.appliedCount]).toEqual([5, 5]);
  expect(onFault).not.toHaveBeenCalled();
  await feed.stop();
});

test("a log that lost its tail is read again from its first fact: what it gives in the same places is not taken for known", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  for (let lap = 1; lap <= 3; lap++) await log.append([appendOf(lapFact("24", lap))]);
  const { feed, view, onFault } = feedOn(log);
  await feed.start();
  log.loseTail(1);
  await log.append([appendOf(lapFact("24", 4))]);
  await vi.waitFor(() => expect(view.car("24")?.view.lastLap?.lapNumber).toBe(4), { timeout: 5_000 });
  // What was lost the view still knows.
  expect(view.car("24")?.laps.size).toBe(4);
  expect(onFault).not.toHaveBeenCalled();
  await feed.stop();
});

test("a log that forgot its oldest facts is read on from what it holds, without a failure", async () => {
  const log = new MemoryEventLog(new StepClock(START_MS));
  for (let lap = 1; lap <= 5; lap++) await log.append([appendOf(lapFact("24", lap))]);
  await log.trim(3);
  const warn = vi.fn();
  const { feed, view } = feedOn(log, warn);
  await feed.start();
  expect(view.car("24")?.laps.size).toBe(3);
  expect(warn).not.toHaveBeenCalled();
  await feed.stop();
});

test("a log that stays broken is a fault with its cause, not an endless loop", async () => {
  vi.useFakeTimers();
  try {
    const log = new MemoryEventLog(new StepClock(START_MS));
    await log.append([appendOf(lapFact("24", 1))]);
    const { feed, onFault } = feedOn(failing(log, { left: FACT_READ_FAILURES_MAX + 1 }));
    const started = feed.start().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    const error = await started;
    expect(error).toBeInstanceOf(FactLogError);
    expect((error as FactLogError).cause).toEqual(new Error("disk on fire"));
    expect(onFault).toHaveBeenCalledOnce();
    await feed.stop();
  } finally {
    vi.useRealTimers();
  }
});
