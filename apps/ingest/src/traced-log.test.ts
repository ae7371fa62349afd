import { create, RaceClockSchema, subjects, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { type FrameTrace, type FrameTracing, type Hop, MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { eventLogSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
import { traceAppends } from "./traced-log.ts";

const WALL_MS = 1_750_000_100_000;
const FRAME = frame({ car: "24", sourceSequence: 9 });
const NEWEST_MS = FRAME.eventTimeMs + FRAME.offsetMs.at(-1)!;
/** The newest sample was taken 80 ms ago. */
const RACE_CLOCK = create(RaceClockSchema, { anchorEventMs: NEWEST_MS, anchorWallMs: WALL_MS - 80, speed: 1 });

/** Traces the cars that are listed. */
class Told implements FrameTracing {
  readonly hops: (Hop & { traceId: string })[] = [];
  readonly #cars: readonly string[];

  constructor(...cars: readonly string[]) {
    this.#cars = cars;
  }

  of(car: string, newestMs: number): FrameTrace | undefined {
    return this.#cars.includes(car) ? { traceId: `${car}@${newestMs}`, rootSpanId: "root" } : undefined;
  }

  frame({ traceId }: FrameTrace, hop: Hop): void {
    this.hops.push({ ...hop, traceId });
  }

  hop({ traceId }: FrameTrace, hop: Hop): void {
    this.hops.push({ ...hop, traceId });
  }
}

const telemetry = (car: string) => ({
  partition: 3,
  subject: subjects.telemetry("r", 3, car),
  payload: toBinary(TelemetryFrameSchema, create(TelemetryFrameSchema, { ...FRAME, car })),
});

function setup(tracing: FrameTracing) {
  const clock = new StepClock(WALL_MS);
  const log = new MemoryEventLog(clock);
  const append = log.append.bind(log);
  log.append = async (records) => {
    clock.advance(7);
    return append(records);
  };
  return traceAppends(log, tracing, clock, () => RACE_CLOCK);
}

test("a traced frame's span runs from when its newest sample was true on the track to the log's acknowledgement", async () => {
  const told = new Told("24");
  await setup(told).append([telemetry("24"), telemetry("25")]);
  expect(told.hops).toEqual([
    {
      ...{ traceId: `24@${NEWEST_MS}`, name: "frame", beganMs: WALL_MS - 80, endedMs: WALL_MS + 7 },
      attributes: { "burnline.car": "24", "burnline.sequence": 9, "burnline.event_time_ms": NEWEST_MS },
    },
    { traceId: `24@${NEWEST_MS}`, name: "append to the log", beganMs: WALL_MS, endedMs: WALL_MS + 7 },
  ]);
});

test("what is no telemetry, or cannot be read, is appended and not traced", async () => {
  const told = new Told("24");
  const log = setup(told);
  await log.append([
    { partition: 3, subject: subjects.tick("r", 3), payload: new Uint8Array() },
    { ...telemetry("24"), payload: Uint8Array.of(255) },
  ]);
  expect(told.hops).toEqual([]);
  expect(await log.bounds()).toEqual({ first: 1, last: 2 });
});

test("an append that fails leaves no trace, and fails as it would without", async () => {
  const told = new Told("24");
  const broken = new MemoryEventLog(new StepClock(0));
  broken.append = () => Promise.reject(new Error("full"));
  const log = traceAppends(broken, told, new StepClock(WALL_MS), () => RACE_CLOCK);
  await expect(log.append([telemetry("24")])).rejects.toThrow("full");
  expect(told.hops).toEqual([]);
});

eventLogSuite("memory, traced", async () => {
  const clock = new StepClock(1_750_000_000_000);
  const log = new MemoryEventLog(clock);
  const traced = traceAppends(log, new Told("24"), clock, () => undefined);
  return {
    log: traced,
    reopen: async () => {
      log.abandonDurableReaders();
      return traced;
    },
    trim: (_log, before) => log.trim(before),
    wakeUpMsMax: 5,
    close: async () => {},
  };
});
