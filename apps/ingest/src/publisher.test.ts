import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  fromBinary,
  type RaceClock,
  RaceDefinitionSchema,
  TelemetryFrameSchema,
  toJsonString,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { MemoryEventLog, Metrics } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { createIngest, type IngestOptions } from "./ingest.ts";
import { openSource } from "./open-source.ts";
import { createIngestMetrics } from "./prometheus-metrics.ts";
import { PushSource } from "./push-source.ts";
import type { SourceItem } from "./source.ts";
import {
  buildIbt,
  collect,
  controlEvent,
  instantTiming,
  listSource,
  quietLogger,
  race,
  sentenceOf,
} from "./testing.ts";

const START = 1_000_000;
const WALL = 1_750_000_000_000;
const items: readonly SourceItem[] = Array.from({ length: 40 }, (_, index) => ({
  type: "frame",
  arrivalMs: START + 100 * (index + 1),
  frame: frame({ eventTimeMs: START + 100 * index, sourceSequence: index }),
}));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "burnline-ingest-"));
});
afterEach(() => rm(folder, { recursive: true }));

function setUp(overrides: Partial<IngestOptions> = {}) {
  const clock = new StepClock(WALL);
  const log = new MemoryEventLog(clock);
  const clocks: RaceClock[] = [];
  const ingest = createIngest({
    raceLog: log,
    source: listSource(items),
    clock,
    logger: quietLogger,
    timing: instantTiming(clock),
    onRaceClock: (raceClock) => clocks.push(raceClock),
    ...overrides,
  });
  return { clock, log, clocks, ingest };
}

async function recordsOf(log: MemoryEventLog) {
  const reader = await log.open({ after: 0 });
  const records = [];
  for (;;) {
    const next = await reader.next(1_000, 0);
    if (next.length === 0) return records;
    records.push(...next);
  }
}

const bare = ({ subject, payload }: { subject: string; payload: Uint8Array }) => ({ subject, payload });

test("the live chain and the headless run put the same records in the same order", async () => {
  const { log, ingest } = setUp();
  await ingest.start();
  await ingest.done;
  const headless = (await collect(new HeadlessIngest(listSource(items)).appends())).flat();
  expect((await recordsOf(log)).map(bare)).toEqual(headless.map(bare));
  expect(ingest.counts()).toMatchObject({ framesAdmitted: 40, samplesAdmitted: 480 });
});

test("at speed 10 a record enters the log when a tenth of its race time has passed", async () => {
  const { log, ingest, clocks } = setUp({ options: { speed: 10 } });
  await ingest.start();
  await ingest.done;
  expect(clocks).toMatchObject([{ anchorEventMs: START, anchorWallMs: WALL, speed: 10 }]);
  const records = (await recordsOf(log)).filter(({ subject }) => subject.includes(".tel."));
  // The batches' own waiting is in the same clock, so a record may be later by some batches.
  for (const [index, record] of records.entries())
    expect(record.appendedAtMs - WALL).toBeGreaterThanOrEqual(10 * (index + 1));
});

test("stopped in the middle and started again on the same log, nothing is missing or doubled", async () => {
  const { log, ingest, clock } = setUp();
  let seen = 0;
  const stopping = listSource(items, {
    items: async function* () {
      for (const item of items) {
        if (++seen === 17) void ingest2.stop();
        yield item;
      }
    },
  });
  const ingest2 = createIngest({
    raceLog: log,
    source: stopping,
    clock,
    logger: quietLogger,
    timing: instantTiming(clock),
  });
  await ingest2.start();
  await ingest2.done;
  const halfway = (await recordsOf(log)).length;
  expect(halfway).toBeLessThan(64 * 5 + 20);
  await ingest.start();
  await ingest.done;
  const headless = (await collect(new HeadlessIngest(listSource(items)).appends())).flat();
  expect((await recordsOf(log)).map(bare)).toEqual(headless.map(bare));
});

test.each([0, -1, Number.NaN, 1e9])("a speed of %d is refused in one sentence", async (speed) => {
  const { ingest } = setUp({ options: { speed } });
  expect(await sentenceOf(() => ingest.start())).toMatch(/speed/);
  await expect(ingest.done).rejects.toThrow(/speed/);
});

