import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import {
  ControlEventSchema,
  create,
  encodeRecordingHeader,
  fromBinary,
  type RaceDefinition,
  RaceDefinitionSchema,
  subjects,
} from "@burnline/contract";
import { type NatsEventLog, type ObjectClient, OperatingError, type RaceStreamIds } from "@burnline/runtime";
import { type ArchivedRecord, type ArchiveItem, ITEM_OF } from "./archive-items.ts";
import {
  type ArchiveManifest,
  type Chunk,
  emptyManifest,
  encodeManifest,
  parseManifest,
  SERIES,
  type Series,
  type SeriesState,
  totalsOf,
  withSeries,
} from "./archive-manifest.ts";
import type { ArchiveTotals } from "./race-resource.ts";

/** Uncompressed bytes of a chunk: what is held in memory, and done again when the operator dies. */
const CHUNK_BYTES_MAX = 8 * 1024 ** 2;
const READ_RECORDS_MAX = 500;
const READ_MS_MAX = 2_000;
/** A log that gives nothing so often, though it has more, has failed; it is tried again later. */
const EMPTY_READS_MAX = 10;
const ENDINGS: Readonly<Record<Series, string>> = {
  ...{ recording: "blrec.gz", corrections: "jsonl.gz", facts: "jsonl.gz" },
};

const compress = promisify(gzip);

export interface ArchiveJob {
  readonly raceId: string;
  readonly track: string;
  readonly raceLog: Pick<NatsEventLog, "open" | "bounds" | "newest">;
  readonly factLog: Pick<NatsEventLog, "open" | "bounds">;
  readonly streamIds: RaceStreamIds;
  readonly objects: Pick<ObjectClient, "get" | "put">;
  /** First part of the keys of snapshots; archives stand beside them. */
  readonly prefix: string;
  readonly bucket: string;
  readonly signal: AbortSignal;
  readonly chunkBytesMax?: number;
}

/** Not below the prefix: what is there are snapshots, and a bucket's rules may let those end. */
export function archiveFolder(prefix: string, raceId: string): string {
  return `archive/${prefix}/${raceId}`;
}

/**
 * Copies a race's log and facts into objects `archive/<prefix>/<race>/…`: chunks of a recording (`gunzip` of all of them, one
 * behind the other, is a file for `--source recording:FILE`), the model's corrections and the facts as lines of JSON, and
 * manifest.json with counts and checksums. It goes on where it stopped; done once more it adds only what is new. A chunk
 * depends on the log and its first position alone, so one that is written twice has the same bytes.
 * @throws OperatingError, or what the log and the object store throw
 */
export async function archiveRace(job: ArchiveJob): Promise<ArchiveTotals> {
  const folder = archiveFolder(job.prefix, job.raceId);
  const key = manifestKey(job);
  let manifest = (await readManifest(job)) ?? newManifest(job);
  for (const name of SERIES) {
    const log = name === "facts" ? job.factLog : job.raceLog;
    const { first, last } = await log.bounds();
    let state = manifest.series[name];
    if (state.nextPosition > last + 1) throw foreignArchive(job);
    if (first > state.nextPosition && first <= last)
      state = { ...state, nextPosition: first, lost: [...state.lost, { from: state.nextPosition, to: first - 1 }] };
    for await (const chunk of chunksOf(job, name, state, last)) {
      job.signal.throwIfAborted();
      const stored = await store(job, `${folder}/${name}-${digits(state.chunks.length)}.${ENDINGS[name]}`, chunk);
      const chunks = stored === undefined ? state.chunks : [...state.chunks, stored];
      state = { ...state, chunks, nextPosition: chunk.lastPosition + 1 };
      manifest = withSeries({ ...manifest, isComplete: false }, name, state);
      await job.objects.put(key, encodeManifest(manifest));
    }
    manifest = withSeries(manifest, name, state);
  }
  if (!manifest.isComplete) {
    manifest = { ...manifest, isComplete: true };
    await job.objects.put(key, encodeManifest(manifest));
  }
  return totalsOf(manifest, `s3://${job.bucket}/${folder}`);
}

type ManifestJob = Pick<ArchiveJob, "raceId" | "prefix" | "bucket" | "objects">;

