import {
  Health,
  HttpServer,
  type Logger,
  NatsLiveChannel,
  type OnNats,
  openFactLog,
  openOnNats,
  openTracing,
  type Part,
  streamLimits,
  wallClock,
} from "@burnline/runtime";
import { type GatewayConfig, VERSION } from "./config.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { RaceClockFollower } from "./race-clock-follower.ts";

const APPS_FOLDER = new URL("../../", import.meta.url).pathname;
const STOP_MS_MAX = 8_000;

export interface GatewayProcess {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
}

/**
 * Connects and puts a gateway together. Nothing runs before `parts` start.
 * @throws OperatingError that names the setting to look at
 */
export function openGatewayProcess(
  config: GatewayConfig,
  logger: Logger,
  onFault: (part: string, error: unknown) => void,
): Promise<GatewayProcess> {
  return openOnNats("gateway", config, logger, (onNats) => assemble({ config, logger, onFault, ...onNats }));
}

interface Assembly extends OnNats {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly onFault: (part: string, error: unknown) => void;
}

async function assemble({ config, logger, onFault, metrics, link }: Assembly): Promise<GatewayProcess> {
  const { race } = config;
  const factLog = await openFactLog(link, race, streamLimits(config), logger);
  const live = new NatsLiveChannel(link, (error) => logger.error({ err: error }, "a reader of live values failed"));
  const follower = new RaceClockFollower(live, race);
  const health = new Health();
  health.add("nats", () => (link.isConnected ? undefined : "not connected"));
  const scale = () => ({ clients: gateway.feed.clientCount });
  const server = new HttpServer({
    ...{ host: config.host, port: config.port, health, metrics, logger, scale },
    trustedProxies: config.trustedProxies,
  });
  const traces = await openTracing(config, { service: "gateway", name: config.name, race, metrics, logger });
  const gateway: Gateway = createGateway({
    ...{ factLog, live, clock: wallClock, race, server, metrics, logger, health },
    raceClock: () => follower.clock,
    assetsFolder: APPS_FOLDER,
    onFault: (error) => onFault("gateway", error),
    ...(traces === undefined ? {} : { tracing: traces.tracing }),
    options: { serverVersion: VERSION, allowedOrigins: config.allowedOrigins, viewerKeys: config.viewerKeys },
  });
  const parts: Part[] = [
    { name: "connections", start: async () => {}, stop: () => link.close(), stopMsMax: STOP_MS_MAX },
    ...(traces === undefined ? [] : [traces.part]),
    { name: "race clock", start: async () => follower.start(), stop: async () => follower.stop() },
    { name: "web server", start: () => server.start(), stop: () => server.stop() },
    { name: "gateway", start: () => gateway.start(), stop: () => gateway.stop() },
  ];
  return { parts, server };
}
