import type { V1Pod } from "@kubernetes/client-node";
import { HarnessError } from "./harness-error.ts";
import { type Kube, type Manifest, until } from "./kube.ts";
import { inOrder, keyOf, textOf } from "./manifest-order.ts";
import { NAMESPACE, RELEASE } from "./platform-manifests.ts";

const READY_SECONDS_MAX = 240;
const GONE_SECONDS_MAX = 180;
const CRD_SECONDS_MAX = 30;
const LOG_LINES = 8;

type App = "ingest" | "processor" | "inference" | "gateway" | "operator";

/** What was applied to the cluster, and how it is. */
export class Platform {
  readonly #kube: Kube;
  #applied: readonly Manifest[] = [];

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  /** As `pulumi up`: what is new is made, what differs is changed, what is no longer wanted is taken away. */
  async apply(manifests: readonly Manifest[]): Promise<void> {
    for (const manifest of inOrder(manifests)) {
      await this.#kube.apply(manifest);
      if (manifest.kind === "CustomResourceDefinition") await this.#established(manifest);
    }
    const wanted = new Set(manifests.map((manifest) => textOf(keyOf(manifest))));
    for (const former of this.#applied) if (!wanted.has(textOf(keyOf(former)))) await this.#kube.remove(keyOf(former));
    this.#applied = manifests;
  }

  /** Every workload has all its pods, of its newest kind, ready. @returns the pods */
  async ready(): Promise<V1Pod[]> {
    const workloads = this.#applied.filter(({ kind = "" }) => ["Deployment", "StatefulSet"].includes(kind));
    await until(
      READY_SECONDS_MAX,
      async () => {
        const found = await Promise.all(workloads.map((workload) => this.#kube.find(keyOf(workload))));
        return found.every((workload) => workload !== undefined && isRolledOut(workload));
      },
      () => this.unready(),
    );
    return (await this.#kube.pods(NAMESPACE, "")).filter(({ metadata }) => !metadata?.deletionTimestamp);
  }

  /** Pods of an app that are ready and stay. */
  async pods(app: App): Promise<V1Pod[]> {
    const pods = await this.#kube.pods(NAMESPACE, appLabels(app));
    return pods.filter((pod) => !pod.metadata?.deletionTimestamp && isReady(pod));
  }

  /** Removes all that was applied, the last first, but what is protected. */
  async uninstall(isProtected: (manifest: Manifest) => boolean): Promise<void> {
    const going = inOrder(this.#applied)
      .filter((manifest) => !isProtected(manifest))
      .toReversed();
    for (const manifest of going) await this.#kube.remove(keyOf(manifest));
    const look = async () => {
      const found = await Promise.all(going.map((manifest) => this.#kube.find(keyOf(manifest))));
      return going.filter((_, index) => found[index] !== undefined);
    };
    await until(
      GONE_SECONDS_MAX,
      async () => (await look()).length === 0,
      async () => `these are still there: ${(await look()).map((manifest) => textOf(keyOf(manifest))).join(", ")}`,
    );
  }

  /** What keeps the platform from being ready: for whoever reads a failed run. */
  async unready(): Promise<string> {
    const pods = await this.#kube.pods(NAMESPACE, "");
    const waiting = pods.filter((pod) => !isReady(pod));
    const told = await Promise.all(
      waiting.map(async (pod) => {
        const status = pod.status?.containerStatuses?.[0];
        const state = status?.state?.waiting ?? status?.lastState?.terminated;
        const why = [pod.status?.phase, state?.reason, state?.message].filter(Boolean).join(" ");
        const log = await this.#kube.log(pod, LOG_LINES, (status?.restartCount ?? 0) > 0 && !status?.state?.running);
        return `${pod.metadata?.name}: ${why}\n${log}`;
      }),
    );
    return `not everything is ready:\n${told.join("\n")}`;
  }

  async #established(manifest: Manifest): Promise<void> {
    await until(
      CRD_SECONDS_MAX,
      async () => conditionsOf(await this.#kube.find(keyOf(manifest))).get("Established") === "True",
      () => `${manifest.metadata?.name} is not established`,
    );
  }
}

export function appLabels(app: App): string {
  return `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component=${app}`;
}

export function conditionsOf(object: Manifest | undefined): ReadonlyMap<string, string> {
  const status = object?.status as { conditions?: { type: string; status: string }[] } | undefined;
  return new Map((status?.conditions ?? []).map(({ type, status }) => [type, status]));
}

export function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}

interface Workload {
  readonly metadata?: { readonly generation?: number };
  readonly spec?: { readonly replicas?: number };
  readonly status?: Readonly<Record<string, number | undefined>>;
}

/** Nothing of a former kind is left, and each pod has been ready for long enough to count as available. */
function isRolledOut(object: Manifest): boolean {
  const { metadata, spec, status = {} } = object as Workload;
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration, replicas = 0, updatedReplicas = 0, readyReplicas = 0, availableReplicas = 0 } = status;
  if (observedGeneration === undefined || observedGeneration < (metadata?.generation ?? 0)) return false;
  return [replicas, updatedReplicas, readyReplicas, availableReplicas].every((count) => count === wanted);
}

/** @throws HarnessError when the app has no such pod */
export function firstOf(pods: readonly V1Pod[], app: string): V1Pod {
  const [pod] = pods;
  if (pod === undefined) throw new HarnessError(`There is no ready pod of ${app}.`);
  return pod;
}
