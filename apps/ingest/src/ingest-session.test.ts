import {
  ControlEventSchema,
  create,
  FlagChangedSchema,
  FlagState,
  fromBinary,
  PARTITION_COUNT,
  partitionOf,
  TelemetryFrameSchema,
  TickSchema,
  toBinary,
} from "@burnline/contract";
import { frame } from "@burnline/contract/testing";
import { describe, expect, test } from "vitest";
import { HeadlessIngest } from "./headless-ingest.ts";
import { IngestSession, TICK_GAP_MS_MAX, TRAILING_TICKS } from "./ingest-session.ts";
import { SourceError, type SourceItem } from "./source.ts";
import { collect, controlEvent, listSource, race } from "./testing.ts";

const START = 1_000_000;
const session = (overrides = {}) => new IngestSession({ race: race(), startMs: START, live: false, ...overrides });
const frameItem = (arrivalMs: number, overrides = {}): SourceItem => ({
  type: "frame",
  arrivalMs,
  frame: frame({ eventTimeMs: arrivalMs - 100, ...overrides }),
});

test("the race definition comes first, in every partition", () => {
  const appends = session().start();
  expect(appends.map(({ partition }) => partition)).toEqual(
    Array.from({ length: PARTITION_COUNT }, (_, index) => index),
  );
  expect(appends[3]?.subject).toBe("race.test.3.ctl.race_definition");
  expect(new Set(appends.map(({ messageId }) => messageId)).size).toBe(PARTITION_COUNT);
  expect(fromBinary(ControlEventSchema, appends[0]!.payload)).toMatchObject({
    effectiveFromMs: START,
    event: { value: { race: "test" } },
  });
});

test("a changed race definition has another id, the same one the same", () => {
  const idOf = (overrides = {}) => session({ race: race(overrides) }).start()[0]?.messageId;
  expect(idOf()).toBe(idOf());
  expect(idOf()).not.toBe(idOf({ name: "Other" }));
});

describe("telemetry", () => {
  test("goes to its car's partition with the place of its item as id", () => {
    const ingest = session();
    ingest.accept({ type: "skipped", arrivalMs: START, reason: "first-tick", count: 1 });
    const [append] = ingest.accept(frameItem(START + 100)).appends;
    const partition = partitionOf("24");
    expect(append).toMatchObject({ partition, subject: `race.test.${partition}.tel.24`, messageId: "item:1" });
    expect(fromBinary(TelemetryFrameSchema, append!.payload).car).toBe("24");
  });

  test("sent twice goes twice: duplicates are the operator's to find", () => {
    const ingest = session();
    const ids = [1, 2].map(() => ingest.accept(frameItem(START + 100)).appends[0]?.messageId);
    expect(ids).toEqual(["item:0", "item:1"]);
  });

  test("of a live source has no id", () => {
    expect(session({ live: true }).accept(frameItem(START + 100)).appends[0]).not.toHaveProperty("messageId");
  });

  test("as bytes goes on byte for byte, fields of later versions included", () => {
    const bytes = new Uint8Array([...toBinary(TelemetryFrameSchema, frame({ eventTimeMs: START })), 0xf8, 0x7f, 0x01]);
    expect(session().accept({ type: "bytes", arrivalMs: START + 100, bytes }).appends[0]?.payload).toEqual(bytes);
  });

  test("refused is counted by reason and under its car", () => {
    const ingest = session();
    ingest.accept(frameItem(START + 100));
    expect(ingest.accept(frameItem(START + 100, { throttleBasisPoints: [] }))).toMatchObject({
      appends: [],
      fault: "column-length",
    });
    ingest.accept({ type: "bytes", arrivalMs: START + 100, bytes: new Uint8Array([255]) });
    expect(ingest.counts.toJson()).toMatchObject({
      framesAdmitted: 1,
      samplesAdmitted: 12,
      framesRejected: { "column-length": 1, undecodable: 1 },
      cars: { 24: { framesAdmitted: 1, samplesAdmitted: 12, framesRejected: 1 } },
    });
  });

  test("with a number that fits no field is refused and does not throw", () => {
    expect(session().accept(frameItem(START + 100, { gear: Array(12).fill(1e12) })).fault).toBe("out-of-range");
  });
});

