import { subjects, TelemetryFrameSchema, toBinary } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import {
  type FrameTrace,
  type FrameTracing,
  type Hop,
  MemoryEventLog,
  MemorySnapshotStore,
  MemoryStateStore,
} from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { partitionRunnerSuite } from "@burnline/stream/testing";
import { expect, test } from "vitest";
import { RaceTopology } from "./topology.ts";
import { tracePorts } from "./traced-ports.ts";

const START_MS = 1_750_000_000_000;
const PARTITION = 3;
const RELAY_MS = 5;

/** Traces every frame of car 24. */
class Told implements FrameTracing {
  readonly hops: string[] = [];

  of(car: string, newestMs: number): FrameTrace | undefined {
    return car === "24" ? { traceId: `${newestMs - START_MS}`, rootSpanId: "root" } : undefined;
  }

  frame(): void {
    throw new Error("ingest's alone");
  }

  hop({ traceId }: FrameTrace, { name, beganMs, endedMs }: Hop): void {
    this.hops.push(`${traceId}: ${name} ${beganMs - START_MS}..${endedMs - START_MS}`);
  }
}

async function setup() {
  const told = new Told();
  const clock = new StepClock(START_MS);
  const log = new MemoryEventLog(clock);
  const state = new MemoryStateStore(clock);
  const ports: RunnerPorts = {
    ...tracePorts({ log, state }, told, clock),
    ...{ snapshots: new MemorySnapshotStore(), clock, live: { publish: () => {}, subscribe: () => () => {} } },
    sink: { send: async () => clock.advance(RELAY_MS) },
  };
  const options = { ...RUNNER_DEFAULTS, partition: PARTITION, ownerId: "a" };
  const run = () => PartitionRunner.acquire(ports, options, new RaceTopology("r", PARTITION));
  const append = (car: string, second: number) => {
    const payload = toBinary(
      TelemetryFrameSchema,
      frame({ car, sourceSequence: second, eventTimeMs: START_MS + second * 1_000 }),
    );
    return log.append([{ partition: PARTITION, subject: subjects.telemetry("r", PARTITION, car), payload }]);
  };
  return { told, clock, run, append };
}

test("a traced frame is told when it was read and when it was committed", async () => {
  const { told, clock, run, append } = await setup();
  const runner = (await run())!;
  await append("25", 0);
  await append("24", 0);
  clock.advance(12);
  await runner.step(0);
  expect(told.hops).toEqual(["91: read from the log 0..12", "91: commit 12..12"]);
});

test("what came of it is told when the fact log has it", async () => {
  const { told, clock, run, append } = await setup();
  const runner = (await run())!;
  await append("24", 0);
  await runner.step(0);
  told.hops.length = 0;
  // A second later the window of the first frame closes.
  await append("24", 3);
  clock.advance(4);
  await runner.step(0);
  expect(told.hops).toEqual([
    "3091: read from the log 0..4",
    "3091: commit 4..4",
    `3091: facts to the fact log 4..${4 + RELAY_MS}`,
  ]);
});

test("a replay is not told again: its frames were new long ago", async () => {
  const { told, clock, run, append } = await setup();
  await append("24", 0);
  clock.advance(60_001);
  await (await run())!.step(0);
  expect(told.hops).toEqual([]);
});

partitionRunnerSuite("memory, traced", new StepClock(START_MS), async (clock) => {
  const log = new MemoryEventLog(clock);
  const snapshots = new MemorySnapshotStore();
  const withNewState = () => ({
    ...tracePorts({ log, state: new MemoryStateStore(clock) }, new Told(), clock),
    snapshots,
  });
  return {
    ports: withNewState(),
    loseState: async () => withNewState(),
    trim: (before) => log.trim(before),
    close: async () => {},
  };
});