test("a recording of a run, replayed, gives the same records", async () => {
  const recordFile = join(folder, "race.rec");
  const first = setUp({ options: { recordFile } });
  await first.ingest.start();
  await first.ingest.done;
  const replay = await openSource(`recording:${recordFile}`, { clock: first.clock });
  const second = setUp({ source: replay });
  await second.ingest.start();
  await second.ingest.done;
  expect((await recordsOf(second.log)).map(bare)).toEqual((await recordsOf(first.log)).map(bare));
});

test("no file that is something else is recorded over, and no source", async () => {
  const other = join(folder, "notes.txt");
  await writeFile(other, "precious");
  expect(await sentenceOf(() => setUp({ options: { recordFile: other } }).ingest.start())).toMatch(
    /not a Burnline recording/,
  );
  expect(await readFile(other, "utf8")).toBe("precious");
  const missing = join(folder, "no", "such.rec");
  expect(await sentenceOf(() => setUp({ options: { recordFile: missing } }).ingest.start())).toMatch(
    /cannot be written/,
  );
  const own = join(folder, "own.rec");
  const first = setUp({ options: { recordFile: own } });
  await first.ingest.start();
  await first.ingest.done;
  const source = await openSource(`recording:${own}`, { clock: first.clock });
  expect(await sentenceOf(() => setUp({ source, options: { recordFile: own } }).ingest.start())).toMatch(
    /overwrite the source/,
  );
});

test("a live race goes on in its recording after a restart", async () => {
  const recordFile = join(folder, "live.rec");
  const clock = new StepClock(WALL);
  const log = new MemoryEventLog(clock);
  for (const sourceSequence of [0, 1]) {
    const source = new PushSource({ clock });
    const ingest = createIngest({ raceLog: log, source, clock, logger: quietLogger, options: { recordFile } });
    await ingest.start();
    const one = frame({ eventTimeMs: clock.nowMs(), sourceSequence });
    expect(await source.offer([{ type: "frame", frame: one }], 100)).toEqual({ accepted: 1, rejected: {} });
    await ingest.stop();
    clock.advance(500);
  }
  const replay = await openSource(`recording:${recordFile}`, { clock });
  expect(await collect(replay.items())).toHaveLength(2);
  await replay.close?.();
});

test("a live race ticks with the clock though nothing arrives, and takes up the definition that its log holds", async () => {
  const clock = new StepClock(WALL);
  const log = new MemoryEventLog(clock);
  const run = async (during: (source: PushSource) => Promise<void>) => {
    const source = new PushSource({ clock });
    const timing = {
      sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
      yieldTurn: () => new Promise<void>((resolve) => setImmediate(resolve)),
      steadyMs: () => clock.nowMs(),
      random: () => 0.5,
    };
    const ingest = createIngest({ raceLog: log, source, clock, logger: quietLogger, timing });
    await ingest.start();
    await during(source);
    await ingest.stop();
  };
  await run(async (source) => {
    const closed = race({ race: "live", closedEntryList: true });
    const event = controlEvent({ effectiveFromMs: WALL, event: { case: "raceDefinition", value: closed } });
    await source.offer([{ type: "control", event }], 100);
    clock.advance(3_000);
    await new Promise((resolve) => setTimeout(resolve, 120));
  });
  const ticks = (await recordsOf(log)).filter(({ subject }) => subject.endsWith(".0.tick"));
  expect(ticks).toHaveLength(3);
  await run(async (source) => {
    const unknown = frame({ car: "99", eventTimeMs: clock.nowMs() });
    expect(await source.offer([{ type: "frame", frame: unknown }], 100)).toEqual({
      accepted: 0,
      rejected: { "unknown-car": 1 },
    });
  });
});

