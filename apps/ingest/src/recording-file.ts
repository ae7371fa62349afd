import {
  CONTROL_BYTES_MAX,
  encodeRecordedControl,
  encodeRecordedFrame,
  fromBinary,
  MESSAGE_BYTES_MAX,
  RECORDING_FORMAT_VERSION,
  type RecordedItem,
  RecordedItemSchema,
  type RecordingHeader,
  TelemetryFrameSchema,
  toBinary,
} from "@burnline/contract";
import { nextArrivalMs } from "./arrival-clock.ts";
import { raceDefinitionFault } from "./control-admission.ts";
import { type RandomAccess, readChunks } from "./random-access.ts";
import { type Source, SourceError, type SourceItem } from "./source.ts";

/** Items longer than this are not recorded, and a length above it is no length: the largest control event and its frame. */
const RECORDED_ITEM_BYTES_MAX = Math.max(MESSAGE_BYTES_MAX, CONTROL_BYTES_MAX) + 1024;

/** One item as it is in the file; undefined for what a recording does not hold. */
export function encodeRecordedItem(item: SourceItem): Uint8Array | undefined {
  const { arrivalMs } = item;
  switch (item.type) {
    case "skipped":
      return undefined;
    case "control":
      return encodeRecordedControl(arrivalMs, item.event);
    case "bytes":
      if (item.bytes.length > MESSAGE_BYTES_MAX) return undefined;
      return encodeRecordedFrame(arrivalMs, item.bytes);
    case "frame":
      return encodeRecordedFrame(arrivalMs, toBinary(TelemetryFrameSchema, item.frame));
  }
}

/**
 * A Source over a recording.
 * @throws SourceError when the file is not a recording that this version reads.
 */
export async function openRecordingSource(access: RandomAccess, fileName: string): Promise<Source> {
  const { header, startMs } = await readHeader(access, fileName);
  const { race } = header;
  if (race === undefined || raceDefinitionFault(race, race.race) !== undefined) {
    throw new SourceError(`${fileName}: the recording has no sound race definition; record the race again.`);
  }
  return {
    description: `${fileName}: recording of ${header.source === "" ? "an unknown source" : header.source.slice(0, 120)}`,
    race,
    startMs,
    live: false,
    items: () => recordedItems(access),
  };
}

async function readHeader(
  access: RandomAccess,
  fileName: string,
): Promise<{ header: RecordingHeader; startMs: number }> {
  if (access.size === 0) throw new SourceError(`${fileName}: the recording is empty; record the race again.`);
  for await (const part of readDelimited(access)) {
    const first = part.type === "message" ? decodeItem(part.bytes) : undefined;
    const header = first?.header;
    if (first === undefined || header === undefined || !isTime(first.arrivalMs)) break;
    if (header.formatVersion !== RECORDING_FORMAT_VERSION) {
      throw new SourceError(
        `${fileName}: the recording has format version ${header.formatVersion} and this program reads ${RECORDING_FORMAT_VERSION}; use the program that wrote it.`,
      );
    }
    return { header, startMs: Math.floor(first.arrivalMs) };
  }
  throw new SourceError(`${fileName}: this is not a Burnline recording; name a file written with --record.`);
}

async function* recordedItems(access: RandomAccess): AsyncGenerator<SourceItem> {
  let arrivalMs = 0;
  let isHeader = true;
  for await (const part of readDelimited(access)) {
    if (isHeader) {
      isHeader = false;
      if (part.type === "message") arrivalMs = decodeItem(part.bytes)?.arrivalMs ?? 0;
      continue;
    }
    if (part.type === "tail") {
      yield { type: "skipped", arrivalMs, reason: "truncated-tail", count: 1 };
      continue;
    }
    const recorded = decodeItem(part.bytes);
    if (recorded === undefined || recorded.item.case === undefined || !isTime(recorded.arrivalMs)) {
      yield { type: "skipped", arrivalMs, reason: "undecodable-item", count: 1 };
      continue;
    }
    // In order as they were written, but for a clock that was set back; so a damaged time harms its own item only, too.
    arrivalMs = nextArrivalMs(arrivalMs, recorded.arrivalMs);
    const { item } = recorded;
    if (item.case === "frame") yield { type: "bytes", arrivalMs, bytes: item.value };
    else yield { type: "control", arrivalMs, event: item.value };
  }
}

/**
 * Offset behind the last whole item: where a recording that was cut off can be continued.
 * @throws SourceError when the file is not a recording of this race.
 */
export async function endOfWholeItems(access: RandomAccess, fileName: string, race: string): Promise<number> {
  const { header } = await readHeader(access, fileName);
  if (header.race?.race !== race) {
    throw new SourceError(`${fileName}: this is a recording of another race; give another file to --record.`);
  }
  let end = 0;
  for await (const part of readDelimited(access)) if (part.type === "message") end = part.end;
  return end;
}

type Part =
  | { readonly type: "message"; readonly bytes: Uint8Array; readonly end: number }
  /** The rest cannot be read: cut off, or a length that is none. */
  | { readonly type: "tail" };

/** Messages behind varint lengths, in bounded memory. */
async function* readDelimited(access: RandomAccess): AsyncGenerator<Part> {
  let held: Uint8Array = new Uint8Array(0);
  let heldAt = 0;
  for await (const chunk of readChunks(access)) {
    held = concat(held, chunk);
    let from = 0;
    for (;;) {
      const length = readVarint(held, from);
      if (length === "incomplete") break;
      if (length === "invalid") return yield { type: "tail" };
      const end = length.next + length.value;
      if (end > held.length) break;
      yield { type: "message", bytes: held.subarray(length.next, end), end: heldAt + end };
      from = end;
    }
    heldAt += from;
    held = held.subarray(from);
  }
  if (held.length > 0) yield { type: "tail" };
}

type Varint = { readonly value: number; readonly next: number } | "incomplete" | "invalid";

/** A length: at most RECORDED_ITEM_BYTES_MAX, so three bytes hold it. */
function readVarint(bytes: Uint8Array, from: number): Varint {
  let value = 0;
  for (let index = 0; index < 3; index++) {
    const byte = bytes[from + index];
    if (byte === undefined) return "incomplete";
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const isLength = value > 0 && value <= RECORDED_ITEM_BYTES_MAX;
      return isLength ? { value, next: from + index + 1 } : "invalid";
    }
  }
  return "invalid";
}

function decodeItem(bytes: Uint8Array): RecordedItem | undefined {
  try {
    return fromBinary(RecordedItemSchema, bytes);
  } catch {
    return undefined;
  }
}

/** A time before the year 2200, in ms. */
function isTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs < 7_258_118_400_000;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
