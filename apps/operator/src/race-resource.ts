import { CARS_MAX, isRaceId, SAMPLE_RATE_HZ_MAX, SAMPLE_RATE_HZ_MIN } from "@burnline/contract";
import { err, ok, type Result } from "@burnline/std";
import { z } from "zod";

export const RACE_API = { group: "burnline.dev", version: "v1alpha1", plural: "races" };

/** Whose replicas a race warms up; the value of app.kubernetes.io/component on their Deployments. */
export const WARM_APPS = ["ingest", "processor", "inference", "gateway"] as const;
export type WarmApp = (typeof WARM_APPS)[number];
export type Replicas = Readonly<Partial<Record<WarmApp, number>>>;

export const PHASES = ["Pending", "WarmingUp", "Ready", "Racing", "Finishing", "Archiving", "Done"] as const;
export type Phase = (typeof PHASES)[number];

/** Accepted: nobody else has the race id. RaceReady: all that has to be true before green is. */
export const CONDITIONS = [
  "Accepted",
  "StreamReady",
  "CapacityReady",
  "FeedSeen",
  "RaceReady",
  "ScaleInFrozen",
  "Archived",
  "StreamsRemoved",
] as const;

/** When a race's streams give way to another race's. AfterRace: even without an archive. */
export const STREAM_REMOVALS = ["AfterArchive", "AfterRace", "Never"] as const;
export type ConditionType = (typeof CONDITIONS)[number];

export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export interface ArchiveTotals {
  readonly uri: string;
  readonly frames: number;
  readonly facts: number;
  readonly objects: number;
  readonly bytes: number;
}

export interface RaceStatus {
  readonly phase: Phase;
  readonly phaseSince: string;
  readonly observedGeneration: number;
  readonly raceId: string;
  /** When the warm-up that led here was due; flags count from then on. */
  readonly warmUpFrom?: string;
  readonly warm: Replicas;
  readonly streams: { readonly raceBytesMax: number; readonly factBytesMax: number };
  readonly archive?: ArchiveTotals;
  readonly conditions: readonly Condition[];
}

export interface RaceSpec {
  readonly track: string;
  readonly startMs: number;
  readonly durationMinutes: number;
  readonly feed: string;
  readonly expectedCars: number;
  readonly sampleRateHz: number;
  readonly warmUpMinutes: number;
  readonly retentionDays: number;
  readonly isArchived: boolean;
  readonly removeStreams: (typeof STREAM_REMOVALS)[number];
}

/** A Race as the API server holds it, read once and checked. */
export interface Race {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly createdMs: number;
  readonly raceId: string;
  readonly spec: RaceSpec;
  /** What this operator, or the one before it, last wrote. */
  readonly status: RaceStatus | undefined;
}

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

// The limits and defaults of the CRD again: a cluster may still have an older one.
const specSchema = z.object({
  raceId: z.string().optional(),
  track: z.string().min(1),
  start: time,
  durationMinutes: z.int().min(1),
  feed: z.string().default("push"),
  expectedCars: z.int().min(1).max(CARS_MAX),
  sampleRateHz: z.int().min(SAMPLE_RATE_HZ_MIN).max(SAMPLE_RATE_HZ_MAX),
  warmUpMinutes: z.int().min(0).default(60),
  retentionDays: z.int().min(1).default(3),
  archive: z.object({ enabled: z.boolean().default(true) }).default({ enabled: true }),
  removeStreams: z.enum(STREAM_REMOVALS).default("AfterArchive"),
});

const count = z.int().min(0);
const warmSchema = z.object({ ingest: count, processor: count, inference: count, gateway: count }).partial();

const statusSchema = z.object({
  phase: z.enum(PHASES),
  phaseSince: z.string(),
  observedGeneration: z.int(),
  raceId: z.string(),
  warmUpFrom: z.string().optional(),
  warm: warmSchema,
  streams: z.object({ raceBytesMax: z.number(), factBytesMax: z.number() }),
  archive: z.object({ uri: z.string(), frames: count, facts: count, objects: count, bytes: z.number() }).optional(),
  conditions: z.array(
    z.object({
      type: z.enum(CONDITIONS),
      status: z.enum(["True", "False", "Unknown"]),
      reason: z.string(),
      message: z.string(),
      observedGeneration: z.int().default(0),
      lastTransitionTime: z.string(),
    }),
  ),
});

const raceSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    generation: z.int(),
    resourceVersion: z.string(),
    creationTimestamp: z.union([time, z.date().transform((date) => date.getTime())]),
  }),
  spec: specSchema,
  // A status that we cannot read is none: it is made anew from what is observed.
  status: statusSchema.optional().catch(undefined),
});

/** @returns the race, or one sentence about what is wrong with it. */
export function parseRace(resource: unknown): Result<Race, string> {
  const parsed = raceSchema.safeParse(resource);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err(
      `The Race is not as its definition says: ${issue?.path.join(".")} ${issue?.message}; apply the CRD anew.`,
    );
  }
  const { metadata, spec, status } = parsed.data;
  const raceId = spec.raceId ?? metadata.name;
  if (!isRaceId(raceId)) return err(`${raceId} is no race id: set spec.raceId to letters, digits, - and _.`);
  const { name, namespace, uid, generation, resourceVersion, creationTimestamp } = metadata;
  const { start, archive, raceId: _, ...rest } = spec;
  return ok({
    ...{ name, namespace, uid, generation, resourceVersion, raceId },
    createdMs: creationTimestamp,
    spec: { ...rest, startMs: start, isArchived: archive.enabled },
    status: status as RaceStatus | undefined,
  });
}
