import { z } from "zod";
import type { ArchiveTotals } from "./race-resource.ts";

/** recording: frames and control events, to be replayed. corrections: the model's answers. facts: what was said. */
export const SERIES = ["recording", "corrections", "facts"] as const;
export type Series = (typeof SERIES)[number];

const position = z.int().min(0);

const chunkSchema = z.object({
  key: z.string(),
  firstPosition: position,
  lastPosition: position,
  /** Items in it, and how many of them are what the series is about: frames, corrections, facts. */
  records: z.int().min(0),
  counted: z.int().min(0),
  bytes: z.int().min(0),
  rawBytes: z.int().min(0),
  /** Of the object, in hex. */
  sha256: z.string(),
});
export type Chunk = z.output<typeof chunkSchema>;

const seriesSchema = z.object({
  chunks: z.array(chunkSchema),
  /** The first position of the stream that no chunk takes in yet. */
  nextPosition: position,
  /** Positions that the stream had forgotten before they were archived. */
  lost: z.array(z.object({ from: position, to: position })),
});
export type SeriesState = z.output<typeof seriesSchema>;

const manifestSchema = z.object({
  formatVersion: z.literal(1),
  raceId: z.string(),
  track: z.string(),
  /** When the streams that it was made from were made; absent when that is not known, as in archives of older versions. */
  streams: z.object({ race: z.string(), facts: z.string() }).optional(),
  isComplete: z.boolean(),
  series: z.object({ recording: seriesSchema, corrections: seriesSchema, facts: seriesSchema }),
});

/** What an archive holds, and at the same time how far it has come: it is written anew after every chunk. */
export type ArchiveManifest = z.output<typeof manifestSchema>;

/** @param streams undefined: not known */
export function emptyManifest(raceId: string, track: string, streams: ArchiveManifest["streams"]): ArchiveManifest {
  const nothing: SeriesState = { chunks: [], nextPosition: 1, lost: [] };
  const series = { recording: nothing, corrections: nothing, facts: nothing };
  // In the order in which it is read back: a manifest has the same bytes whoever goes on with it.
  const about = { formatVersion: 1 as const, raceId, track, ...(streams === undefined ? {} : { streams }) };
  return { ...about, isComplete: false, series };
}

/** Undefined when it is not one of ours. */
export function parseManifest(bytes: Uint8Array): ArchiveManifest | undefined {
  try {
    return manifestSchema.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    return undefined;
  }
}

export function encodeManifest(manifest: ArchiveManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 1)}\n`);
}

export function withSeries(manifest: ArchiveManifest, name: Series, state: SeriesState): ArchiveManifest {
  return { ...manifest, series: { ...manifest.series, [name]: state } };
}

export function totalsOf({ series }: ArchiveManifest, uri: string): ArchiveTotals {
  const chunks = SERIES.flatMap((name) => series[name].chunks);
  const counted = (name: Series) => series[name].chunks.reduce((sum, chunk) => sum + chunk.counted, 0);
  return {
    ...{ uri, frames: counted("recording"), facts: counted("facts"), objects: chunks.length + 1 },
    bytes: chunks.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
