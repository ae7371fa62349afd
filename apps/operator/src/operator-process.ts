import {
  connectNats,
  Health,
  HttpServer,
  type Logger,
  Metrics,
  natsOptions,
  OperatingError,
  type Part,
  S3ObjectClient,
  type S3Options,
  s3Options,
  steadyClock,
  streamLimits,
  wallClock,
} from "@burnline/runtime";
import type { OperatorConfig } from "./config.ts";
import { KubeApi } from "./kube-api.ts";
import { createOperator, type OperatorOptions } from "./operator.ts";
import { archiveRace } from "./race-archive.ts";
import { RaceLogs } from "./race-logs.ts";
import type { StreamLimits } from "./race-plan.ts";
import { removeArchivedStreams } from "./race-removal.ts";
import type { Race } from "./race-resource.ts";
import { isArchivedByStatus } from "./removal-stand.ts";

const STOP_MS_MAX = 8_000;
/** A chunk has some MB and goes over any line in this time. */
const S3_LIMITS = { attemptMsMax: 60_000, callMsMax: 180_000 };
const GB = 1024 ** 3;

export interface OperatorProcess {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: HttpServer;
}

/**
 * Connects and puts an operator together. Nothing runs before `parts` start.
 * @throws OperatingError that names the setting to look at
 */
export async function openOperatorProcess(config: OperatorConfig, logger: Logger): Promise<OperatorProcess> {
  const { host, port, name, lease, namespace, kubeconfig, replicas } = config;
  const s3 = s3Options(config);
  const kube = KubeApi.open({ kubeconfig, namespace });
  const metrics = new Metrics(["operator"], { withProcess: true });
  const connecting = { name: `burnline-operator-${name}`, logger };
  const link = await connectNats(natsOptions(config, connecting, { registry: metrics, service: "operator" }));
  const health = new Health();
  const server = new HttpServer({ host, port, health, metrics, logger });
  const logs = new RaceLogs({ link, replicas, logger, steadyClock });
  const settings = { streamBytesCap: Math.round(config.streamGb * GB), hasBucket: s3 !== undefined };
  const archived = ({ raceId, spec }: Race, { bucket }: S3Options) => ({
    ...{ raceId, track: spec.track, bucket, prefix: config.s3Prefix },
  });
  const archive = async (race: Race, signal: AbortSignal) => {
    if (s3 === undefined) throw new Error("a plan without a bucket archives nothing");
    return withObjects(s3, async (objects) => {
      const [streamIds, opened] = [await logs.streamIds(race.raceId), await logs.open(race.raceId)];
      return archiveRace({ ...archived(race, s3), ...opened, streamIds, objects, signal });
    });
  };
  const remove: OperatorOptions["remove"] = async (race, signal, isFree) => {
    const { raceId } = race;
    // Its Race says that it needs no archive, or the plan would not be here.
    if (s3 === undefined || !isArchivedByStatus(race)) return { streams: await removeUnarchived(logs, raceId, isFree) };
    return withObjects(s3, (objects) =>
      removeArchivedStreams({
        ...{ ...archived(race, s3), objects, signal, isFree },
        streamIds: () => logs.streamIds(raceId),
        logs: () => logs.open(raceId),
        lastPosition: (log) => logs.lastPosition(raceId, log),
        remove: () => logs.remove(raceId),
      }),
    );
  };
  const operator = createOperator({
    ...{ kube, logs, archive, remove, settings, server, health, metrics, logger, lease, name },
    initialStreams: initialStreams(config),
    ...{ clock: wallClock, steadyClock },
  });
  const parts: Part[] = [
    { name: "connections", start: async () => {}, stop: () => link.close(), stopMsMax: STOP_MS_MAX },
    { name: "race logs", start: async () => {}, stop: () => logs.close() },
    ...operator,
    { name: "web server", start: () => server.start(), stop: () => server.stop() },
  ];
  return { parts, server };
}

/** What an app would make for itself; undefined where it does. */
function initialStreams(config: OperatorConfig): StreamLimits | undefined {
  const { owner, maxBytes, maxAgeMs } = streamLimits(config);
  return owner === "operator" ? { raceBytesMax: maxBytes, factBytesMax: maxBytes, maxAgeMs } : undefined;
}

async function withObjects<T>(s3: S3Options, use: (objects: S3ObjectClient) => Promise<T>): Promise<T> {
  const objects = await S3ObjectClient.open({ ...s3, limits: S3_LIMITS });
  try {
    return await use(objects);
  } finally {
    objects.close();
  }
}

async function removeUnarchived(logs: RaceLogs, raceId: string, isFree: () => boolean): Promise<readonly string[]> {
  if (!isFree()) throw new OperatingError(`A release of ${raceId} is back: its streams stay.`);
  return logs.remove(raceId);
}