describe("a control event", () => {
  test("that concerns all cars goes to every partition, once", () => {
    const ingest = session();
    const event = { case: "flagChanged", value: create(FlagChangedSchema, { flag: FlagState.CAUTION }) } as const;
    const item: SourceItem = { type: "control", arrivalMs: START, event: controlEvent({ id: "x", event }) };
    const { appends } = ingest.accept(item);
    expect(appends).toHaveLength(PARTITION_COUNT);
    expect(appends[63]).toMatchObject({ subject: "race.test.63.ctl.flag_changed", messageId: "ctl:x:63" });
    expect(ingest.accept(item)).toMatchObject({ appends: [], fault: "duplicate-control" });
  });

  // To every partition, the stops of forty cars at once were 12,800 records, which filled the queue and thinned telemetry.
  test("about one car goes to the partition of that car, once", () => {
    const ingest = session();
    const item: SourceItem = { type: "control", arrivalMs: START, event: controlEvent({ id: "x" }) };
    const { appends } = ingest.accept(item);
    const own = partitionOf("24");
    expect(appends).toMatchObject([
      { partition: own, subject: `race.test.${own}.ctl.pit_road_entered`, messageId: `ctl:x:${own}` },
    ]);
    expect(ingest.accept(item)).toMatchObject({ appends: [], fault: "duplicate-control" });
  });

  test("that redefines the race changes who is admitted", () => {
    const ingest = session({ race: race({ closedEntryList: true }) });
    const define = (id: string, car: string): SourceItem => ({
      type: "control",
      arrivalMs: START,
      event: controlEvent({
        id,
        event: {
          case: "raceDefinition",
          value: race({ closedEntryList: true, entries: [{ ...race().entries[0]!, car }] }),
        },
      }),
    });
    expect(ingest.accept(frameItem(START + 100, { car: "9" })).fault).toBe("unknown-car");
    expect(ingest.accept(define("d1", "9")).fault).toBeUndefined();
    expect(ingest.accept(frameItem(START + 100, { car: "9" })).fault).toBeUndefined();
    expect(ingest.accept(frameItem(START + 100, { car: "24" })).fault).toBe("unknown-car");
  });
});

describe("the 1 Hz tick", () => {
  test("is in every partition, each second of arrival time, before what arrives later", async () => {
    const items = [START + 100, START + 1_000, START + 1_001, START + 3_500].map((arrivalMs) => frameItem(arrivalMs));
    const groups = await collect(new HeadlessIngest(listSource(items, { startMs: START + 1 })).appends());
    const story = groups.map((group) =>
      group[0]!.subject.endsWith(".tick")
        ? `tick ${fromBinary(TickSchema, group[0]!.payload).eventTimeMs - START}`
        : group[0]!.subject.split(".")[3],
    );
    expect(story.slice(0, 8)).toEqual(["ctl", "tel", "tel", "tick 1000", "tel", "tick 2000", "tick 3000", "tel"]);
    expect(story.slice(8)).toEqual(Array.from({ length: TRAILING_TICKS }, (_, index) => `tick ${4000 + index * 1000}`));
    for (const group of groups.filter(([first]) => first!.subject.endsWith(".tick")))
      expect(group).toHaveLength(PARTITION_COUNT);
  });

  test("of a live source is not written after the fact, and comes again, under another id, for a second that comes again", () => {
    const live = session({ live: true });
    const ticksUntil = (arrivalMs: number) => {
      const ids = [];
      while (live.tickDue(START + arrivalMs)) ids.push(live.tick()[0]?.messageId?.replace("tick:", ""));
      return ids;
    };
    const id = (ms: number, again = "") => `${START + ms}:0${again}`;
    expect(ticksUntil(2_100)).toEqual([id(0), id(1_000), id(2_000)]);
    expect(ticksUntil(90_100)).toEqual([id(90_000)]);
    expect(ticksUntil(1_100)).toEqual([]);
    expect(ticksUntil(2_100)).toEqual([id(2_000, ":1")]);
    expect(ticksUntil(3_100)).toEqual([id(3_000, ":1")]);
    expect(ticksUntil(90_100)).toEqual([id(90_000, ":1")]);
    expect(ticksUntil(91_100)).toEqual([id(91_000)]);
  });

  test("does not fill a hole without end", async () => {
    const items = [frameItem(START + 100), frameItem(START + TICK_GAP_MS_MAX * 1_000)];
    const groups = await collect(new HeadlessIngest(listSource(items)).appends());
    expect(groups.filter(([first]) => first!.subject.endsWith(".tick")).length).toBeLessThan(TRAILING_TICKS + 5);
  });
});

test("the records depend on the items and on nothing else", async () => {
  const items: SourceItem[] = [
    {
      type: "control",
      arrivalMs: START + 50,
      event: controlEvent({ event: { case: "flagChanged", value: { flag: FlagState.GREEN } } }),
    },
    ...Array.from({ length: 30 }, (_, index) => frameItem(START + 100 * (index + 1), { sourceSequence: index })),
  ];
  const run = () => collect(new HeadlessIngest(listSource(items)).appends());
  expect(await run()).toEqual(await run());
});

test("a live source cannot be read headless", () => {
  expect(() => new HeadlessIngest(listSource([], { live: true }))).toThrow(SourceError);
});
