import { setTimeout as sleep } from "node:timers/promises";
import { partitionOf, subjects } from "@burnline/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { connectNats, type NatsLink } from "./nats-link.ts";
import {
  ensureRaceStreams,
  type OwnedRaceLimits,
  openFactLog,
  openRaceLog,
  openRaceSnapshots,
  type RaceStreamLimits,
  raceActivity,
  raceStreamIds,
  removeRaceStreams,
} from "./race-streams.ts";
import { type RealServer, startNatsServer } from "./testing/real-servers.ts";

const logger = createLogger({ service: "test", level: "silent", format: "json" });
const HOUR_MS = 3_600_000;
const MIB = 1024 ** 2;
const OWNED: OwnedRaceLimits = {
  replicas: 1,
  maxAgeMs: 72 * HOUR_MS,
  raceBytesMax: 300 * MIB,
  factBytesMax: 200 * MIB,
};
/** What an app is configured with says nothing when the operator owns the streams. */
const TAKING: RaceStreamLimits = {
  ...{ replicas: 3, maxAgeMs: HOUR_MS, maxBytes: 1, owner: "operator", takeMsMax: 10_000 },
};
const IMPATIENT: RaceStreamLimits = { ...TAKING, takeMsMax: 400 };

let server: RealServer;
let link: NatsLink;
let serial = 0;
const newRace = () => `race-${serial++}`;

beforeAll(async () => {
  server = await startNatsServer();
  link = await connectNats({ servers: [server.url], name: "test" });
});
afterAll(async () => {
  await link.close();
  await server.stop();
});

const configOf = async (stream: string) => (await link.manager.streams.info(stream)).config;
const openAll = (race: string, limits: RaceStreamLimits) =>
  Promise.all([
    openRaceLog(link, race, limits, logger),
    openFactLog(link, race, limits, logger),
    openRaceSnapshots(link, race, limits),
  ]);

describe("streams that the operator makes", () => {
  test("have the limits of the race, and apps work on them without changing one", async () => {
    const race = newRace();
    await ensureRaceStreams(link, race, OWNED, logger);
    const before = await Promise.all([
      configOf(`RACE-${race}`),
      configOf(`FACT-${race}`),
      configOf(`KV_SNAPSHOT-${race}`),
    ]);
    expect(before.map(({ max_bytes }) => max_bytes)).toEqual([300 * MIB, 200 * MIB, 512 * MIB]);
    expect(before.map(({ max_age }) => max_age)).toEqual(Array(3).fill(72 * HOUR_MS * 1_000_000));

    const [log, facts, snapshots] = await openAll(race, TAKING);
    const subject = subjects.telemetry(race, partitionOf("24"), "24");
    await log.append([{ partition: partitionOf("24"), subject, payload: Uint8Array.of(1) }]);
    await facts.append([{ partition: 0, subject: subjects.fact(race, "lap", "24"), payload: Uint8Array.of(2) }]);
    await snapshots.put({ partition: 3, position: 1, bytes: Uint8Array.of(3) });
    expect((await snapshots.list(3)).map(({ bytes }) => [...bytes])).toEqual([[3]]);
    expect((await facts.bounds()).last).toBe(1);
    const after = await Promise.all([
      configOf(`RACE-${race}`),
      configOf(`FACT-${race}`),
      configOf(`KV_SNAPSHOT-${race}`),
    ]);
    expect(after).toEqual(before);
  });

  test("are waited for by apps that start first", async () => {
    const race = newRace();
    const opening = openAll(race, TAKING);
    await sleep(700);
    await ensureRaceStreams(link, race, OWNED, logger);
    expect(await opening).toHaveLength(3);
  });

  test("that nobody makes end the wait with what to do", async () => {
    const race = newRace();
    const sentence =
      /nobody made it within 0 s: see why in the operator's log.*apply a Race with this race id.*--stream-owner app/;
    await expect(openRaceLog(link, race, IMPATIENT, logger)).rejects.toThrow(sentence);
    await expect(openFactLog(link, race, IMPATIENT, logger)).rejects.toMatchObject({ fault: "unusable" });
    await expect(openRaceSnapshots(link, race, IMPATIENT)).rejects.toThrow(sentence);
    await expect(configOf(`RACE-${race}`)).rejects.toThrow(/not found/);
  });

  test("of another purpose are not taken", async () => {
    const race = newRace();
    await link.manager.streams.add({ name: `RACE-${race}`, subjects: [`other.${race}.>`] });
    await expect(openRaceLog(link, race, TAKING, logger)).rejects.toThrow(
      /has the subjects other\.\S+ instead of race\./,
    );
  });
});

