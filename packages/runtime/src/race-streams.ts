import type { Logger } from "./log.ts";
import { NatsEventLog } from "./nats-event-log.ts";
import type { NatsLink } from "./nats-link.ts";
import { NatsSnapshotStore } from "./nats-snapshot-store.ts";
import { partitionTokenLayout, singlePartitionLayout } from "./nats-subjects.ts";

/** The limits of a race's streams; every process of a race has to be given the same. */
export interface RaceStreamLimits {
  readonly replicas: number;
  /** Telemetry, facts and snapshots are forgotten after this. */
  readonly maxAgeMs: number;
  /** Disk for telemetry, and for facts: each. */
  readonly maxBytes: number;
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
  return NatsEventLog.open(link, {
    ...{ ...limits, logger, name: `RACE-${race}`, layout: partitionTokenLayout(`race.${race}`) },
    // A processor that is behind has to find everything; ingest sees the refusals and thins out.
    ...{ discard: "new", duplicateWindowMs: RACE_DUPLICATE_WINDOW_MS },
  });
}

/** Facts, late frames and dead letters of a race. */
export function openFactLog(
  link: NatsLink,
  race: string,
  limits: RaceStreamLimits,
  logger: Logger,
): Promise<NatsEventLog> {
  const layout = singlePartitionLayout([`fact.${race}`, `late.${race}`, `dead.${race}`]);
  return NatsEventLog.open(link, {
    ...{ ...limits, logger, name: `FACT-${race}`, layout },
    ...{ discard: "old", duplicateWindowMs: FACT_DUPLICATE_WINDOW_MS },
  });
}

export function openRaceSnapshots(link: NatsLink, race: string, limits: RaceStreamLimits): Promise<NatsSnapshotStore> {
  const { replicas, maxAgeMs } = limits;
  return NatsSnapshotStore.open(link, { bucket: `SNAPSHOT-${race}`, replicas, maxAgeMs, maxBytes: SNAPSHOT_BYTES_MAX });
}
