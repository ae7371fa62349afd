import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, parseRaceSubject, TelemetryFrameSchema, TickSchema } from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { MemoryEventLog, Metrics } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { createIngest, type Ingest, type IngestOptions } from "./ingest.ts";
import { openSource } from "./open-source.ts";
import { createIngestMetrics } from "./prometheus-metrics.ts";
import { PushSource } from "./push-source.ts";
import { collect, race } from "./testing.ts";

const TRUE_START_MS = 1_750_000_000_000;
const HOUR_MS = 3_600_000;

const running: Ingest[] = [];
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "burnline-clocks-"));
});
afterEach(async () => {
  for (const ingest of running.splice(0)) await ingest.stop();
  await rm(folder, { recursive: true });
});

/** A live ingest on a machine whose clocks are ours to set, and a car whose clock is right. */
async function setUp(overrides: Partial<IngestOptions> & { readonly wallAheadMs?: number } = {}) {
  const { wallAheadMs = 0, ...options } = overrides;
  const truth = new StepClock(TRUE_START_MS);
  const wall = new StepClock(TRUE_START_MS + wallAheadMs);
  const steady = new StepClock(5_000);
  const log = new MemoryEventLog(truth);
  const registry = new Metrics(["ingest"]);
  const warnings: string[] = [];
  const source = new PushSource({ clock: wall, race: race() });
  const ingest = createIngest({
    ...{ raceLog: log, source, clock: wall, metrics: createIngestMetrics(registry) },
    logger: { info: () => {}, warn: (_, message) => warnings.push(message), error: () => {} },
    timing: {
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
      yieldTurn: () => new Promise((resolve) => setImmediate(resolve)),
      steadyMs: () => steady.nowMs(),
      random: () => 0.5,
    },
    ...options,
  });
  await ingest.start();
  running.push(ingest);
  const records = async () => {
    const reader = await log.open({ after: 0 });
    const all = [];
    for (;;) {
      const some = await reader.next(1_000, 0);
      if (some.length === 0) return all;
      all.push(...some);
    }
  };
  let sourceSequence = 0;
  return {
    ...{ wall, registry, warnings, ingest },
    /** Time goes by for all. */
    pass(ms: number) {
      for (const clock of [truth, wall, steady]) clock.advance(ms);
    },
    /** The machine stands still, and its steady clock with it. */
    suspend(ms: number, { isWallStopped = false } = {}) {
      for (const clock of isWallStopped ? [truth] : [truth, wall]) clock.advance(ms);
    },
    send() {
      const eventTimeMs = truth.nowMs() - 100;
      return source.offer([{ type: "frame", frame: frame({ eventTimeMs, sourceSequence: sourceSequence++ }) }], 100);
    },
    async logged() {
      const frames = (await records()).filter(({ subject }) => parseRaceSubject(subject)?.kind === "tel");
      return frames.map(({ payload }) => fromBinary(TelemetryFrameSchema, payload).sourceSequence);
    },
    async ticks() {
      const ticks = (await records()).filter(({ subject }) => subject.endsWith(".0.tick"));
      return ticks.map(({ payload }) => fromBinary(TickSchema, payload).eventTimeMs - TRUE_START_MS);
    },
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** Ten frames a second for so long; each has to be taken. */
async function race10Hz(world: World, seconds: number): Promise<void> {
  for (let count = 0; count < seconds * 10; count++) {
    world.pass(100);
    expect(await world.send()).toEqual({ accepted: 1, rejected: {} });
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("no telemetry is lost", () => {
  test.each([HOUR_MS, -HOUR_MS, 90_000, -90_000, 3_000, -3_000])(
    "when the clock jumps by %d ms and is put right again",
    async (jumpMs) => {
      const world = await setUp();
      await race10Hz(world, 3);
      world.wall.advance(jumpMs);
      await race10Hz(world, 3);
      world.wall.advance(-jumpMs);
      await race10Hz(world, 3);
      expect(await world.logged()).toEqual(numbers(90));
    },
  );

  test("when the machine is suspended and wakes with the right time, which the race clock then follows", async () => {
    const world = await setUp();
    await race10Hz(world, 3);
    world.suspend(10 * 60_000);
    await race10Hz(world, 4);
    expect(await world.logged()).toEqual(numbers(70));
    expect(await world.registry.render()).toContain('ingest_race_clock_changes_total{clock="machine"} 1');
    expect(await world.registry.render()).toContain('ingest_clock_offset_seconds{clock="machine"} 0');
  });

  test("when a clock that was wrong from the start is put right", async () => {
    const world = await setUp({ wallAheadMs: HOUR_MS });
    world.pass(1_000);
    expect(await world.send()).toEqual({ accepted: 0, rejected: { "ancient-time": 1 } });
    world.wall.advance(-HOUR_MS);
    await race10Hz(world, 4);
    expect(await world.registry.render()).toContain('ingest_race_clock_changes_total{clock="machine"} 1');
  });

  test.each([HOUR_MS, -HOUR_MS, 12 * HOUR_MS])(
    "when the clock is wrong by %d ms from the start, and the log is on another machine",
    async (wallAheadMs) => {
      const world = await setUp({ wallAheadMs, isLogRemote: true });
      const first = world.send();
      while ((await world.ticks()).length === 0) {
        world.pass(100);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect(await first).toEqual({ accepted: 1, rejected: {} });
      await race10Hz(world, 4);
      expect(await world.logged()).toEqual(numbers(41));
      const offset = /ingest_clock_offset_seconds{clock="machine"} (\S+)/.exec(await world.registry.render())?.[1];
      expect(Math.abs(Number(offset) - wallAheadMs / 1_000)).toBeLessThanOrEqual(1);
    },
  );

  test("when the whole machine stood still: its sender is told to send again until the log's clock is heard", async () => {
    const world = await setUp({ isLogRemote: true });
    await vi.waitFor(async () => {
      world.pass(100);
      expect(await world.registry.render()).toMatch(/ingest_clock_offset_seconds{clock="log"}/);
    });
    await race10Hz(world, 3);
    world.suspend(5 * 60_000, { isWallStopped: true });
    let refused = 0;
    for (;;) {
      const { accepted, rejected } = (await world.send()) ?? expect.unreachable("the queue is full");
      if (accepted === 1) break;
      expect(rejected).toEqual({ "clock-in-doubt": 1 });
      refused++;
      world.pass(100);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(50);
    await race10Hz(world, 4);
  });
});

test("whatever jumps the clock makes, each frame is taken", async () => {
  const jump = fc.record({
    afterFrames: fc.integer({ min: 1, max: 12 }),
    seconds: fc.integer({ min: -50_000, max: 50_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(jump, { minLength: 1, maxLength: 5 }), async (jumps) => {
      const world = await setUp();
      for (const { afterFrames, seconds } of jumps) {
        for (let count = 0; count < afterFrames; count++) await race10Hz(world, 0.1);
        // A step by less than a second is followed, so that many small ones are no jump but another time.
        world.wall.advance(seconds * 2_000);
      }
      await race10Hz(world, 0.5);
      await world.ingest.stop();
    }),
    { numRuns: 25 },
  );
});

test("a recording of a race in which clocks were wrong gives the same telemetry when it is replayed", async () => {
  const recordFile = join(folder, "jumps.rec");
  const world = await setUp({ wallAheadMs: HOUR_MS, options: { recordFile } });
  world.pass(1_000);
  expect(await world.send()).toEqual({ accepted: 0, rejected: { "ancient-time": 1 } });
  world.wall.advance(-HOUR_MS);
  await race10Hz(world, 4);
  world.suspend(10 * 60_000);
  await race10Hz(world, 4);
  await world.ingest.stop();
  const source = await openSource(`recording:${recordFile}`, { clock: world.wall });
  const replayed = (await collect(new HeadlessIngest(source).appends())).flat();
  await source.close?.();
  const frames = replayed.filter(({ subject }) => parseRaceSubject(subject)?.kind === "tel");
  const sequences = frames.map(({ payload }) => fromBinary(TelemetryFrameSchema, payload).sourceSequence);
  expect(sequences).toEqual(await world.logged());
  expect(sequences).toHaveLength(80);
});

describe("what a jump does", () => {
  test("is said in one line and counted, and the race clock goes on as before", async () => {
    const world = await setUp();
    await race10Hz(world, 3);
    world.wall.advance(HOUR_MS);
    await race10Hz(world, 20);
    expect(world.warnings).toEqual(["the machine's clock jumped, and the race clock goes on as before"]);
    const text = await world.registry.render();
    expect(text).toContain('ingest_clock_jumps_total{direction="forwards"} 1');
    expect(text).toContain('ingest_clock_offset_seconds{clock="machine"} 3600');
    expect(text).not.toContain("ingest_race_clock_changes_total{");
    world.wall.advance(-HOUR_MS);
    await race10Hz(world, 1);
    expect(world.warnings[1]).toBe("the machine's clock jumped, and agrees with the race clock again");
    expect(await world.registry.render()).toContain('ingest_clock_offset_seconds{clock="machine"} 0');
  });

  test("to the ticks is nothing: one each second, none twice", async () => {
    const world = await setUp();
    await race10Hz(world, 3);
    for (const jumpMs of [HOUR_MS, -2 * HOUR_MS, HOUR_MS, 90_000, -90_000]) {
      world.wall.advance(jumpMs);
      await race10Hz(world, 3);
    }
    await world.ingest.stop();
    const ticks = await world.ticks();
    expect(ticks).toEqual(numbers(ticks.length).map((index) => 1_000 * (index + (ticks[0] === 0 ? 0 : 1))));
    expect(ticks.length).toBeGreaterThanOrEqual(17);
  });
});
