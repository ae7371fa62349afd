import { setTimeout as sleep } from "node:timers/promises";
import { create, type RaceClock, RaceClockSchema } from "@burnline/contract";
import { createGateway, type Gateway } from "@burnline/gateway";
import { createInference, inferenceMetrics } from "@burnline/inference";
import { createIngest, createIngestMetrics, type Ingest, ingestPart, PushEndpoint, PushSource } from "@burnline/ingest";
import { createProcessor, createProcessorMetrics, factLogSink } from "@burnline/processor";
import {
  Health,
  HttpServer,
  type Logger,
  MemoryLiveChannel,
  Metrics,
  type Part,
  SqliteSnapshotStore,
  SqliteStateStore,
  steadyClock,
  wallClock,
} from "@burnline/runtime";
import { type StandaloneConfig, VERSION } from "./config.ts";
import type { RaceFolder } from "./race-folder.ts";
import { openResidualModel } from "./residual-model.ts";

const APPS_FOLDER = new URL("../../", import.meta.url).pathname;

/** One owner, since the folder's lock lets no second process in; after a kill it gets its partitions back at once. */
const OWNER_ID = "standalone";

export interface RaceChain {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
  readonly gateway: Gateway;
  readonly ingest: Ingest;
}

export interface ChainDependencies {
  readonly config: StandaloneConfig;
  readonly race: RaceFolder;
  readonly logger: Logger;
  /** A part cannot go on: everything has to stop. */
  readonly onFault: (part: string, error: unknown) => void;
}

/** The whole chain in this process: ingest → log → processor → inference → gateway. Nothing runs before `parts` start. */
export async function createRaceChain({ config, race, logger, onFault }: ChainDependencies): Promise<RaceChain> {
  const { source, db, raceLog, factLog } = race;
  const raceId = source.race.race;
  const metrics = new Metrics(["ingest", "processor", "inference", "gateway"], { withProcess: true });
  const health = new Health();
  const server = new HttpServer({ host: config.host, port: config.port, health, metrics });
  const live = new MemoryLiveChannel((error) => logger.error({ err: error }, "a reader of live values failed"));
  const ingestMetrics = createIngestMetrics(metrics);
  let raceClock: RaceClock = create(RaceClockSchema, { anchorEventMs: 0, anchorWallMs: 0, speed: 1 });

  const ingest = createIngest({
    ...{ raceLog, source, logger, clock: wallClock, metrics: ingestMetrics },
    onRaceClock: (clock) => {
      raceClock = clock;
    },
    options: { speed: config.speed, ...(config.record === undefined ? {} : { recordFile: config.record }) },
  });
  const processorMetrics = createProcessorMetrics(metrics, steadyClock);
  const processor = createProcessor({
    ports: {
      ...{
        log: raceLog,
        live,
        clock: wallClock,
        sink: factLogSink(factLog, (frames) => processorMetrics.lateFrames(frames)),
      },
      state: new SqliteStateStore(db, wallClock),
      snapshots: new SqliteSnapshotStore(db),
    },
    ...{ race: raceId, ownerId: OWNER_ID, logger, metrics: processorMetrics },
    onFatal: (error) => onFault("processor", error),
    sleep: (ms) => sleep(ms),
  });
  const inference = createInference({
    ...{ factLog, raceLog, race: raceId, clock: wallClock, logger },
    model: await openResidualModel(config.model, logger),
    metrics: inferenceMetrics(metrics),
  });
  const gateway = createGateway({
    ...{ factLog, live, clock: wallClock, race: raceId, server, metrics, logger, health },
    raceClock: () => raceClock,
    assetsFolder: APPS_FOLDER,
    onFault: (error) => onFault("gateway", error),
    options: { serverVersion: VERSION, allowedOrigins: config.allowedOrigins, viewerKeys: config.viewerKeys },
  });
  const endpoint =
    source instanceof PushSource
      ? new PushEndpoint({
          server,
          source,
          logger,
          metrics: ingestMetrics,
          ...(config.token === undefined ? {} : { token: config.token }),
        })
      : undefined;

  const parts: Part[] = [
    { name: "database", start: async () => {}, stop: async () => db.close() },
    { name: "processor", start: () => processor.start(), stop: () => processor.stop() },
    { name: "inference", start: () => inference.start(), stop: () => inference.stop() },
    { name: "web server", start: () => server.start(), stop: () => server.stop() },
    { name: "gateway", start: () => gateway.start(), stop: () => gateway.stop() },
    { name: "push endpoint", start: async () => {}, stop: async () => endpoint?.close() },
    ingestPart(ingest, {
      ...{ logger, onFault },
      endedText: "the source has ended; what it said can still be looked at",
    }),
  ];
  return { parts, server, gateway, ingest };
}
