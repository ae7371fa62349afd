import { beforeEach, describe, expect, test } from "vitest";
import { archiveRace } from "./race-archive.ts";
import { type RemovalJob, removeArchivedStreams } from "./race-removal.ts";
import { archiveJobOf, finishedRace, MemoryObjects, RACE, STREAM_IDS } from "./testing/archived-race.ts";
import { RaceRecords } from "./testing/race-records.ts";

const records = new RaceRecords(RACE);

let objects: MemoryObjects;
let logs: Awaited<ReturnType<typeof finishedRace>>;
let removed: readonly string[];

beforeEach(async () => {
  [objects, logs, removed] = [new MemoryObjects(), await finishedRace(), []];
  await archiveRace(archiveJobOf(logs, objects));
});

function jobWith(changes: Partial<RemovalJob> = {}): RemovalJob {
  return {
    ...archiveJobOf(logs, objects),
    streamIds: async () => STREAM_IDS,
    logs: async () => logs,
    lastPosition: async (log) => (await (log === "race" ? logs.raceLog : logs.factLog).bounds()).last,
    remove: async () => {
      removed = [`RACE-${RACE}`, `FACT-${RACE}`];
      return removed;
    },
    isFree: () => true,
    ...changes,
  };
}

describe("streams go", () => {
  test("when every object of their archive is as it was written", async () => {
    expect(await removeArchivedStreams(jobWith())).toEqual({ streams: [`RACE-${RACE}`, `FACT-${RACE}`] });
    expect(removed).toHaveLength(2);
  });

  test("with what came since the archive in it", async () => {
    await logs.factLog.append([records.fact("9", "lap:9:late:1")]);
    await removeArchivedStreams(jobWith());
    expect(objects.lines("facts").at(-1)).toMatchObject({ fact: { id: "lap:9:late:1" } });
    expect(removed).toHaveLength(2);
  });

  test("when a removal before got half-way: what is left is held against the archive all the same", async () => {
    const streamIds = async () => ({ ...STREAM_IDS, race: undefined });
    const lost = async () => {
      throw new Error("there is no log to open");
    };
    await removeArchivedStreams(jobWith({ streamIds, logs: lost }));
    expect(removed).toHaveLength(2);
  });

  test("when nothing but snapshots is left, without an archive", async () => {
    objects.held.clear();
    const streamIds = async () => ({ race: undefined, facts: undefined });
    await removeArchivedStreams(jobWith({ streamIds }));
    expect(removed).toHaveLength(2);
  });
});

describe("streams stay", () => {
  const kept = async (changes: Partial<RemovalJob>, why: RegExp) => {
    await expect(removeArchivedStreams(jobWith(changes))).rejects.toThrow(why);
    expect(removed).toEqual([]);
  };

  test("when there is no archive, or none that is whole", async () => {
    const { manifest } = objects;
    objects.putManifest({ ...manifest, isComplete: false });
    await kept({ logs: () => Promise.reject(new Error("not asked for")) }, /no whole archive/);
    objects.held.clear();
    await kept({}, /no whole archive in s3:\/\/b\/archive\/burnline\/daytona/);
  });

  test("when any object of it is gone or damaged", async () => {
    for (const key of [...objects.held.keys()].filter((one) => !one.endsWith("manifest.json"))) {
      const bytes = objects.held.get(key)!;
      objects.held.delete(key);
      await kept({}, /is not there: the streams of daytona stay/);
      objects.held.set(key, bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1));
      await kept({}, /is not as it was written/);
      objects.held.set(key, bytes);
    }
  });

  test("when they are others of the same race id than the archive was made from", async () => {
    await kept(
      { streamIds: async () => ({ ...STREAM_IDS, facts: "2026-03-01T09:00:00Z" }) },
      /not say that it is of these/,
    );
    const { streams: _, ...unsaid } = objects.manifest;
    objects.putManifest(unsaid);
    await kept({}, /not say that it is of these/);
  });

  test("when records come while the archive is read back", async () => {
    const lastPosition: RemovalJob["lastPosition"] = async (log) => {
      if (log === "race") return (await logs.raceLog.bounds()).last;
      await logs.factLog.append([records.fact("9", "lap:9:late:1")]);
      return (await logs.factLog.bounds()).last;
    };
    await kept({ lastPosition }, /came behind its archive/);
  });

  test("when S3 is away, a release is back, or another operator leads", async () => {
    await kept({ isFree: () => false }, /A release of daytona is back/);
    const stopping = new AbortController();
    stopping.abort(new Error("not the leader any more"));
    await kept({ signal: stopping.signal }, /leader/);
    objects.get = async () => {
      throw new Error("S3 is away.");
    };
    await kept({}, /S3 is away/);
  });
});
