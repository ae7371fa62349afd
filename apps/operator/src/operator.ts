import { randomUUID } from "node:crypto";
import type { Health, HttpServer, Logger, Metrics, Part } from "@burnline/runtime";
import type { Clock } from "@burnline/std";
import type { V1Deployment } from "@kubernetes/client-node";
import { EventRecorder } from "./event-recorder.ts";
import { InitialStreams } from "./initial-streams.ts";
import { type KubeApi, RACE_LABEL } from "./kube-api.ts";
import { Leadership } from "./leadership.ts";
import { createOperatorMetrics } from "./operator-metrics.ts";
import type { PlanSettings, StreamLimits } from "./race-plan.ts";
import type { RemovalTotals } from "./race-removal.ts";
import type { ArchiveTotals, Race } from "./race-resource.ts";
import { RaceRuns, type RaceRunsOptions } from "./race-runs.ts";
import { RaceShelf } from "./race-shelf.ts";
import { Reconciler, type ReconcilerOptions } from "./reconciler.ts";
import { serveWarm } from "./warm-endpoint.ts";

/** An archive that is cut off here goes on with the next leader. */
const STOP_MS_MAX = 5_000;

export interface OperatorOptions {
  readonly kube: KubeApi;
  readonly logs: ReconcilerOptions["logs"];
  readonly archive: RaceRunsOptions<ArchiveTotals>["run"];
  /** @param isFree whether no release works on the race's streams */
  readonly remove: (race: Race, signal: AbortSignal, isFree: () => boolean) => Promise<RemovalTotals>;
  readonly settings: PlanSettings;
  /** For releases without a Race whose apps wait for streams; absent where the apps make streams themselves. */
  readonly initialStreams?: StreamLimits | undefined;
  readonly server: Pick<HttpServer, "app">;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly steadyClock: Clock;
  /** Name of the Lease. */
  readonly lease: string;
  /** Of this process, for people; need not be unique. */
  readonly name: string;
  readonly resyncMs?: number;
  readonly retryMs?: number;
}

/**
 * One of several operators. All of them watch and answer /warm; the one that holds the lease plans and writes.
 * @returns its parts in the order in which they start; the web server is started behind them
 */
export function createOperator(options: OperatorOptions): readonly Part[] {
  const { kube, logger, clock, steadyClock, health } = options;
  const metrics = createOperatorMetrics(options.metrics);
  const [races, deployments] = [kube.watchRaces(), kube.watchDeployments()];
  const shelf = new RaceShelf(races, deployments, logger);
  const running = { logger, steadyClock, onEnd: ({ name }: Race) => reconciler.look(name) };
  const archives = new RaceRuns({ ...running, name: "archive", run: options.archive });
  const removals = new RaceRuns({
    ...{ ...running, name: "removal of streams" },
    run: (race, signal) => options.remove(race, signal, () => isFree(shelf, race)),
  });
  const leadership = new Leadership({
    ...{ kube, lease: options.lease, clock, steadyClock, logger },
    // A name alone may come again, as with a pod of a StatefulSet or two processes on one machine.
    identity: `${options.name}_${randomUUID()}`,
    onChange: (isLeader) => {
      metrics.leader(isLeader);
      if (isLeader) reconciler.look();
      else for (const runs of [archives, removals]) void runs.stop();
    },
    ...(options.retryMs === undefined ? {} : { retryMs: options.retryMs }),
  });
  const reconciler: Reconciler = new Reconciler({
    ...{ shelf, archives, removals, kube, clock, steadyClock, logger, metrics },
    ...{ logs: options.logs, settings: options.settings },
    initialStreams: new InitialStreams({ shelf, logs: options.logs, limits: options.initialStreams, logger }),
    events: new EventRecorder(kube, options.name, logger),
    isLeader: () => leadership.isLeader,
    ...(options.resyncMs === undefined ? {} : { resyncMs: options.resyncMs }),
  });
  // Not NATS: /warm is answered without it.
  health.add("kubernetes", () => (shelf.isSynced ? undefined : "the Races are not known yet"));
  serveWarm(options.server.app, shelf);

  const lookAtRaceOf = ({ metadata }: V1Deployment) => {
    const raceId = metadata?.labels?.[RACE_LABEL];
    for (const race of shelf.races()) if (race.raceId === raceId) reconciler.look(race.name);
  };
  return [
    { name: "archives", start: async () => {}, stop: () => archives.stop(), stopMsMax: STOP_MS_MAX },
    { name: "removals", start: async () => {}, stop: () => removals.stop(), stopMsMax: STOP_MS_MAX },
    {
      name: "races",
      // Another race may now be the oldest one of its id, so all are looked at.
      start: () => races.start(logger, () => reconciler.look()),
      stop: () => races.stop(),
    },
    { name: "deployments", start: () => deployments.start(logger, lookAtRaceOf), stop: () => deployments.stop() },
    { name: "leadership", start: async () => leadership.start(), stop: () => leadership.stop() },
    { name: "reconciler", start: async () => reconciler.start(), stop: () => reconciler.stop() },
  ];
}

function isFree(shelf: RaceShelf, { raceId, uid }: Race): boolean {
  const [first] = shelf.races().filter((race) => race.raceId === raceId);
  return first?.uid === uid && !shelf.releases().has(raceId);
}
