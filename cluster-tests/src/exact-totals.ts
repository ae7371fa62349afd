import { setTimeout as sleep } from "node:timers/promises";
import { judge, type Verdict } from "@burnline/chaos";
import { RedisStateStore } from "@burnline/runtime";
import type { Kube } from "./kube.ts";
import { until } from "./kube.ts";
import { appLabels, isReady } from "./platform.ts";
import { NAMESPACE, RELEASE } from "./platform-manifests.ts";
import type { ServerAccess } from "./server-access.ts";
import type { WatchedRace } from "./watched-race.ts";

const GONE_SECONDS_MAX = 90;
const RESUMED_SECONDS_MAX = 90;
const RESUMED_REPLICAS = 2;
const SETTLED_SECONDS_MAX = 60;
/** Ticks come every second: who has not moved for so long has read everything. */
const QUIET_MS = 2_500;

/** Compares every total with what the generator knows, when nothing moves any more: ingest stops, processors finish and leave. */
export async function judgeRace(
  kube: Kube,
  access: ServerAccess,
  { race, watched }: { readonly race: string; readonly watched: WatchedRace },
): Promise<Verdict> {
  await watched.stopSending();
  await scaleToNothing(kube, "ingest");
  await settled(watched);
  await scaleToNothing(kube, "processor");
  await watched.stopWatching();
  const limits = { replicas: 1, maxBytes: 1024 ** 3, maxAgeMs: 2 * 86_400_000 };
  const [raceLog, factLog] = [await access.raceLog(race, limits), await access.factLog(race, limits)];
  const state = new RedisStateStore(access.redis, { race });
  return judge({ race, truth: watched.generator.truth, raceLog, factLog, state });
}

/** Lets KEDA have its pods back after `judgeRace`. */
export async function resumeApps(kube: Kube): Promise<void> {
  for (const app of ["ingest", "processor"] as const) {
    await pauseAt(kube, app, null);
    // KEDA brings nobody back whose load only its own pods can tell.
    await kube.merge({
      ...{ apiVersion: "apps/v1", kind: "Deployment", spec: { replicas: RESUMED_REPLICAS } },
      metadata: { name: `${RELEASE}-${app}`, namespace: NAMESPACE },
    });
    await until(
      RESUMED_SECONDS_MAX,
      async () => (await kube.pods(NAMESPACE, appLabels(app))).filter(isReady).length >= RESUMED_REPLICAS,
      () => `pods of ${app} have not come back`,
    );
  }
}

/** KEDA itself is told to, or it would bring them back. */
async function scaleToNothing(kube: Kube, app: "ingest" | "processor"): Promise<void> {
  await pauseAt(kube, app, "0");
  await until(
    GONE_SECONDS_MAX,
    async () => (await kube.pods(NAMESPACE, appLabels(app))).length === 0,
    () => `pods of ${app} are still there`,
  );
}

/** @param replicas null: it scales again */
async function pauseAt(kube: Kube, app: string, replicas: string | null): Promise<void> {
  const annotations = { "autoscaling.keda.sh/paused-replicas": replicas };
  await kube.merge({
    ...{ apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject" },
    // A merge patch takes away what is null; the client's type of an object does not know that.
    metadata: { ...{ name: `${RELEASE}-${app}`, namespace: NAMESPACE }, annotations: annotations as never },
  });
}

async function settled(watched: WatchedRace): Promise<void> {
  let former = "";
  await until(
    SETTLED_SECONDS_MAX,
    async () => {
      const now = JSON.stringify([...watched.positions()]);
      const isQuiet = now === former;
      former = now;
      if (!isQuiet) await sleep(QUIET_MS);
      return isQuiet;
    },
    () => "the processors still work off the log",
  );
}
