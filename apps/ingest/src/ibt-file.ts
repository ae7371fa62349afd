import { SAMPLE_RATE_HZ_MAX, SAMPLE_RATE_HZ_MIN } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { type IbtSession, parseIbtSession, SESSION_TEXT_BYTES_MAX } from "./ibt-session.ts";
import { type RandomAccess, READ_CHUNK_BYTES } from "./random-access.ts";

/*
 * Layout of an .ibt file, all little-endian (iRacing SDK, irsdk_defines.h; checked against the files of
 * ../shared/data/real):
 *
 *   0    header: int32 ver, status, tickRate, sessionInfoUpdate, sessionInfoLen, sessionInfoOffset, numVars,
 *        varHeaderOffset, numBuf, bufLen
 *   48   first buffer descriptor: int32 tickCount, bufOffset
 *   112  disk sub-header: int64 startDate, double startTime, double endTime, int32 lapCount, int32 recordCount
 *   144  in any order: variable headers, session text, records of bufLen bytes each
 */
const HEADER_BYTES = 144;
const VARIABLE_HEADER_BYTES = 144;

/** Real files have some 300 channels of up to 2 kB together; a header that claims more than this lies. */
const VARIABLES_MAX = 8192;
const RECORD_BYTES_MAX = 128 * 1024;

/** Bytes per value by type number: char, bool, int, bit field, float, double. */
const TYPE_BYTES = [1, 1, 4, 4, 4, 8] as const;

interface Channel {
  readonly type: number;
  readonly offset: number;
}

/** Reads one number of a record; undefined channels were not in the file. */
export type ChannelReader = (record: DataView) => number;

/** A sound .ibt: what its header says, checked against the file that it is in. */
export interface IbtFile {
  readonly version: number;
  readonly tickRateHz: number;
  readonly recordCount: number;
  /** Records that the header promises and the file does not have. */
  readonly missingRecordCount: number;
  /** The file goes on inside a record. */
  readonly hasPartialRecord: boolean;
  readonly session: IbtSession;
  /** The first value of a channel; undefined when the file has no such channel. */
  channel(name: string): ChannelReader | undefined;
  /** The records in order, in one reused view each; valid until the next step. */
  records(): AsyncGenerator<DataView>;
}

/** Opens an .ibt. @returns the file, or what is wrong with it as the middle of a sentence, and what to do about it. */
export async function openIbtFile(access: RandomAccess): Promise<Result<IbtFile, string>> {
  if (access.size === 0) return err("the file is empty; record the session again");
  if (access.size < HEADER_BYTES) {
    return err(`the file has ${access.size} bytes, fewer than an .ibt header; copy it again from the simulator`);
  }
  const header = viewOf(await access.read(0, HEADER_BYTES));
  if (header.byteLength < HEADER_BYTES)
    return err("the file became shorter while it was read; try again when it is closed");
  const fields = readFields(header);
  const fault = headerFault(fields, access.size);
  if (fault !== undefined) return err(fault);
  const channels = readChannels(
    viewOf(await access.read(fields.variablesOffset, fields.variableCount * VARIABLE_HEADER_BYTES)),
  );
  if (!channels.ok) return err(channels.error);
  for (const [name, { type, offset }] of channels.value) {
    if (offset + (TYPE_BYTES[type] ?? 0) > fields.recordBytes) {
      return err(
        `the channel ${name} lies outside its record, so the header is damaged; copy the file again from the simulator`,
      );
    }
  }
  const recordsHeld = Math.floor((access.size - fields.recordsOffset) / fields.recordBytes);
  if (recordsHeld === 0) return err("the file holds no complete record; record for longer or copy it again");
  // A simulator that crashed never wrote the count: then the file's length decides.
  const recordCount = fields.recordCount > 0 ? Math.min(fields.recordCount, recordsHeld) : recordsHeld;
  const sessionText = await readSessionText(access, fields);
  return ok({
    version: fields.version,
    tickRateHz: fields.tickRateHz,
    recordCount,
    missingRecordCount: Math.max(0, fields.recordCount - recordsHeld),
    hasPartialRecord: recordCount === recordsHeld && (access.size - fields.recordsOffset) % fields.recordBytes !== 0,
    session: parseIbtSession(sessionText),
    channel: (name) => readerOf(channels.value.get(name)),
    records: () => readRecords(access, fields, recordCount),
  });
}

interface HeaderFields {
  readonly version: number;
  readonly tickRateHz: number;
  readonly sessionTextBytes: number;
  readonly sessionTextOffset: number;
  readonly variableCount: number;
  readonly variablesOffset: number;
  readonly bufferCount: number;
  readonly recordBytes: number;
  readonly recordsOffset: number;
  readonly recordCount: number;
}

