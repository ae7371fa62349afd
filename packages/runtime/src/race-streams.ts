import { subjects } from "@burnline/contract";
import type { Logger } from "./log.ts";
import { NatsEventLog, type NatsEventLogOptions } from "./nats-event-log.ts";
import type { NatsLink } from "./nats-link.ts";
import { type NatsSnapshotOptions, NatsSnapshotStore } from "./nats-snapshot-store.ts";
import { ensureStream, findStream } from "./nats-stream.ts";
import { partitionTokenLayout, singlePartitionLayout } from "./nats-subjects.ts";

/** Who makes a race's streams: the apps that use them, or the race-day operator. */
export const STREAM_OWNERS = ["app", "operator"] as const;
export type StreamOwner = (typeof STREAM_OWNERS)[number];

/** The limits of a race's streams: those that are there with more keep it. */
export interface RaceStreamLimits {
  readonly replicas: number;
  /** Telemetry, facts and snapshots are forgotten after this. */
  readonly maxAgeMs: number;
  /** Disk for telemetry, and for facts: each. */
  readonly maxBytes: number;
  /** "operator": the limits above say nothing, streams are waited for and taken as they are. "app" when absent. */
  readonly owner?: StreamOwner;
  /** How long they are waited for; a minute when absent. */
  readonly takeMsMax?: number;
}

/** What the operator gives a race's streams. */
export interface OwnedRaceLimits {
  readonly replicas: number;
  readonly maxAgeMs: number;
  readonly raceBytesMax: number;
  readonly factBytesMax: number;
}

/** What the race log holds of telemetry. */
export interface RaceActivity {
  readonly frames: number;
  readonly cars: number;
}

/** When each was made, as the server tells it; undefined: it is not there. */
export interface RaceStreamIds {
  readonly race: string | undefined;
  readonly facts: string | undefined;
}

/** Ingest sends a message again within seconds; the relay of an outbox as soon as a partition has a new owner. */
const RACE_DUPLICATE_WINDOW_MS = 120_000;
const FACT_DUPLICATE_WINDOW_MS = 600_000;
/** Snapshots of all partitions are some MB; the newest few are kept. */
const SNAPSHOT_BYTES_MAX = 512 * 1024 ** 2;

/** Telemetry, control events, ticks and the model's corrections of a race: the log that all else follows from. */
export function openRaceLog(
  link: NatsLink,
  race: string,
  limits: RaceStreamLimits,
  logger: Logger,
): Promise<NatsEventLog> {
  return NatsEventLog.open(link, { ...raceLogOptions(race, limits), ...policyOf(limits), logger });
}

/** Facts, late frames and dead letters of a race. */
export function openFactLog(
  link: NatsLink,
  race: string,
  limits: RaceStreamLimits,
  logger: Logger,
): Promise<NatsEventLog> {
  return NatsEventLog.open(link, { ...factLogOptions(race, limits), ...policyOf(limits), logger });
}

export function openRaceSnapshots(link: NatsLink, race: string, limits: RaceStreamLimits): Promise<NatsSnapshotStore> {
  return NatsSnapshotStore.open(link, { ...snapshotOptions(race, limits), ...policyOf(limits) });
}

/**
 * Makes all streams of a race, or lets those that are there grow to these limits.
 * @throws StorageError "unusable" when one is there that differs in anything else.
 */
export async function ensureRaceStreams(
  link: NatsLink,
  race: string,
  { raceBytesMax, factBytesMax, ...rest }: OwnedRaceLimits,
  logger: Logger,
): Promise<void> {
  const [log, facts] = [
    raceLogOptions(race, { ...rest, maxBytes: raceBytesMax }),
    factLogOptions(race, { ...rest, maxBytes: factBytesMax }),
  ];
  for (const options of [log, facts])
    await ensureStream(link.manager, options.layout.streamSubjects, { ...options, policy: "grow" }, logger);
  await NatsSnapshotStore.open(link, { ...snapshotOptions(race, rest), policy: "grow" });
}

/**
 * Removes all streams of a race, and with them every record that is nowhere else. Facts go last: should it end half-way,
 * the most precious is still there. What is gone already is no fault.
 * @returns those that were removed
 */
export async function removeRaceStreams(link: NatsLink, race: string, logger: Logger): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of [`KV_SNAPSHOT-${race}`, `OBJ_SNAPSHOT-${race}`, raceStream(race), factStream(race)]) {
    const isRemoved = await link.ask(`stream ${name}`, async () => {
      if ((await findStream(link.manager, name)) === undefined) return false;
      return link.manager.streams.delete(name);
    });
    if (!isRemoved) continue;
    removed.push(name);
    logger.info({ stream: name }, "removed a stream");
  }
  return removed;
}

/** Which streams a race has: one that is made again under the same name is another one. */
export async function raceStreamIds(link: NatsLink, race: string): Promise<RaceStreamIds> {
  const idOf = (name: string) =>
    link.ask(`stream ${name}`, async () => {
      if ((await findStream(link.manager, name)) === undefined) return undefined;
      return (await link.manager.streams.info(name)).created;
    });
  return { race: await idOf(raceStream(race)), facts: await idOf(factStream(race)) };
}

/** Undefined when the race has no log. One request, its answer has a line per car. */
export async function raceActivity(link: NatsLink, race: string): Promise<RaceActivity | undefined> {
  const name = raceStream(race);
  return link.ask(`stream ${name}`, async () => {
    if ((await findStream(link.manager, name)) === undefined) return undefined;
    const info = await link.manager.streams.info(name, { subjects_filter: subjects.telemetryOfRace(race) });
    const frames = Object.values(info.state.subjects ?? {});
    return { cars: frames.length, frames: frames.reduce((sum, count) => sum + count, 0) };
  });
}

function raceStream(race: string): string {
  return `RACE-${race}`;
}

function factStream(race: string): string {
  return `FACT-${race}`;
}

type Limits = Pick<RaceStreamLimits, "replicas" | "maxAgeMs" | "maxBytes">;

function raceLogOptions(race: string, { replicas, maxAgeMs, maxBytes }: Limits): NatsEventLogOptions {
  return {
    ...{ replicas, maxAgeMs, maxBytes, name: raceStream(race), layout: partitionTokenLayout(`race.${race}`) },
    // A processor that is behind has to find everything; ingest sees the refusals and thins out.
    ...{ discard: "new", duplicateWindowMs: RACE_DUPLICATE_WINDOW_MS },
  };
}

function factLogOptions(race: string, { replicas, maxAgeMs, maxBytes }: Limits): NatsEventLogOptions {
  const layout = singlePartitionLayout([`fact.${race}`, `late.${race}`, `dead.${race}`]);
  return {
    ...{ replicas, maxAgeMs, maxBytes, name: factStream(race), layout },
    ...{ discard: "old", duplicateWindowMs: FACT_DUPLICATE_WINDOW_MS },
  };
}

function snapshotOptions(race: string, { replicas, maxAgeMs }: Omit<Limits, "maxBytes">): NatsSnapshotOptions {
  return { bucket: `SNAPSHOT-${race}`, replicas, maxAgeMs, maxBytes: SNAPSHOT_BYTES_MAX };
}

function policyOf({ owner, takeMsMax }: RaceStreamLimits): Pick<NatsEventLogOptions, "policy" | "takeMsMax"> {
  // The operator gives a race what its Race asks for; apps that start anew later must neither undo nor refuse that.
  if (owner !== "operator") return { policy: "grow" };
  return { policy: "take", ...(takeMsMax === undefined ? {} : { takeMsMax }) };
}
