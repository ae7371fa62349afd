import { createHash } from "node:crypto";
import { OperatingError, type RaceStreamIds } from "@burnline/runtime";
import { type ArchiveManifest, SERIES } from "./archive-manifest.ts";
import { type ArchiveJob, archiveFolder, archiveRace, readManifest } from "./race-archive.ts";

type RaceLogsToArchive = Pick<ArchiveJob, "raceLog" | "factLog">;

export interface RemovalJob extends Pick<ArchiveJob, "raceId" | "track" | "objects" | "prefix" | "bucket" | "signal"> {
  /** What the race has now. */
  readonly streamIds: () => Promise<RaceStreamIds>;
  readonly logs: () => Promise<RaceLogsToArchive>;
  /** Last position of a log that is there. */
  readonly lastPosition: (log: "race" | "facts") => Promise<number>;
  readonly remove: () => Promise<readonly string[]>;
  /** Nobody works on the streams: no app of a release, and this operator still leads. */
  readonly isFree: () => boolean;
}

export interface RemovalTotals {
  /** Their names. */
  readonly streams: readonly string[];
}

/**
 * Removes a race's streams when everything in them is in its archive. What came since goes there first; then every object is
 * read back and compared with its checksum, and the streams have to be the ones that the archive was made from, at the very
 * positions at which it ends.
 * @throws OperatingError that says why they stay
 */
export async function removeArchivedStreams(job: RemovalJob): Promise<RemovalTotals> {
  const streamIds = await job.streamIds();
  const isAnythingHeld = streamIds.race !== undefined || streamIds.facts !== undefined;
  if (isAnythingHeld) {
    requireOwn(job, await requireManifest(job), streamIds);
    // With one of the two gone there is nothing to read it from; the positions below say whether the other one is all there.
    if (streamIds.race !== undefined && streamIds.facts !== undefined)
      await archiveRace({ ...job, ...(await job.logs()), streamIds });
    const manifest = await requireManifest(job);
    await verifyObjects(job, manifest);
    requireOwn(job, manifest, await job.streamIds());
    await requireEnd(job, manifest, streamIds);
  }
  job.signal.throwIfAborted();
  if (!job.isFree()) throw new OperatingError(`A release of ${job.raceId} is back: its streams stay.`);
  return { streams: await job.remove() };
}

async function requireManifest(job: RemovalJob): Promise<ArchiveManifest> {
  const manifest = await readManifest(job);
  if (manifest?.isComplete === true) return manifest;
  throw new OperatingError(`There is no whole archive in ${folderOf(job)}: the streams of ${job.raceId} stay.`);
}

/** A race id that comes again has streams of the same names; an archive of the former ones says nothing about them. */
function requireOwn(job: RemovalJob, { streams }: ArchiveManifest, held: RaceStreamIds): void {
  const isOwn = (["race", "facts"] as const).every((log) => held[log] === undefined || held[log] === streams?.[log]);
  if (isOwn) return;
  throw new OperatingError(
    `The archive in ${folderOf(job)} does not say that it is of these streams: those of ${job.raceId} stay. See that it is whole, and remove them by hand (docs/operations.md, NATS by hand).`,
  );
}

async function verifyObjects(job: RemovalJob, { series }: ArchiveManifest): Promise<void> {
  for (const { key, sha256 } of SERIES.flatMap((name) => series[name].chunks)) {
    job.signal.throwIfAborted();
    const bytes = await job.objects.get(key);
    if (bytes !== undefined && createHash("sha256").update(bytes).digest("hex") === sha256) continue;
    const fault = bytes === undefined ? "is not there" : "is not as it was written";
    throw new OperatingError(
      `s3://${job.bucket}/${key} ${fault}: the streams of ${job.raceId} stay. Move ${folderOf(job)} away and make the Race anew, and it is archived again.`,
    );
  }
}

async function requireEnd(job: RemovalJob, { series }: ArchiveManifest, held: RaceStreamIds): Promise<void> {
  const next = { race: Math.min(series.recording.nextPosition, series.corrections.nextPosition) };
  const ends = { ...next, facts: series.facts.nextPosition };
  for (const log of ["race", "facts"] as const) {
    if (held[log] === undefined || (await job.lastPosition(log)) < ends[log]) continue;
    throw new OperatingError(`Records of ${job.raceId} came behind its archive: its streams stay.`);
  }
}

function folderOf({ bucket, prefix, raceId }: RemovalJob): string {
  return `s3://${bucket}/${archiveFolder(prefix, raceId)}`;
}
