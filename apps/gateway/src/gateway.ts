import { randomUUID } from "node:crypto";
import type { RaceClock } from "@burnline/contract";
import { toWallMs } from "@burnline/contract/feed-client";
import type { FrameTracing, Health, HttpServer, Logger, Metrics } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { EventLog, LiveChannel } from "@burnline/stream";
import { EventLatency } from "./event-latency.ts";
import { FactFeed } from "./fact-feed.ts";
import { createGatewayMetrics } from "./gateway-metrics.ts";
import { VIEW_AGE_INTERVAL_MS } from "./limits.ts";
import { RaceView } from "./race-view.ts";
import { registerRest } from "./rest.ts";
import { registerStaticPages, staticFolders } from "./static-pages.ts";
import { ViewerCheck, type ViewerFault } from "./viewer-check.ts";
import { FEED_PATH, type FeedOptions, WebSocketFeed } from "./websocket-feed.ts";

export interface GatewayOptions extends FeedOptions {
  /** Secrets that sign viewers' tokens; none: whoever reaches the gateway reads the race. */
  readonly viewerKeys?: readonly string[];
  /** Shown to clients and in the interface description. */
  readonly serverVersion?: string;
}

export interface GatewayContext {
  readonly factLog: EventLog;
  readonly live: LiveChannel;
  readonly clock: Clock;
  /** How event time runs against wall time now. */
  readonly raceClock: () => RaceClock;
  readonly race: string;
  /** Folder with dashboard/dist and graphics/dist below it: apps/ in the repository and in the image. */
  readonly assetsFolder: string;
  /** Not listening yet: the gateway adds its routes and its WebSocket to it. */
  readonly server: HttpServer;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Learns that the view is not whole yet. */
  readonly health?: Health;
  /** Absent: nothing is traced. */
  readonly tracing?: FrameTracing;
  /** The gateway can go on no longer; by default the process ends with the error. */
  readonly onFault?: (error: unknown) => void;
  readonly options?: GatewayOptions;
}

export interface Gateway {
  readonly view: RaceView;
  readonly feed: WebSocketFeed;
  /**
   * Resolves when the view holds all facts written so far; from then on snapshots leave and REST answers.
   * @throws FactLogError
   */
  start(): Promise<void>;
  /** Sends every client away with 1012 so that it comes back, then stops reading. Does not close the server. */
  stop(): Promise<void>;
}

/** Puts the parts of the gateway together; nothing runs before `start`. */
export function createGateway(context: GatewayContext): Gateway {
  const { factLog, live, clock, raceClock, race, server, logger, options = {}, onFault = endProcess } = context;
  const serverInstance = randomUUID();
  const serverVersion = options.serverVersion ?? "0.0.0";
  const metrics = createGatewayMetrics(context.metrics);
  const view = new RaceView(race);
  const latency = new EventLatency(metrics, context.tracing);
  const viewers = new ViewerCheck(options.viewerKeys ?? [], race, () => clock.nowMs());
  const viewerRefused = (fault: ViewerFault) => metrics.countViewerRefused(fault);
  const feed = new WebSocketFeed(
    { view, clock, raceClock, metrics, latency, logger, viewers, serverInstance, serverVersion },
    options,
  );
  const onChange = () => feed.noteChange();
  const facts = new FactFeed({ factLog, live, view, clock, latency, metrics, logger, onChange, onFault });
  let isWhole = false;
  let viewAge: NodeJS.Timeout | undefined;

  registerRest(server.app, {
    view,
    serverInstance,
    serverVersion,
    isWhole: () => isWhole,
    viewers,
    viewerRefused,
    requestLimited: metrics.countRequestLimited,
  });
  registerStaticPages(server.app, staticFolders(context.assetsFolder));
  server.onUpgrade(FEED_PATH, (request, socket, head) => feed.upgrade(request, socket, head));
  context.health?.add("gateway view", () => (isWhole ? undefined : "the view is being rebuilt from the fact log"));

  return {
    view,
    feed,
    start: async () => {
      const startedMs = clock.nowMs();
      await facts.start();
      view.seal(raceClock());
      isWhole = true;
      latency.forget();
      feed.open();
      viewAge = setInterval(() => {
        const dueMs = view.eventTimeMs === 0 ? undefined : toWallMs(raceClock(), view.eventTimeMs);
        if (dueMs !== undefined) metrics.setViewAge((clock.nowMs() - dueMs) / 1_000);
      }, VIEW_AGE_INTERVAL_MS).unref();
      logger.info({ facts: facts.appliedCount, ms: clock.nowMs() - startedMs }, "the view of the race is whole");
    },
    stop: async () => {
      clearInterval(viewAge);
      await feed.stop();
      await facts.stop();
    },
  };
}

/** Outside every promise, so that nothing can swallow it. */
function endProcess(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
