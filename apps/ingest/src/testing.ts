import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ControlEvent, RaceDefinition } from "@burnline/contract";
import { CONTROL_SCHEMA_VERSION, ControlEventSchema, create, RaceDefinitionSchema } from "@burnline/contract";
import { expect } from "vitest";
import type { QueueTiming } from "./append-queue.ts";
import { type Source, SourceError, type SourceItem } from "./source.ts";

/** One record of a synthetic .ibt; left out: a car at racing speed. */
export interface IbtRecord {
  SessionTime?: number;
  Throttle?: number;
  Brake?: number;
  RPM?: number;
  Gear?: number;
  Speed?: number;
  Lap?: number;
  LapDistPct?: number;
  OnPitRoad?: number;
  IsOnTrack?: number;
  SessionFlags?: number;
  Lat?: number;
  Lon?: number;
  FuelLevel?: number;
}
type ChannelName = keyof IbtRecord;

const TYPES: Record<ChannelName, number> = {
  SessionTime: 5,
  Throttle: 4,
  Brake: 4,
  RPM: 4,
  Gear: 2,
  Speed: 4,
  Lap: 2,
  LapDistPct: 4,
  OnPitRoad: 1,
  IsOnTrack: 1,
  SessionFlags: 3,
  Lat: 5,
  Lon: 5,
  FuelLevel: 4,
};
const TYPE_BYTES = [1, 1, 4, 4, 4, 8];

export const IBT_SESSION_TEXT = `---
WeekendInfo:
 TrackName: testring
 TrackDisplayName: Test Ring
 TrackLength: 2.50 km
DriverInfo:
 DriverCarIdx: 0
 DriverCarFuelKgPerLtr: 0.750
 DriverCarFuelMaxLtr: 100.000
 DriverCarMaxFuelPct: 0.500
 Drivers:
 - CarIdx: 0
   CarPath: testcar
...
`;

export interface IbtOptions {
  version?: number;
  tickRateHz?: number;
  without?: readonly ChannelName[];
  sessionText?: string;
  records?: readonly IbtRecord[];
  /** What the sub-header says; default the truth. */
  claimedRecordCount?: number;
}

/** Offset of the first record is at byte 52, of the record length at 36; see ibt-file.ts for the layout. */
export function buildIbt(options: IbtOptions = {}): Uint8Array {
  const tickRateHz = options.tickRateHz ?? 60;
  const names = (Object.keys(TYPES) as ChannelName[]).filter((name) => !options.without?.includes(name));
  const records = options.records ?? drive(120, tickRateHz);
  const text = new TextEncoder().encode(options.sessionText ?? IBT_SESSION_TEXT);
  const offsets = new Map<ChannelName, number>();
  let recordBytes = 0;
  for (const name of names) {
    offsets.set(name, recordBytes);
    recordBytes += TYPE_BYTES[TYPES[name]]!;
  }
  const textOffset = 144 + names.length * 144;
  const recordsOffset = textOffset + text.length;
  const bytes = new Uint8Array(recordsOffset + records.length * recordBytes);
  const view = new DataView(bytes.buffer);
  const header = [options.version ?? 2, 1, tickRateHz, 0, text.length, textOffset, names.length, 144, 1, recordBytes];
  for (const [index, value] of header.entries()) view.setInt32(index * 4, value, true);
  view.setInt32(52, recordsOffset, true);
  view.setInt32(140, options.claimedRecordCount ?? records.length, true);
  for (const [index, name] of names.entries()) {
    const at = 144 + index * 144;
    view.setInt32(at, TYPES[name], true);
    view.setInt32(at + 4, offsets.get(name)!, true);
    view.setInt32(at + 8, 1, true);
    bytes.set(new TextEncoder().encode(name), at + 16);
  }
  bytes.set(text, textOffset);
  for (const [index, record] of records.entries()) {
    for (const name of names) {
      writeValue(view, TYPES[name], recordsOffset + index * recordBytes + offsets.get(name)!, record[name] ?? 0);
    }
  }
  return bytes;
}

/** A car that goes round steadily from lap 1 on, with overrides per record. */
export function drive(
  count: number,
  tickRateHz = 60,
  override: (index: number) => IbtRecord = () => ({}),
): IbtRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    SessionTime: 100 + index / tickRateHz,
    Throttle: 0.75,
    RPM: 7000,
    Gear: 4,
    Speed: 50,
    Lap: 1,
    LapDistPct: ((index / tickRateHz) * 50) / 2500,
    IsOnTrack: 1,
    SessionFlags: 0x10000000,
    Lat: 36,
    Lon: 139,
    FuelLevel: 20,
    ...override(index),
  }));
}

function writeValue(view: DataView, type: number, at: number, value: number): void {
  if (type === 5) view.setFloat64(at, value, true);
  else if (type === 4) view.setFloat32(at, value, true);
  else if (type === 3) view.setUint32(at, value, true);
  else if (type === 2) view.setInt32(at, value, true);
  else view.setUint8(at, value);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export function framesOf(items: readonly SourceItem[]) {
  return items.flatMap((item) => (item.type === "frame" ? [item.frame] : []));
}

export function controlsOf(items: readonly SourceItem[]) {
  return items.flatMap((item) => (item.type === "control" ? [item.event] : []));
}

export function skippedOf(items: readonly SourceItem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) if (item.type === "skipped") counts[item.reason] = (counts[item.reason] ?? 0) + item.count;
  return counts;
}

/** A repeatable source of given items. */
export function listSource(items: readonly SourceItem[], overrides: Partial<Source> = {}): Source {
  return {
    description: "a list",
    race: race(),
    startMs: 1_000_000,
    live: false,
    items: async function* () {
      yield* items;
    },
    ...overrides,
  };
}

export function race(overrides: Partial<RaceDefinition> = {}): RaceDefinition {
  return { ...create(RaceDefinitionSchema, { race: "test", entries: [{ car: "24" }] }), ...overrides };
}

export function controlEvent(overrides: MessageInitShape<typeof ControlEventSchema> = {}): ControlEvent {
  return create(ControlEventSchema, {
    schemaVersion: CONTROL_SCHEMA_VERSION,
    id: "e1",
    effectiveFromMs: 1_000_000,
    event: { case: "pitRoadEntered", value: { car: "24" } },
    ...overrides,
  });
}

/** The message of the SourceError that this must end with; also checks that it is one sentence. */
export async function sentenceOf(run: () => Promise<unknown>): Promise<string> {
  const error = await run().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SourceError);
  const { message } = error as SourceError;
  expectSentence(message);
  return message;
}

/** One line, ends with a full stop, says what to do behind a semicolon or comma. */
export function expectSentence(message: string): void {
  expect(message).toMatch(/^[^\n\r]{10,600}\.$/);
  expect(message).toMatch(/[;,] /);
}

/** Does not wait; the clock goes as far as was slept. */
export function instantTiming(clock?: { advance(ms: number): void }): QueueTiming & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    async sleep(ms) {
      slept.push(ms);
      clock?.advance(ms);
    },
    yieldTurn: async () => {},
    steadyMs: () => slept.reduce((sum, ms) => sum + ms, 0),
    random: () => 0.5,
  };
}

export const quietLogger = { info: () => {}, warn: () => {}, error: () => {} };
