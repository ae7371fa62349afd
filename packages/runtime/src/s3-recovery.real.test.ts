import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { PartitionRunner, RUNNER_DEFAULTS, type RunnerPorts } from "@burnline/stream";
import { CountingOperator } from "@burnline/stream/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLogger } from "./log.ts";
import { NatsEventLog } from "./nats-event-log.ts";
import { connectNats, type NatsLink } from "./nats-link.ts";
import { partitionTokenLayout } from "./nats-subjects.ts";
import { openRaceSnapshots } from "./race-streams.ts";
import { connectRedis, type RedisConnection, redisScript } from "./redis-connection.ts";
import { claimRedisRace } from "./redis-race.ts";
import { RedisStateStore } from "./redis-state-store.ts";
import { backUpToS3, type S3RaceSnapshots } from "./s3-race-snapshots.ts";
import { type RealServer, S3_KEYS, startNatsServer, startRedisServer, startS3Server } from "./testing/real-servers.ts";
import { steadyClock, wallClock } from "./wall-clock.ts";

const RACE = "r";
const BUCKET = "snapshots";
const PARTITION = 7;
const SUBJECTS = ["race.r.7.tel.a", "race.r.7.tel.b"];
const LIMITS = { replicas: 1, maxAgeMs: 3_600_000, maxBytes: 64 * 1024 * 1024 };
const FLUSH = redisScript("return redis.call('FLUSHALL')");
const logger = createLogger({ service: "test", level: "silent", format: "json" });
const metrics = { stored: () => {}, failed: () => {}, replaced: () => {} };

let closing: (() => Promise<void>)[];

beforeEach(() => {
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

async function started(starting: Promise<RealServer>): Promise<RealServer> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

async function openAll() {
  const nats = await started(startNatsServer());
  const redisServer = await started(startRedisServer());
  const s3 = await started(startS3Server());
  mkdirSync(join(s3.folder, "data", BUCKET));
  const link = await connectNats({ servers: [nats.url], name: "recovery" });
  closing.push(() => link.close());
  const redis = await connectRedis({ address: `${redisServer.url}/0`, name: "recovery", logger });
  closing.push(() => redis.close());
  await claimRedisRace(redis, RACE, 64);
  const layout = partitionTokenLayout(`race.${RACE}`);
  const log = await NatsEventLog.open(link, {
    ...{ ...LIMITS, name: "RACE-r", layout, discard: "new", duplicateWindowMs: 120_000 },
  });
  closing.push(() => log.close());
  return { link, redis, s3, log };
}

const openSnapshots = async (link: NatsLink, s3: RealServer): Promise<S3RaceSnapshots> =>
  backUpToS3(
    await openRaceSnapshots(link, RACE, LIMITS),
    { endpoint: s3.url, region: "us-east-1", bucket: BUCKET, credentials: S3_KEYS },
    { id: RACE, prefix: "burnline" },
    { clock: steadyClock, logger, metrics },
  );

function portsOf(log: NatsEventLog, redis: RedisConnection, snapshots: S3RaceSnapshots): RunnerPorts {
  return {
    ...{ log, snapshots: snapshots.store, clock: wallClock, steadyClock },
    state: new RedisStateStore(redis, { race: RACE, onDamage: () => {} }),
    sink: { send: async () => {} },
    live: { publish: () => {}, subscribe: () => () => {} },
  };
}

async function appendRecords(log: NatsEventLog, from: number, to: number): Promise<void> {
  const records = Array.from({ length: to - from }, (_, index) => ({
    ...{ partition: PARTITION, subject: SUBJECTS[(from + index) % 2]!, payload: Uint8Array.of(from + index) },
  }));
  await log.append(records);
}

async function drain(runner: PartitionRunner): Promise<void> {
  while ((await runner.step(200)) === "progress");
}

test("a partition that lost Redis, its near snapshots and the log's beginning goes on exactly from S3", async () => {
  const { link, redis, s3, log } = await openAll();
  const snapshots = await openSnapshots(link, s3);
  const options = { ...RUNNER_DEFAULTS, partition: PARTITION, snapshotRecords: 10 };
  await appendRecords(log, 0, 60);
  const first = await PartitionRunner.acquire(
    portsOf(log, redis, snapshots),
    { ...options, ownerId: "first", recordsPerCommitMax: 10 },
    new CountingOperator(),
  );
  await drain(first!);
  await snapshots.close();
  const trimmedTo = first!.position;
  await appendRecords(log, 60, 100);

  await redis.evaluate(FLUSH, ["any"], []);
  for (const stream of ["KV_SNAPSHOT-r", "OBJ_SNAPSHOT-r"]) await link.manager.streams.delete(stream);
  // What is gone from the log can come from a snapshot only.
  await log.trim(trimmedTo + 1);

  const again = await openSnapshots(link, s3);
  const recovered: string[] = [];
  const operator = new CountingOperator();
  const heir = await PartitionRunner.acquire(portsOf(log, redis, again), { ...options, ownerId: "heir" }, operator, {
    recovered: (_, source, position) => recovered.push(`${source} ${position}`),
  });
  await drain(heir!);
  expect(recovered).toEqual([`snapshot ${trimmedTo}`]);
  expect(operator.gaps).toEqual([]);
  expect(Object.fromEntries(operator.sums)).toEqual({ [SUBJECTS[0]!]: 2_450, [SUBJECTS[1]!]: 2_500 });
  await heir!.release();
  await again.close();
});