test("files are opened by their address, each fault in one sentence", async () => {
  const clock = new StepClock(WALL);
  const ibt = join(folder, "my car (1).ibt");
  await writeFile(ibt, buildIbt());
  const source = await openSource(`ibt:${ibt}`, {
    clock,
    recorded: { car: "7", knownCarProfiles: new Set(["nextgen"]) },
  });
  expect(source.race).toMatchObject({ race: "my-car-1", carProfile: "generic", entries: [{ car: "7" }] });
  await source.close?.();
  const fail = (address: string, options = {}) => sentenceOf(() => openSource(address, { clock, ...options }));
  expect(await fail(`ibt:${join(folder, "none.ibt")}`)).toMatch(/no such file/);
  expect(await fail(`ibt:${folder}`)).toMatch(/not a file/);
  expect(await fail("tape")).toMatch(/use one of: sim, ibt:FILE/);
  expect(await fail(`ibt:${ibt}`, { recorded: { car: "a b" } })).toMatch(/car id/);
  expect(await fail("sim", { sim: { track: "moon" } })).toMatch(/no track "moon"/);
  expect(await fail("sim", { sim: { cars: 0 } })).toMatch(/number of cars is 0/);
  const events = join(folder, "events.json");
  await writeFile(events, '{"events":[{"type":"fill","atS":1}]}');
  expect(await fail(`ibt:${ibt}`, { eventsFile: events })).toMatch(/^events\.json: .*litres/);
  expect(await fail("push", { eventsFile: events })).toMatch(/needs a recording to stand beside/);
  await writeFile(events, '{"events":[{"type":"fill","atS":1,"full":true}]}');
  const filled = await openSource(`ibt:${ibt}`, { clock, eventsFile: events });
  expect((await collect(filled.items())).filter((item) => item.type === "control")).toHaveLength(2);
  await filled.close?.();
});

test("a push race can be defined in a file", async () => {
  const clock = new StepClock(WALL);
  const raceFile = join(folder, "race.json");
  await writeFile(raceFile, toJsonString(RaceDefinitionSchema, race({ race: "cup-1" })));
  expect(await openSource("push", { clock, raceFile })).toMatchObject({
    race: { race: "cup-1" },
    provisionalRace: false,
  });
  for (const [text, expected] of [
    ["{", /cannot be read/],
    ['{"race":"a.b"}', /field "race"/],
    ['{"race":"a","entries":[{"car":"1"},{"car":"1"}]}', /a car twice/],
  ] as const) {
    await writeFile(raceFile, text);
    expect(await sentenceOf(() => openSource("push", { clock, raceFile }))).toMatch(expected);
  }
});

test("a live source whose log is slow is thinned, and its samples stand for as long as before", async () => {
  const clock = new StepClock(WALL);
  const memory = new MemoryEventLog(clock);
  const gate = Promise.withResolvers<void>();
  const log = new Proxy(memory, {
    get: (target, name) => {
      if (name === "append") {
        return async (records: Parameters<typeof target.append>[0]) => {
          await gate.promise;
          return target.append(records);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const source = new PushSource({ clock, raceId: "live" });
  const registry = new Metrics(["ingest"]);
  const metrics = createIngestMetrics(registry);
  const ingest = createIngest({ raceLog: log, source, clock, logger: quietLogger, metrics });
  await ingest.start();
  const frames = Array.from({ length: 2_000 }, (_, sourceSequence) => frame({ eventTimeMs: WALL, sourceSequence }));
  const cars = Array.from({ length: 20 }, (_, index) => `${index}`);
  const acks = [];
  for (const [index, car] of cars.entries()) {
    const some = frames
      .slice(index * 100, (index + 1) * 100)
      .map((one) => ({ type: "frame" as const, frame: { ...one, car } }));
    acks.push(source.offer(some, 1_000));
  }
  await vi.waitFor(async () => expect(await registry.render()).toMatch(/^ingest_sampling_limit_hertz 10$/m));
  gate.resolve();
  for (const ack of acks) expect(await ack).toEqual({ accepted: 100, rejected: {} });
  await ingest.stop();

  const logged = (await recordsOf(memory)).filter(({ subject }) => subject.includes(".tel."));
  const decoded = logged.map(({ payload }) => fromBinary(TelemetryFrameSchema, payload));
  expect(decoded).toHaveLength(2_000);
  for (const { offsetMs, sampleRateHz, sourceRateHz } of decoded) {
    expect(offsetMs.length / sampleRateHz).toBeCloseTo(0.1, 9);
    expect(sourceRateHz).toBe(120);
  }
  expect(new Set(decoded.map(({ sampleRateHz }) => sampleRateHz))).toEqual(new Set([120, 60, 30, 10]));
  const thinned = decoded.reduce((sum, { offsetMs }) => sum + 12 - offsetMs.length, 0);
  expect(await registry.render()).toContain(`ingest_samples_thinned_total ${thinned}`);
});
