import { randomUUID } from "node:crypto";
import type { RaceClock } from "@burnline/contract";
import type { Clock } from "@burnline/std";
import type { EventLog, LiveChannel } from "@burnline/stream";
import type { FastifyInstance } from "fastify";
import { FactFeed } from "./fact-feed.ts";
import type { GatewayMetrics } from "./gateway-metrics.ts";
import { RaceView } from "./race-view.ts";
import { registerRest } from "./rest.ts";
import { registerStaticPages, staticFolders } from "./static-pages.ts";
import { type FeedOptions, WebSocketFeed } from "./websocket-feed.ts";

export interface GatewayOptions extends FeedOptions {
  /** Shown to clients. */
  readonly serverVersion?: string;
}

export interface GatewayContext {
  readonly factLog: EventLog;
  readonly live: LiveChannel;
  readonly clock: Clock;
  /** How event time runs against wall time now. */
  readonly raceClock: () => RaceClock;
  readonly race: string;
  /** Folder with dashboard/dist and graphics/dist below it. */
  readonly assetsFolder: string;
  /** Not listening yet: the gateway adds its routes and its WebSocket to it. */
  readonly app: FastifyInstance;
  readonly metrics: GatewayMetrics;
  /** The gateway can go on no longer; the process has to end. */
  readonly onFault: (error: unknown) => void;
  readonly options?: GatewayOptions;
}

export interface Gateway {
  readonly view: RaceView;
  readonly feed: WebSocketFeed;
  /** Resolves when the view holds all facts written so far; from then on snapshots leave and REST answers. */
  start(): Promise<void>;
  /** Sends every client away with 1012 so that it comes back, then stops reading. Does not close the server. */
  stop(): Promise<void>;
}

/** Wires the parts of the gateway; nothing runs before `start`. */
export async function createGateway(context: GatewayContext): Promise<Gateway> {
  const { factLog, live, clock, raceClock, race, app, metrics, onFault, options = {} } = context;
  const serverInstance = randomUUID();
  const serverVersion = options.serverVersion ?? "0.0.0";
  const view = new RaceView(race);
  const feed = new WebSocketFeed({ view, clock, raceClock, metrics, serverInstance, serverVersion }, options);
  const facts = new FactFeed({ factLog, live, view, metrics, onChange: () => feed.noteChange(), onFault });
  let isWhole = false;
  registerRest(app, { view, serverInstance, serverVersion, isWhole: () => isWhole });
  await registerStaticPages(app, staticFolders(context.assetsFolder));
  feed.attach(app.server);
  return {
    view,
    feed,
    start: async () => {
      await facts.start();
      view.seal(raceClock());
      isWhole = true;
      feed.open();
    },
    stop: async () => {
      await feed.stop();
      await facts.stop();
    },
  };
}