function readFields(header: DataView): HeaderFields {
  const int = (offset: number) => header.getInt32(offset, true);
  return {
    version: int(0),
    tickRateHz: int(8),
    sessionTextBytes: int(16),
    sessionTextOffset: int(20),
    variableCount: int(24),
    variablesOffset: int(28),
    bufferCount: int(32),
    recordBytes: int(36),
    recordsOffset: int(52),
    recordCount: int(140),
  };
}

/** The first lie in the header. Everything read later is inside what is checked here. */
function headerFault(fields: HeaderFields, size: number): string | undefined {
  if (fields.version !== 1 && fields.version !== 2) {
    return "this is not an .ibt file of iRacing (version 1 or 2); name a file from the simulator's telemetry folder";
  }
  const damaged = (what: string) => `the header says ${what}, so it is damaged; copy the file again from the simulator`;
  if (fields.tickRateHz < SAMPLE_RATE_HZ_MIN || fields.tickRateHz > SAMPLE_RATE_HZ_MAX) {
    return damaged(`that the tick rate is ${fields.tickRateHz} Hz`);
  }
  if (fields.bufferCount < 1) return damaged(`that there are ${fields.bufferCount} buffers`);
  if (fields.variableCount < 1 || fields.variableCount > VARIABLES_MAX) {
    return damaged(`that there are ${fields.variableCount} channels`);
  }
  if (
    fields.variablesOffset < HEADER_BYTES ||
    fields.variablesOffset + fields.variableCount * VARIABLE_HEADER_BYTES > size
  ) {
    return damaged("that its channel list lies outside the file");
  }
  if (fields.recordBytes < 1 || fields.recordBytes > RECORD_BYTES_MAX) {
    return damaged(`that a record has ${fields.recordBytes} bytes`);
  }
  if (fields.recordsOffset < HEADER_BYTES || fields.recordsOffset > size) {
    return damaged("that its records lie outside the file");
  }
  const hasSessionText = fields.sessionTextBytes !== 0;
  if (
    hasSessionText &&
    (fields.sessionTextBytes < 0 ||
      fields.sessionTextOffset < HEADER_BYTES ||
      fields.sessionTextOffset + fields.sessionTextBytes > size)
  ) {
    return damaged("that its session text lies outside the file");
  }
  return undefined;
}

function readChannels(headers: DataView): Result<Map<string, Channel>, string> {
  const channels = new Map<string, Channel>();
  for (let start = 0; start + VARIABLE_HEADER_BYTES <= headers.byteLength; start += VARIABLE_HEADER_BYTES) {
    const type = headers.getInt32(start, true);
    const offset = headers.getInt32(start + 4, true);
    const count = headers.getInt32(start + 8, true);
    const name = latin1(new Uint8Array(headers.buffer, headers.byteOffset + start + 16, 32));
    if (name === "") continue;
    const isSound = /^[A-Za-z0-9_]+$/.test(name) && TYPE_BYTES[type] !== undefined && offset >= 0 && count >= 1;
    if (!isSound)
      return err(
        "a channel in its header makes no sense, so the header is damaged; copy the file again from the simulator",
      );
    channels.set(name, { type, offset });
  }
  return ok(channels);
}

async function readSessionText(access: RandomAccess, fields: HeaderFields): Promise<string> {
  if (fields.sessionTextBytes === 0 || fields.sessionTextBytes > SESSION_TEXT_BYTES_MAX) return "";
  return latin1(await access.read(fields.sessionTextOffset, fields.sessionTextBytes));
}

function readerOf(channel: Channel | undefined): ChannelReader | undefined {
  if (channel === undefined) return undefined;
  const { type, offset } = channel;
  switch (type) {
    case 0:
    case 1:
      return (record) => record.getUint8(offset);
    case 2:
      return (record) => record.getInt32(offset, true);
    case 3:
      return (record) => record.getUint32(offset, true);
    case 4:
      return (record) => record.getFloat32(offset, true);
    default:
      return (record) => record.getFloat64(offset, true);
  }
}

async function* readRecords(access: RandomAccess, fields: HeaderFields, recordCount: number): AsyncGenerator<DataView> {
  const { recordBytes, recordsOffset } = fields;
  const recordsPerRead = Math.max(1, Math.floor(READ_CHUNK_BYTES / recordBytes));
  for (let first = 0; first < recordCount; first += recordsPerRead) {
    const wanted = Math.min(recordsPerRead, recordCount - first);
    const chunk = await access.read(recordsOffset + first * recordBytes, wanted * recordBytes);
    const held = Math.floor(chunk.length / recordBytes);
    for (let index = 0; index < held; index++) {
      yield new DataView(chunk.buffer, chunk.byteOffset + index * recordBytes, recordBytes);
    }
    // The file became shorter while it was read.
    if (held < wanted) return;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Latin-1 up to the first NUL. */
function latin1(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(nul === -1 ? bytes : bytes.subarray(0, nul));
}
