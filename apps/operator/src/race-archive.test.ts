import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { fromBinary, TelemetryFrameSchema } from "@burnline/contract";
import { MemoryEventLog } from "@burnline/runtime";
import { StepClock } from "@burnline/std";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { archiveRace } from "./race-archive.ts";
import {
  archiveJobOf,
  CARS,
  CHUNK_BYTES,
  FOLDER,
  FRAMES_PER_CAR,
  finishedRace,
  MANIFEST,
  MemoryObjects,
  RACE,
  STREAM_IDS,
} from "./testing/archived-race.ts";
import { RaceRecords, recordedItems } from "./testing/race-records.ts";

const records = new RaceRecords(RACE);

describe("an archive", () => {
  test("is a recording with every frame in order, behind its race and each control event once", async () => {
    const objects = new MemoryObjects();
    const totals = await archiveRace(archiveJobOf(await finishedRace(), objects));
    const items = recordedItems(objects.series("recording"));
    expect(items[0]?.header?.race).toMatchObject({ race: RACE, name: "Daytona 500" });
    expect(items[0]?.header?.formatVersion).toBe(1);
    const events = items.flatMap(({ item }) => (item.case === "control" ? [item.value.event.case] : []));
    expect(events).toEqual(["raceDefinition", "flagChanged", "flagChanged"]);
    const frames = items.flatMap(({ item }) =>
      item.case === "frame" ? [fromBinary(TelemetryFrameSchema, item.value)] : [],
    );
    expect(frames.map(({ car, sourceSequence }) => [car, sourceSequence])).toEqual(
      Array.from({ length: FRAMES_PER_CAR }, (_, index) => CARS.map((car) => [car, index])).flat(),
    );
    const arrivals = items.map(({ arrivalMs }) => arrivalMs);
    expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
    expect(totals).toMatchObject({
      frames: CARS.length * FRAMES_PER_CAR,
      facts: FRAMES_PER_CAR,
      uri: `s3://b/${FOLDER}`,
    });
  });

  test("has the facts, what came too late, and the model's answers, as lines", async () => {
    const objects = new MemoryObjects();
    await archiveRace(archiveJobOf(await finishedRace(), objects));
    const facts = objects.lines("facts");
    expect(facts).toHaveLength(FRAMES_PER_CAR + 1);
    expect(facts[0]).toMatchObject({ position: 1, subject: "fact.daytona.lap.24", fact: { id: "lap:24:0:0" } });
    expect(facts.at(-1)).toMatchObject({ subject: "late.daytona.9", payload: "AQI=" });
    expect(objects.lines("corrections")[0]).toMatchObject({ correction: { car: "9", logRatioPpmP50: 7 } });
  });

  test("says in its manifest what each object holds, and the sums are right", async () => {
    const objects = new MemoryObjects();
    const { factLog, raceLog } = await finishedRace();
    const totals = await archiveRace(archiveJobOf({ raceLog, factLog }, objects));
    const { manifest } = objects;
    expect(manifest).toMatchObject({ formatVersion: 1, raceId: RACE, isComplete: true });
    const chunks = Object.values(manifest.series).flatMap((series) => (series as { chunks: never[] }).chunks) as {
      [key: string]: number & string;
    }[];
    expect(chunks.length).toBeGreaterThan(6);
    for (const { key, sha256, bytes, rawBytes } of chunks) {
      const object = objects.held.get(key!)!;
      expect(createHash("sha256").update(object).digest("hex")).toBe(sha256);
      expect(object.length).toBe(bytes);
      expect(gunzipSync(object).length).toBe(rawBytes);
      // One item more than fits at most: what is held in memory is bounded.
      expect(rawBytes).toBeLessThan(CHUNK_BYTES + 1_000);
    }
    expect(totals.objects).toBe(objects.held.size);
    const { last } = await raceLog.bounds();
    expect(manifest.series.recording.nextPosition).toBe(last + 1);
    expect(manifest.series.recording.chunks.at(-1).lastPosition).toBe(last);
  });

  test("that stops at any object and is begun again ends with the very same objects", async () => {
    const whole = new MemoryObjects();
    const logs = await finishedRace();
    const totals = await archiveRace(archiveJobOf(logs, whole));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: whole.puts }), { maxLength: 6 }), async (stops) => {
        const objects = new MemoryObjects();
        for (const stop of stops) {
          objects.putsLeft = stop;
          await archiveRace(archiveJobOf(logs, objects)).catch((error) => expect(error.message).toBe("S3 is away."));
        }
        objects.putsLeft = Number.POSITIVE_INFINITY;
        expect(await archiveRace(archiveJobOf(logs, objects))).toEqual(totals);
        expect(objects.held).toEqual(whole.held);
      }),
      { numRuns: 30 },
    );
  });

  test("says which streams it was made from", async () => {
    const objects = new MemoryObjects();
    await archiveRace(archiveJobOf(await finishedRace(), objects));
    expect(objects.manifest.streams).toEqual(STREAM_IDS);
  });

  test("that is done is not written again", async () => {
    const objects = new MemoryObjects();
    const logs = await finishedRace();
    await archiveRace(archiveJobOf(logs, objects));
    objects.putsLeft = 0;
    await archiveRace(archiveJobOf(logs, objects));
  });

  test("takes in what came after it was done", async () => {
    const objects = new MemoryObjects();
    const logs = await finishedRace();
    const { facts } = await archiveRace(archiveJobOf(logs, objects));
    await logs.factLog.append([records.fact("9", "lap:9:late:1")]);
    expect((await archiveRace(archiveJobOf(logs, objects))).facts).toBe(facts + 1);
    expect(objects.lines("facts").at(-1)).toMatchObject({ fact: { id: "lap:9:late:1" } });
  });

  test("ends at once when it is told to, and loses nothing by it", async () => {
    const [objects, stopping] = [new MemoryObjects(), new AbortController()];
    stopping.abort(new Error("not the leader any more"));
    await expect(archiveRace(archiveJobOf(await finishedRace(), objects, stopping.signal))).rejects.toThrow(/leader/);
    expect(objects.held.size).toBe(0);
  });

  test("of another race with this id is not touched", async () => {
    const objects = new MemoryObjects();
    await archiveRace(archiveJobOf(await finishedRace(), objects));
    const clock = new StepClock(0);
    const shorter = { raceLog: new MemoryEventLog(clock), factLog: new MemoryEventLog(clock) };
    const before = new Map(objects.held);
    await expect(archiveRace(archiveJobOf(shorter, objects))).rejects.toThrow(
      /is the archive of another race.*move its folder away/,
    );
    objects.held.set(MANIFEST, new TextEncoder().encode("{}"));
    await expect(archiveRace(archiveJobOf(shorter, objects))).rejects.toThrow(/another race/);
    expect(objects.held.size).toBe(before.size);
  });

  test("of nothing is a manifest that says so", async () => {
    const [objects, clock] = [new MemoryObjects(), new StepClock(0)];
    const nothing = { raceLog: new MemoryEventLog(clock), factLog: new MemoryEventLog(clock) };
    expect(await archiveRace(archiveJobOf(nothing, objects))).toMatchObject({ frames: 0, facts: 0, objects: 1 });
    expect(objects.manifest.isComplete).toBe(true);
  });

  test("says what the log had forgotten before", async () => {
    const objects = new MemoryObjects();
    const logs = await finishedRace();
    await logs.raceLog.trim(200);
    await archiveRace(archiveJobOf(logs, objects));
    expect(objects.manifest.series.recording.lost).toEqual([{ from: 1, to: 199 }]);
  });
});
