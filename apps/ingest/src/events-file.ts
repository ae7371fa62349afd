import {
  CAR_ID_LENGTH_MAX,
  CONTROL_SCHEMA_VERSION,
  type ControlEvent,
  ControlEventSchema,
  create,
  FlagState,
  isCarId,
  LAP_NUMBER_MAX,
  type RaceDefinition,
} from "@burnline/contract";
import { assert, err, ok, type Result } from "@burnline/std";
import { z } from "zod";
import { FILL_LITRES_MAX } from "./control-admission.ts";
import type { Source, SourceItem } from "./source.ts";

/** A larger events file is refused. */
export const EVENTS_FILE_BYTES_MAX = 4 * 1024 * 1024;
const EVENTS_MAX = 20_000;

/** An event later than this behind the last telemetry is left out and counted: its time is a mistake. */
export const EVENT_AFTER_END_MS_MAX = 3_600_000;

const FLAG_NAMES = {
  green: FlagState.GREEN,
  caution: FlagState.CAUTION,
  red: FlagState.RED,
  white: FlagState.WHITE,
  checkered: FlagState.CHECKERED,
} as const;

const when = {
  /** Seconds since the recording's start. */
  atS: z
    .number()
    .min(0)
    .max(30 * 86_400)
    .optional(),
  /** Or the event time itself, ms since the epoch. */
  eventTimeMs: z.int().min(0).optional(),
};
const car = z.string().max(CAR_ID_LENGTH_MAX).refine(isCarId, "must be letters, digits, - and _").optional();

const eventSchema = z.discriminatedUnion("type", [
  z.strictObject({ ...when, type: z.literal("flag"), flag: z.enum(["green", "caution", "red", "white", "checkered"]) }),
  z.strictObject({
    ...when,
    type: z.literal("fill"),
    car,
    litres: z.number().min(0).max(FILL_LITRES_MAX).default(0),
    full: z.boolean().default(false),
  }),
  z.strictObject({ ...when, type: z.enum(["pitIn", "pitOut", "boxStop", "boxLeave"]), car }),
  z.strictObject({ ...when, type: z.literal("stageEnd"), stage: z.int().min(1).max(LAP_NUMBER_MAX) }),
  z.strictObject({ ...when, type: z.literal("lapLine"), car, lap: z.int().min(0).max(LAP_NUMBER_MAX) }),
  z.strictObject({
    ...when,
    type: z.literal("incident"),
    car,
    text: z.string().max(500).default(""),
    towed: z.boolean().default(false),
  }),
]);
const fileSchema = z.strictObject({ events: z.array(z.unknown()).max(EVENTS_MAX) });

type FileEvent = z.infer<typeof eventSchema>;

/** What the times and cars of an events file refer to. */
export interface EventsContext {
  readonly race: RaceDefinition;
  readonly startMs: number;
}

/**
 * Reads an events file: `{"events": [{"type": "flag", "atS": 12.5, "flag": "caution"}, ...]}`; the forms are in README.md.
 * @returns the control events in order of time, or what is wrong as the middle of a sentence.
 */
export function parseEventsFile(text: string, context: EventsContext): Result<readonly ControlEvent[], string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err("the events file is not JSON; correct it");
  }
  const file = fileSchema.safeParse(json);
  if (!file.success)
    return err(`the events file is wrong at ${issueText(file.error, "the top")}; see the README of ingest`);
  const events: ControlEvent[] = [];
  for (const [index, entry] of file.data.events.entries()) {
    const parsed = eventSchema.safeParse(entry);
    if (!parsed.success)
      return err(`the events file is wrong at events[${index}]${issueText(parsed.error, "")}; correct that event`);
    const event = toControlEvent(parsed.data, index, context);
    if (!event.ok) return err(`the events file is wrong at events[${index}]: ${event.error}`);
    events.push(event.value);
  }
  return ok(events.toSorted((a, b) => a.effectiveFromMs - b.effectiveFromMs));
}

/** A source with the events of a file beside it, each arriving when it happens. */
export function withEvents(source: Source, events: readonly ControlEvent[]): Source {
  assert(!source.live, "events stand beside a source that can be repeated");
  return { ...source, items: () => merged(source, events) };
}

