import {
  Health,
  HttpServer,
  type Logger,
  type NatsLink,
  NatsLiveChannel,
  type OnNats,
  openOnNats,
  openRaceLog,
  openTracing,
  type Part,
  steadyClock,
  streamLimits,
  wallClock,
} from "@burnline/runtime";
import type { EventLog } from "@burnline/stream";
import type { IngestConfig } from "./config.ts";
import { createIngest } from "./ingest.ts";
import type { IngestMetrics } from "./ingest-metrics.ts";
import { ingestPart } from "./ingest-part.ts";
import { IngestScale } from "./ingest-scale.ts";
import { findLoggedRace } from "./logged-race.ts";
import { withRaceId } from "./named-race.ts";
import { NatsSource } from "./nats-source.ts";
import { createIngestMetrics } from "./prometheus-metrics.ts";
import { PushEndpoint } from "./push-endpoint.ts";
import { PushSource } from "./push-source.ts";
import { RaceClockBeacon } from "./race-clock-beacon.ts";
import type { Source } from "./source.ts";
import { parseSourceAddress } from "./source-address.ts";
import { openConfiguredSource } from "./source-config.ts";
import { traceAppends } from "./traced-log.ts";

/** A simulated race starts on the next whole second, this much later, so that nobody misses it. */
const START_DELAY_MS = 1_000;
/** The queue is written out; with a log that does not answer, the attempt under way ends with its own 5 s. */
const STOP_MS_MAX = 8_000;

export interface IngestProcess {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
  readonly source: Source;
}

/**
 * Connects, opens the source and the race's log, and puts an ingest together. Nothing runs before `parts` start.
 * @throws OperatingError that names the setting to look at, SourceError
 */
export function openIngestProcess(
  config: IngestConfig,
  logger: Logger,
  onFault: (part: string, error: unknown) => void,
): Promise<IngestProcess> {
  return openOnNats("ingest", config, logger, (onNats) => assemble({ config, logger, onFault, ...onNats }));
}

interface Assembly extends OnNats {
  readonly config: IngestConfig;
  readonly logger: Logger;
  readonly onFault: (part: string, error: unknown) => void;
}

async function assemble({ config, logger, onFault, metrics, link }: Assembly): Promise<IngestProcess> {
  const { race } = config;
  const raceLog = await openRaceLog(link, race, streamLimits(config), logger);
  const source = await openRaceSource(config, raceLog);
  const ingestScale = new IngestScale(steadyClock);
  const ingestMetrics = ingestScale.watch(createIngestMetrics(metrics));
  const health = new Health();
  health.add("nats", () => (link.isConnected ? undefined : "not connected"));
  const scale = () => ingestScale.read();
  const server = new HttpServer({ host: config.host, port: config.port, health, metrics, logger, scale });
  const beacon = new RaceClockBeacon(new NatsLiveChannel(link), race);
  const traces = await openTracing(config, { service: "ingest", name: config.name, race, metrics, logger });
  const log = traces === undefined ? raceLog : traceAppends(raceLog, traces.tracing, wallClock, () => beacon.clock);
  const ingest = createIngest({
    ...{ raceLog: log, isLogRemote: true, source, logger, clock: wallClock, metrics: ingestMetrics },
    onRaceClock: (clock) => beacon.set(clock),
    options: { speed: config.speed, ...(config.record === undefined ? {} : { recordFile: config.record }) },
  });
  const parts: Part[] = [
    { name: "connections", start: async () => {}, stop: () => link.close(), stopMsMax: STOP_MS_MAX },
    ...(traces === undefined ? [] : [traces.part]),
    { name: "race clock", start: async () => beacon.start(), stop: async () => beacon.stop() },
    ingestPart(ingest, {
      ...{ logger, onFault, stopMsMax: STOP_MS_MAX },
      endedText: "the source has ended; the race clock goes on for those who look at it",
    }),
    // Who pushes is sent away first, while the server still answers what was taken.
    { name: "web server", start: () => server.start(), stop: () => server.stop() },
    ...liveParts({ config, source, link, server, logger, metrics: ingestMetrics }),
  ];
  return { parts, server, source };
}

/** A simulated race that goes on keeps the start that its log begins with. */
async function openRaceSource(config: IngestConfig, raceLog: EventLog): Promise<Source> {
  const { race } = config;
  const logged = config.source === "sim" ? await findLoggedRace(raceLog) : undefined;
  const startMs = logged?.startMs ?? wallClock.nowMs() + START_DELAY_MS;
  return withRaceId(await openConfiguredSource(config, { race, startMs, truthFile: config.truth }), race);
}

interface LiveContext {
  readonly config: IngestConfig;
  readonly source: Source;
  readonly link: NatsLink;
  readonly server: HttpServer;
  readonly logger: Logger;
  readonly metrics: IngestMetrics;
}

/** What fills a live source from outside. It starts after the ingest that takes from it, and stops before it. */
function liveParts({ config, source, link, server, logger, metrics }: LiveContext): Part[] {
  if (!(source instanceof PushSource)) return [];
  const { token } = config;
  const endpoint = new PushEndpoint({ server, source, logger, metrics, ...(token === undefined ? {} : { token }) });
  const parts: Part[] = [{ name: "push endpoint", start: async () => {}, stop: () => endpoint.close() }];
  const address = parseSourceAddress(config.source);
  if (address.ok && address.value.type === "nats") {
    const { connection } = link;
    const upstream = new NatsSource({ connection, subject: address.value.subject, source, metrics, logger });
    parts.push({ name: "upstream subject", start: async () => upstream.start(), stop: () => upstream.stop() });
  }
  return parts;
}
