import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PARTITION_COUNT } from "@burnline/contract";
import {
  backUpToS3,
  claimRedisRace,
  connectNats,
  connectRedis,
  createFarSnapshotMetrics,
  Health,
  HttpServer,
  type Logger,
  Metrics,
  type NatsLink,
  NatsLiveChannel,
  NatsPeerLink,
  natsOptions,
  openFactLog,
  openRaceLog,
  openRaceSnapshots,
  openTracing,
  type Part,
  type RedisConnection,
  RedisMembership,
  RedisStateStore,
  redisOptions,
  s3Options,
  steadyClock,
  streamLimits,
  wallClock,
} from "@burnline/runtime";
import type { SnapshotStore } from "@burnline/stream";
import { createClusterProcessor } from "./cluster-processor.ts";
import { registerScaleMetrics } from "./cluster-scale.ts";
import type { ProcessorConfig } from "./config.ts";
import { factLogSink, policedFactSink } from "./fact-log-sink.ts";
import { createProcessorMetrics } from "./processor-metrics.ts";
import { tracePorts } from "./traced-ports.ts";
import { UnhurriedSnapshots } from "./unhurried-snapshots.ts";

/**
 * A drain takes less than 0.5 s. With log and store away the processor gives up after 2.5 s, a request that runs is cut
 * after 0.5 s, and the connections close within 4.5 s: S3, if there is one, gets its last snapshots.
 */
const DRAIN_MS_MAX = 3_000;
const REQUEST_MS_MAX = 500;
const DISCONNECT_MS_MAX = 4_500;

export interface ClusterProcess {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
  readonly memberId: string;
}

/**
 * Connects, checks what it finds there, and puts a processor together. Nothing runs before `parts` start.
 * @throws OperatingError that names the setting to look at.
 */
export async function openClusterProcess(
  config: ProcessorConfig,
  logger: Logger,
  onFault: (part: string, error: unknown) => void,
): Promise<ClusterProcess> {
  // Of this life only: who comes back after a kill is a new member, and its former leases are not its own.
  const memberId = `${config.name}-${randomUUID().slice(0, 8)}`;
  const connecting = { name: `burnline-processor-${memberId}`, logger };
  const metrics = new Metrics(["processor"], { withProcess: true });
  const link = await connectNats(natsOptions(config, connecting, { registry: metrics, service: "processor" }));
  const redis = await orClose(connectRedis(redisOptions(config, connecting)), () => link.close());
  const snapshots = await orClose(openSnapshots(config, link, logger, metrics), async () => {
    await redis.close();
    await link.close();
  });
  const closeAll = async () => {
    await snapshots.close();
    await Promise.all([redis.close(), link.close()]);
  };
  return orClose(
    assemble({ config, logger, onFault, memberId, metrics, link, redis, snapshots: snapshots.store, closeAll }),
    closeAll,
  );
}

interface Assembly {
  readonly config: ProcessorConfig;
  readonly logger: Logger;
  readonly onFault: (part: string, error: unknown) => void;
  readonly memberId: string;
  readonly metrics: Metrics;
  readonly link: NatsLink;
  readonly redis: RedisConnection;
  readonly snapshots: SnapshotStore;
  readonly closeAll: () => Promise<void>;
}

async function assemble(assembly: Assembly): Promise<ClusterProcess> {
  const { config, logger, onFault, memberId, metrics, link, redis, snapshots, closeAll } = assembly;
  const { race } = config;
  const limits = streamLimits(config);
  await claimRedisRace(redis, race, PARTITION_COUNT);
  const raceLog = await openRaceLog(link, race, limits, logger);
  const factLog = await openFactLog(link, race, limits, logger);
  const processorMetrics = createProcessorMetrics(metrics, steadyClock);
  const facts = factLogSink(factLog, (frames) => processorMetrics.lateFrames(frames));
  const sink = policedFactSink(facts, { factLog, race, metrics, logger });
  const state = new RedisStateStore(redis, {
    race,
    onDamage: (partition) => logger.error({ partition }, "parts of this partition were missing in Redis"),
  });
  const traces = await openTracing(config, { service: "processor", name: memberId, race, metrics, logger });
  const untraced = { log: raceLog, state };
  const processor = createClusterProcessor({
    ports: {
      ...(traces === undefined ? untraced : tracePorts(untraced, traces.tracing, wallClock)),
      ...{ sink, clock: wallClock, steadyClock, live: new NatsLiveChannel(link) },
      snapshots: new UnhurriedSnapshots(snapshots, {
        ...{ metrics: processorMetrics, logger, sleep: (ms) => sleep(ms) },
        onFatal: (error) => onFault("snapshots", error),
      }),
    },
    ...{ race, ownerId: memberId, steadyClock, logger, metrics: processorMetrics },
    membership: new RedisMembership(redis, { race, partitions: PARTITION_COUNT }),
    link: await NatsPeerLink.open(link, race, memberId),
    logPulse: () => link.pulse(),
    onFatal: (error) => onFault("processor", error),
    sleep: (ms) => sleep(ms),
  });
  const health = new Health();
  health.add("nats", () => (link.isConnected ? undefined : "not connected"));
  const scale = () => processor.scale();
  registerScaleMetrics(metrics, scale);
  const server = new HttpServer({
    host: config.host,
    port: config.port,
    health,
    metrics,
    logger,
    scale,
    closeMsMax: REQUEST_MS_MAX,
  });
  const parts: Part[] = [
    { name: "connections", start: async () => {}, stop: closeAll, stopMsMax: DISCONNECT_MS_MAX },
    ...(traces === undefined ? [] : [traces.part]),
    { name: "web server", start: () => server.start(), stop: () => server.stop() },
    { name: "processor", start: () => processor.start(), stop: () => processor.stop(), stopMsMax: DRAIN_MS_MAX },
  ];
  return { parts, server, memberId };
}

/** In NATS, and now and then in S3 too if there is a bucket for them. */
async function openSnapshots(config: ProcessorConfig, link: NatsLink, logger: Logger, metrics: Metrics) {
  const far = s3Options(config);
  const near = await openRaceSnapshots(link, config.race, streamLimits(config));
  const race = { id: config.race, prefix: config.s3Prefix };
  return backUpToS3(near, far, race, {
    ...{ clock: steadyClock, logger, metrics: createFarSnapshotMetrics(metrics, "processor") },
  });
}

async function orClose<T>(opening: Promise<T>, close: () => Promise<void>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    await close();
    throw error;
  }
}
