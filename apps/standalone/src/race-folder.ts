import { rmSync } from "node:fs";
import { join } from "node:path";
import { findLoggedRace, type Source } from "@burnline/ingest";
import { openSqlite, type SqliteDatabase, SqliteEventLog, wallClock } from "@burnline/runtime";
import type { StandaloneConfig } from "./config.ts";
import { openConfiguredSource } from "./race-source.ts";

/** A simulated race that is watched live starts on the next whole second, this much later, so that nobody misses it. */
const START_DELAY_MS = 1_000;

/** A race with the place where it is kept. */
export interface RaceFolder {
  readonly source: Source;
  readonly folder: string;
  readonly db: SqliteDatabase;
  readonly raceLog: SqliteEventLog;
  readonly factLog: SqliteEventLog;
  /** The folder held a part of this race already. */
  readonly isResumed: boolean;
}

/**
 * Opens the source and its race's folder. A simulated race that goes on keeps the start that its log begins with.
 * @throws SourceError, StorageError
 */
export async function openRaceFolder(config: StandaloneConfig): Promise<RaceFolder> {
  const extras = { raceFile: config.raceFile };
  const first = await openConfiguredSource(config, extras);
  const folder = join(config.data, first.race.race);
  const db = openRaceDatabase(folder, config);
  const raceLog = new SqliteEventLog(db, "race", wallClock);
  const factLog = new SqliteEventLog(db, "fact", wallClock);
  const logged = await findLoggedRace(raceLog);
  let source = first;
  if (config.source === "sim") {
    const startMs = logged?.startMs ?? wallClock.nowMs() + START_DELAY_MS;
    source = await openConfiguredSource(config, { ...extras, startMs, truthFile: config.truth });
  }
  return { source, folder, db, raceLog, factLog, isResumed: logged !== undefined };
}

function openRaceDatabase(folder: string, config: StandaloneConfig): SqliteDatabase {
  const db = openSqlite(folder, { durability: config.durability });
  if (!config.fresh) return db;
  // Only whoever holds the folder's lock may empty it.
  db.close();
  rmSync(folder, { recursive: true });
  return openSqlite(folder, { durability: config.durability });
}