/** Undefined when there is none. @throws OperatingError when it is not this race's */
export async function readManifest(job: ManifestJob): Promise<ArchiveManifest | undefined> {
  const bytes = await job.objects.get(manifestKey(job));
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes);
  if (manifest === undefined || manifest.raceId !== job.raceId) throw foreignArchive(job);
  return manifest;
}

function newManifest({ raceId, track, streamIds: { race, facts } }: ArchiveJob): ArchiveManifest {
  return emptyManifest(raceId, track, race === undefined || facts === undefined ? undefined : { race, facts });
}

function manifestKey({ prefix, raceId }: Pick<ArchiveJob, "prefix" | "raceId">): string {
  return `${archiveFolder(prefix, raceId)}/manifest.json`;
}

function foreignArchive(job: ManifestJob): OperatingError {
  return new OperatingError(
    `s3://${job.bucket}/${manifestKey(job)} is the archive of another race with the id ${job.raceId}: move its folder away, or give races ids of their own.`,
  );
}

/** What goes into one object. */
interface RawChunk {
  readonly firstPosition: number;
  readonly lastPosition: number;
  readonly items: readonly ArchiveItem[];
}

/** The stream from where the series stands to its last record, in chunks; one without items only moves the position. */
async function* chunksOf(job: ArchiveJob, name: Series, from: SeriesState, last: number): AsyncGenerator<RawChunk> {
  const log = name === "facts" ? job.factLog : job.raceLog;
  let position = from.nextPosition - 1;
  let firstPosition = from.nextPosition;
  let items: ArchiveItem[] = [];
  let bytes = 0;
  let needsHeader = from.chunks.length === 0 && name === "recording";
  for await (const record of recordsOf(log, position, last, job.signal)) {
    position = record.position;
    const item = ITEM_OF[name](record);
    if (item === undefined) continue;
    if (needsHeader) items.push(await header(job, record.appendedAtMs));
    needsHeader = false;
    items.push(item);
    bytes += item.bytes.length;
    if (bytes < (job.chunkBytesMax ?? CHUNK_BYTES_MAX)) continue;
    yield { firstPosition, lastPosition: position, items };
    [firstPosition, items, bytes] = [position + 1, [], 0];
  }
  if (last >= firstPosition) yield { firstPosition, lastPosition: last, items };
}

async function* recordsOf(
  log: Pick<NatsEventLog, "open">,
  after: number,
  last: number,
  signal: AbortSignal,
): AsyncGenerator<ArchivedRecord> {
  if (after >= last) return;
  const reader = await log.open({ after });
  try {
    let position = after;
    for (let emptyReads = 0; position < last; ) {
      signal.throwIfAborted();
      const records = await reader.next(READ_RECORDS_MAX, READ_MS_MAX);
      emptyReads = records.length === 0 ? emptyReads + 1 : 0;
      if (emptyReads > EMPTY_READS_MAX)
        throw new OperatingError(`The log gives nothing behind position ${position} of ${last}: check NATS.`);
      for (const record of records) {
        position = record.position;
        if (position <= last) yield record;
      }
    }
  } finally {
    await reader.close();
  }
}

/** A recording begins with the race as it was announced. */
async function header({ raceLog, raceId, track }: ArchiveJob, startMs: number): Promise<ArchiveItem> {
  const newest = await raceLog.newest(0, subjects.control(raceId, 0, "race_definition"));
  const event = newest === undefined ? undefined : fromBinary(ControlEventSchema, newest.payload).event;
  const race: RaceDefinition =
    event?.case === "raceDefinition"
      ? event.value
      : create(RaceDefinitionSchema, { race: raceId, name: raceId, track: { id: track, name: track, lengthM: 0 } });
  return { bytes: encodeRecordingHeader(race, `archive of ${raceId}`, startMs), isCounted: false };
}

async function store(job: ArchiveJob, key: string, chunk: RawChunk): Promise<Chunk | undefined> {
  const { firstPosition, lastPosition, items } = chunk;
  if (items.length === 0) return undefined;
  const raw = Buffer.concat(items.map(({ bytes }) => bytes));
  const bytes = await compress(raw);
  await job.objects.put(key, bytes);
  return {
    ...{ key, firstPosition, lastPosition, records: items.length },
    counted: items.filter(({ isCounted }) => isCounted).length,
    ...{ bytes: bytes.length, rawBytes: raw.length, sha256: createHash("sha256").update(bytes).digest("hex") },
  };
}

function digits(index: number): string {
  return String(index).padStart(5, "0");
}
