import { gunzipSync } from "node:zlib";
import { FlagState, subjects } from "@burnline/contract";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import type { ArchiveJob } from "../race-archive.ts";
import { RaceRecords } from "./race-records.ts";

export const RACE = "daytona";
export const FOLDER = `archive/burnline/${RACE}`;
export const MANIFEST = `${FOLDER}/manifest.json`;
export const CHUNK_BYTES = 4_000;
export const CARS = ["24", "9", "48"];
export const FRAMES_PER_CAR = 60;

export class MemoryObjects {
  readonly held = new Map<string, Uint8Array>();
  putsLeft = Number.POSITIVE_INFINITY;
  puts = 0;

  async get(key: string) {
    return this.held.get(key);
  }
  async put(key: string, bytes: Uint8Array) {
    if (this.putsLeft-- <= 0) throw new Error("S3 is away.");
    this.puts++;
    this.held.set(key, bytes.slice());
  }

  get manifest() {
    return JSON.parse(new TextDecoder().decode(this.held.get(MANIFEST)));
  }
  putManifest(manifest: object): void {
    this.held.set(MANIFEST, new TextEncoder().encode(JSON.stringify(manifest)));
  }
  series(name: string): Buffer {
    const keys = [...this.held.keys()].filter((key) => key.startsWith(`${FOLDER}/${name}-`)).toSorted();
    // Pieces of gzip one behind the other are one, as `cat` and `gunzip` would have it.
    return gunzipSync(Buffer.concat(keys.map((key) => this.held.get(key)!)));
  }
  lines(name: string): Record<string, never>[] {
    return this.series(name)
      .toString()
      .trim()
      .split("\n")
      .map((text) => JSON.parse(text));
  }
}

const records = new RaceRecords(RACE);

export async function finishedRace() {
  const clock = new StepClock(1_770_000_000_000);
  const [raceLog, factLog] = [new MemoryEventLog(clock), new MemoryEventLog(clock)];
  await raceLog.append([...records.definition(), ...records.flag(FlagState.GREEN)]);
  for (let index = 0; index < FRAMES_PER_CAR; index++) {
    clock.advance(100);
    await raceLog.append(CARS.map((car) => records.frame(car, index)));
    if (index % 10 === 0) await raceLog.append([records.tick(3), records.correction("9")]);
    await factLog.append([records.fact("24", `lap:24:${index}:0`)]);
  }
  await factLog.append([{ partition: 0, subject: subjects.late(RACE, "9"), payload: Uint8Array.of(1, 2) }]);
  await raceLog.append(records.flag(FlagState.CHECKERED));
  return { raceLog, factLog, clock };
}

export const STREAM_IDS = { race: "2026-02-14T09:00:00Z", facts: "2026-02-14T09:00:01Z" };

export const archiveJobOf = (
  logs: Pick<ArchiveJob, "raceLog" | "factLog">,
  objects: MemoryObjects,
  signal?: AbortSignal,
): ArchiveJob => ({
  ...{ raceId: RACE, track: "daytona", prefix: "burnline", bucket: "b", objects, chunkBytesMax: CHUNK_BYTES },
  streamIds: STREAM_IDS,
  ...{ raceLog: logs.raceLog, factLog: logs.factLog, signal: signal ?? new AbortController().signal },
});
