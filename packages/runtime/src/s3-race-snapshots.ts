import type { Clock } from "@burnline/std";
import type { SnapshotStore } from "@burnline/stream";
import type { Logger } from "./log.ts";
import { S3ObjectClient, type S3Options } from "./s3-object-client.ts";
import { S3SnapshotStore } from "./s3-snapshot-store.ts";
import { StorageError } from "./storage-error.ts";
import type { FarSnapshotMetrics } from "./tiered-snapshot-metrics.ts";
import { TieredSnapshotStore } from "./tiered-snapshot-store.ts";

const FAR_INTERVAL_MS = 60_000;
/** What S3 does not have at the end of the process goes there in this time, or not at all. */
const CLOSE_MS_MAX = 2_000;

export interface S3RaceSnapshots {
  readonly store: SnapshotStore;
  close(): Promise<void>;
}

/**
 * Puts S3 behind a race's near snapshot store, or nothing when no S3 is asked for.
 * @throws StorageError when the settings are wrong: no such bucket, not our credentials. An S3 that does not answer now
 * is only said: it may be back before its snapshots are needed, and the race goes on without them.
 */
export async function backUpToS3(
  near: SnapshotStore,
  options: S3Options | undefined,
  race: { readonly id: string; readonly prefix: string },
  { clock, logger, metrics }: { readonly clock: Clock; readonly logger: Logger; readonly metrics: FarSnapshotMetrics },
): Promise<S3RaceSnapshots> {
  if (options === undefined) return { store: near, close: async () => {} };
  const objects = await S3ObjectClient.open(options);
  try {
    await objects.check();
  } catch (error) {
    const isSetting = !(error instanceof StorageError) || error.fault === "unusable" || error.fault === "refused";
    if (isSetting) {
      objects.close();
      throw error;
    }
    logger.warn({ err: error }, "S3 is not there yet: snapshots go to the near store alone until it is");
  }
  const far = new S3SnapshotStore(objects, { prefix: race.prefix, race: race.id, logger });
  const store = new TieredSnapshotStore(near, far, { farIntervalMs: FAR_INTERVAL_MS, clock, logger, metrics });
  return {
    store,
    close: async () => {
      await store.close(CLOSE_MS_MAX);
      objects.close();
    },
  };
}
