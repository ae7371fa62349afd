import { FlagState } from "@burnline/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVENT_AFTER_END_MS_MAX, parseEventsFile, withEvents } from "./events-file.ts";
import type { SourceItem } from "./source.ts";
import { collect, expectSentence, listSource, race } from "./testing.ts";

const START = 1_000_000;
const context = { race: race({ closedEntryList: true }), startMs: START };
const parse = (events: unknown, over = context) => parseEventsFile(JSON.stringify({ events }), over);

test("every form is read, with seconds since the start or with event times", () => {
  const parsed = parse([
    { type: "flag", atS: 12.5, flag: "caution" },
    { type: "fill", eventTimeMs: START + 20_000, litres: 12.5 },
    { type: "fill", atS: 21, car: "24", full: true },
    { type: "pitIn", atS: 18 },
    { type: "boxStop", atS: 19 },
    { type: "boxLeave", atS: 22 },
    { type: "pitOut", atS: 23 },
    { type: "stageEnd", atS: 30, stage: 1 },
    { type: "lapLine", atS: 31, lap: 4 },
    { type: "incident", atS: 32, text: "spin", towed: true },
  ]);
  if (!parsed.ok) throw new Error(parsed.error);
  expect(parsed.value.map((event) => [event.effectiveFromMs - START, event.event.case])).toEqual([
    [12_500, "flagChanged"],
    [18_000, "pitRoadEntered"],
    [19_000, "boxStopped"],
    [20_000, "fuelFilled"],
    [21_000, "fuelFilled"],
    [22_000, "boxLeft"],
    [23_000, "pitRoadLeft"],
    [30_000, "stageEnded"],
    [31_000, "lapLineCrossed"],
    [32_000, "incidentReported"],
  ]);
  expect(parsed.value[0]?.event.value).toMatchObject({ flag: FlagState.CAUTION });
  expect(parsed.value[3]?.event.value).toMatchObject({ car: "24", litres: 12.5, full: false });
  expect(parsed.value[4]?.event.value).toMatchObject({ car: "24", litres: 0, full: true });
});

describe("a faulty events file is told in one sentence, with its place", () => {
  test.each<[string, string, RegExp]>([
    ["not JSON", "{", /not JSON/],
    ["without events", "{}", /\.events/],
    ["a list", "[]", /the top/],
    ["an unknown type", '{"events":[{"type":"flagg","atS":1}]}', /events\[0\]\.type/],
    ["an unknown flag", '{"events":[{"type":"flag","atS":1,"flag":"blue"}]}', /events\[0\]\.flag/],
    ["a negative fill", '{"events":[{"type":"fill","atS":1,"litres":-3}]}', /events\[0\]\.litres/],
    ["a fill of nothing", '{"events":[{"type":"fill","atS":1}]}', /litres above 0 or full/],
    ["no time", '{"events":[{"type":"flag","flag":"red"}]}', /exactly one/],
    ["two times", '{"events":[{"type":"flag","flag":"red","atS":1,"eventTimeMs":1}]}', /exactly one/],
    ["a misspelt field", '{"events":[{"type":"fill","atS":1,"liters":5}]}', /liters/],
    ["an unknown car", '{"events":[{"type":"pitIn","atS":1,"car":"9"}]}', /car 9 is not in the race \(24\)/],
    ["a car with dots", '{"events":[{"type":"pitIn","atS":1,"car":"a.b"}]}', /events\[0\]\.car/],
    ["an event that is none", '{"events":[7]}', /events\[0\]/],
  ])("%s", (_, text, expected) => {
    const parsed = parseEventsFile(text, context);
    if (parsed.ok) throw new Error("was read");
    expect(parsed.error).toMatch(expected);
    expectSentence(`${parsed.error}.`);
  });

  test("a race of several cars needs the car", () => {
    const two = race({ entries: [race().entries[0]!, { ...race().entries[0]!, car: "9" }] });
    expect(parse([{ type: "pitIn", atS: 1 }], { ...context, race: two })).toMatchObject({
      ok: false,
      error: /which one/,
    });
  });
});

test("events arrive when they happen, between the items of the recording, and the last ones behind its end", async () => {
  const items: SourceItem[] = [100, 200, 300].map((ms) => ({
    type: "bytes",
    arrivalMs: START + ms,
    bytes: new Uint8Array(0),
  }));
  const events = parse([
    { type: "flag", atS: 0.2, flag: "caution" },
    { type: "flag", atS: 5, flag: "green" },
    { type: "flag", atS: 1 + EVENT_AFTER_END_MS_MAX / 1000 + 5, flag: "checkered" },
  ]);
  if (!events.ok) throw new Error(events.error);
  const merged = await collect(withEvents(listSource(items), events.value).items());
  expect(merged.map((item) => [item.type, item.arrivalMs - START])).toEqual([
    ["bytes", 100],
    ["control", 200],
    ["bytes", 200],
    ["bytes", 300],
    ["control", 5000],
    ["skipped", 5000],
  ]);
});

test("any events file gives events in order of time or one sentence", () => {
  const value = fc.oneof(
    fc.constantFrom("flag", "fill", "green", "24", "", "x.y"),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.jsonValue(),
  );
  const key = fc.constantFrom(
    "type",
    "atS",
    "eventTimeMs",
    "car",
    "litres",
    "full",
    "flag",
    "stage",
    "lap",
    "text",
    "towed",
    "__proto__",
  );
  const event = fc.oneof(
    fc.dictionary(key, value),
    fc
      .tuple(
        fc.constantFrom("flag", "fill", "pitIn", "stageEnd", "lapLine", "incident"),
        fc.dictionary(key, value),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
      )
      .map(([type, rest, atS]) => ({ flag: "green", litres: 3, stage: 1, lap: 1, ...rest, type, atS })),
  );
  const text = fc.oneof(
    fc.array(event, { maxLength: 4 }).map((events) => JSON.stringify({ events })),
    fc.json(),
    fc.string({ unit: "binary" }),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      const parsed = parseEventsFile(candidate, context);
      if (!parsed.ok) return expectSentence(`${parsed.error}.`);
      const times = parsed.value.map((one) => one.effectiveFromMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      for (const time of times) expect(Number.isSafeInteger(time)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