describe("streams that are there", () => {
  // On a cluster the processors refused the bucket that a Race had made larger, and none started any more.
  test("are taken by apps that make their own, however much more the operator gave them since", async () => {
    const race = newRace();
    const own: RaceStreamLimits = { replicas: 1, maxAgeMs: HOUR_MS, maxBytes: 100 * MIB };
    await openAll(race, own);
    await ensureRaceStreams(link, race, OWNED, logger);
    const configs = () => Promise.all([`RACE-${race}`, `FACT-${race}`, `KV_SNAPSHOT-${race}`].map(configOf));
    const given = await configs();
    expect(given.map(({ max_age }) => max_age)).toEqual(Array(3).fill(72 * HOUR_MS * 1_000_000));
    await openAll(race, own);
    expect(await configs()).toEqual(given);
  });

  test("grow, and never shrink", async () => {
    const race = newRace();
    await ensureRaceStreams(link, race, OWNED, logger);
    await ensureRaceStreams(link, race, { ...OWNED, raceBytesMax: 400 * MIB, maxAgeMs: HOUR_MS }, logger);
    expect(await configOf(`RACE-${race}`)).toMatchObject({ max_bytes: 400 * MIB, max_age: 72 * HOUR_MS * 1_000_000 });
    await ensureRaceStreams(link, race, { ...OWNED, maxAgeMs: 100 * HOUR_MS }, logger);
    const grown = { max_age: 100 * HOUR_MS * 1_000_000 };
    expect(await configOf(`RACE-${race}`)).toMatchObject({ ...grown, max_bytes: 400 * MIB });
    expect(await configOf(`FACT-${race}`)).toMatchObject({ ...grown, max_bytes: 200 * MIB });
    for (const kind of ["KV", "OBJ"]) expect(await configOf(`${kind}_SNAPSHOT-${race}`)).toMatchObject(grown);
  });

  test("without a limit keep having none", async () => {
    const race = newRace();
    await ensureRaceStreams(link, race, OWNED, logger);
    await link.manager.streams.update(`RACE-${race}`, { max_bytes: -1, max_age: 0 });
    await ensureRaceStreams(link, race, { ...OWNED, raceBytesMax: 900 * MIB }, logger);
    expect(await configOf(`RACE-${race}`)).toMatchObject({ max_bytes: -1, max_age: 0 });
  });

  test("with another setting are refused by its name and left as they are", async () => {
    const race = newRace();
    await ensureRaceStreams(link, race, OWNED, logger);
    await link.manager.streams.update(`FACT-${race}`, { max_msg_size: 1_000 });
    const before = await configOf(`FACT-${race}`);
    const growing = ensureRaceStreams(link, race, { ...OWNED, factBytesMax: 900 * MIB }, logger);
    await expect(growing).rejects.toThrow(/FACT-\S+ cannot be used \(it exists with max_msg_size 1000 instead of -1/);
    expect(await configOf(`FACT-${race}`)).toEqual(before);
  });
});

test("activity counts frames and cars, and nothing else of the log", async () => {
  const race = newRace();
  expect(await raceActivity(link, race)).toBeUndefined();
  await ensureRaceStreams(link, race, OWNED, logger);
  expect(await raceActivity(link, race)).toEqual({ frames: 0, cars: 0 });
  const log = await openRaceLog(link, race, TAKING, logger);
  const append = (partition: number, subject: string) =>
    log.append([{ partition, subject, payload: Uint8Array.of(1) }]);
  for (const car of ["24", "24", "9"]) await append(partitionOf(car), subjects.telemetry(race, partitionOf(car), car));
  await append(0, subjects.tick(race, 0));
  await append(0, subjects.control(race, 0, "flag_changed"));
  expect(await raceActivity(link, race)).toEqual({ frames: 3, cars: 2 });
});

describe("streams that are removed", () => {
  test("leave no stream of their race, give their room back, and touch no other race", async () => {
    const [race, other] = [newRace(), newRace()];
    for (const one of [race, other]) await ensureRaceStreams(link, one, OWNED, logger);
    const reserved = async () => (await link.manager.getAccountInfo()).reserved_storage;
    const before = (await reserved()) ?? 0;
    expect(await removeRaceStreams(link, race, logger)).toEqual([
      ...[`KV_SNAPSHOT-${race}`, `OBJ_SNAPSHOT-${race}`, `RACE-${race}`, `FACT-${race}`],
    ]);
    expect(await raceStreamIds(link, race)).toEqual({ race: undefined, facts: undefined });
    expect(await reserved()).toBe(before - (300 + 200 + 512 + 512) * MIB);
    expect(await raceStreamIds(link, other)).toEqual({ race: expect.any(String), facts: expect.any(String) });
    expect(await removeRaceStreams(link, race, logger)).toEqual([]);
  });

  test("and are made again are others", async () => {
    const race = newRace();
    await ensureRaceStreams(link, race, OWNED, logger);
    const before = await raceStreamIds(link, race);
    expect(await raceStreamIds(link, race)).toEqual(before);
    await ensureRaceStreams(link, race, { ...OWNED, raceBytesMax: 400 * MIB }, logger);
    expect(await raceStreamIds(link, race)).toEqual(before);
    await removeRaceStreams(link, race, logger);
    await ensureRaceStreams(link, race, OWNED, logger);
    const after = await raceStreamIds(link, race);
    expect([after.race === before.race, after.facts === before.facts]).toEqual([false, false]);
  });
});