async function* merged(source: Source, events: readonly ControlEvent[]): AsyncGenerator<SourceItem> {
  let next = 0;
  let arrivalMs = source.startMs;
  const dueBy = function* (timeMs: number): Generator<SourceItem> {
    for (;;) {
      const event = events[next];
      if (event === undefined || event.effectiveFromMs > timeMs) return;
      next++;
      arrivalMs = Math.max(arrivalMs, event.effectiveFromMs);
      yield { type: "control", arrivalMs, event };
    }
  };
  for await (const item of source.items()) {
    if (item.type !== "skipped") {
      yield* dueBy(item.arrivalMs);
      arrivalMs = Math.max(arrivalMs, item.arrivalMs);
    }
    yield item;
  }
  yield* dueBy(arrivalMs + EVENT_AFTER_END_MS_MAX);
  const leftOut = events.length - next;
  if (leftOut > 0) yield { type: "skipped", arrivalMs, reason: "event-after-end", count: leftOut };
}

function toControlEvent(event: FileEvent, index: number, context: EventsContext): Result<ControlEvent, string> {
  if ((event.atS === undefined) === (event.eventTimeMs === undefined)) {
    return err("an event has either atS (seconds since the start) or eventTimeMs; give exactly one");
  }
  const effectiveFromMs = event.eventTimeMs ?? context.startMs + Math.round((event.atS ?? 0) * 1000);
  const body = toBody(event, context.race);
  if (!body.ok) return body;
  return ok(
    create(ControlEventSchema, {
      schemaVersion: CONTROL_SCHEMA_VERSION,
      id: `file-${index}`,
      effectiveFromMs,
      event: body.value,
    }),
  );
}

type Body = NonNullable<Parameters<typeof create<typeof ControlEventSchema>>[1]>["event"] & object;

function toBody(event: FileEvent, race: RaceDefinition): Result<Body, string> {
  if (event.type === "flag") return ok({ case: "flagChanged", value: { flag: FLAG_NAMES[event.flag] } });
  if (event.type === "stageEnd") return ok({ case: "stageEnded", value: { stageNumber: event.stage } });
  const named = carOf(event.car, race);
  if (!named.ok) return named;
  const value = { car: named.value };
  switch (event.type) {
    case "fill":
      if (event.litres === 0 && !event.full) return err("a fill has litres above 0 or full: true; give one of them");
      return ok({ case: "fuelFilled", value: { ...value, litres: event.litres, full: event.full } });
    case "pitIn":
      return ok({ case: "pitRoadEntered", value });
    case "pitOut":
      return ok({ case: "pitRoadLeft", value });
    case "boxStop":
      return ok({ case: "boxStopped", value });
    case "boxLeave":
      return ok({ case: "boxLeft", value });
    case "lapLine":
      return ok({ case: "lapLineCrossed", value: { ...value, completedLapNumber: event.lap } });
    case "incident":
      return ok({ case: "incidentReported", value: { ...value, text: event.text, towed: event.towed } });
  }
}

/** The car that an event names, or the only one of the race. */
function carOf(car: string | undefined, race: RaceDefinition): Result<string, string> {
  const cars = race.entries.map((entry) => entry.car);
  if (car === undefined) {
    const [only] = cars;
    return only !== undefined && cars.length === 1
      ? ok(only)
      : err(`the race has ${cars.length} cars; say which one with "car"`);
  }
  if (!race.closedEntryList || cars.includes(car)) return ok(car);
  const known = cars.slice(0, 5).join(", ");
  return err(`the car ${car} is not in the race (${known}${cars.length > 5 ? ", ..." : ""}); correct it`);
}

/** The first fault that zod found, as "<path> (<what>)". */
function issueText(error: z.ZodError, top: string): string {
  const [issue] = error.issues;
  if (issue === undefined) return top;
  const path = issue.path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part).slice(0, 40)}`))
    .join("");
  const message = issue.message.replace(/\s+/g, " ").slice(0, 160);
  return `${path === "" ? top : path} (${message})`;
}
