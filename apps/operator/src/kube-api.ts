import { OperatingError } from "@burnline/runtime";
import {
  ApiException,
  AppsV1Api,
  CoordinationV1Api,
  CustomObjectsApi,
  EventsV1Api,
  type EventsV1Event,
  KubeConfig,
  type KubernetesObject,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Deployment,
  type V1Lease,
  V1MicroTime,
} from "@kubernetes/client-node";
import type { LeaseRecord, SeenLease } from "./lease-election.ts";
import { RACE_API, type Race, type RaceStatus } from "./race-resource.ts";
import { WatchedObjects } from "./watched-objects.ts";

/** Above the API server's own time for an answer nothing is gained by waiting; below the time a leader has to renew. */
const CALL_MS_MAX = 5_000;
export const RACE_LABEL = "burnline.dev/race";

const CONFLICT = 409;
const NOT_FOUND = 404;
const FORBIDDEN = 403;

/** Somebody else wrote in between: look again. */
export class ConflictError extends OperatingError {}

/** What the operator asks of Kubernetes: one namespace, and no more than its Role allows (README). */
export class KubeApi {
  readonly #config: KubeConfig;
  readonly #namespace: string;
  readonly #objects: CustomObjectsApi;
  readonly #apps: AppsV1Api;
  readonly #coordination: CoordinationV1Api;
  readonly #events: EventsV1Api;

  /** @throws OperatingError */
  static open({
    kubeconfig,
    namespace,
  }: {
    readonly kubeconfig: string | undefined;
    readonly namespace: string;
  }): KubeApi {
    const config = new KubeConfig();
    try {
      if (kubeconfig === undefined) config.loadFromCluster();
      else config.loadFromFile(kubeconfig);
      // Outside of a pod the library makes up an address.
      if (config.getCurrentCluster()?.server.includes("//undefined")) throw new Error("this is no pod");
      return new KubeApi(config, namespace);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new OperatingError(`There is no way to Kubernetes (${why}): run in a pod, or give --kubeconfig.`, {
        cause: error,
      });
    }
  }

  private constructor(config: KubeConfig, namespace: string) {
    this.#config = config;
    this.#namespace = namespace;
    this.#objects = config.makeApiClient(CustomObjectsApi);
    this.#apps = config.makeApiClient(AppsV1Api);
    this.#coordination = config.makeApiClient(CoordinationV1Api);
    this.#events = config.makeApiClient(EventsV1Api);
  }

  watchRaces(): WatchedObjects<KubernetesObject> {
    const { group, version, plural } = RACE_API;
    const namespace = this.#namespace;
    return new WatchedObjects("races", () =>
      makeInformer(this.#config, `/apis/${group}/${version}/namespaces/${namespace}/${plural}`, () =>
        this.#ask("list races", () => this.#objects.listNamespacedCustomObject({ group, version, plural, namespace })),
      ),
    );
  }

  /** Those of releases: with the label of a race. */
  watchDeployments(): WatchedObjects<V1Deployment> {
    const namespace = this.#namespace;
    return new WatchedObjects("deployments", () =>
      makeInformer(
        this.#config,
        `/apis/apps/v1/namespaces/${namespace}/deployments`,
        () =>
          this.#ask("list deployments", () =>
            this.#apps.listNamespacedDeployment({ namespace, labelSelector: RACE_LABEL }),
          ),
        RACE_LABEL,
      ),
    );
  }

  /**
   * Replaces the status of this very version of a Race.
   * @throws ConflictError when it is not the newest one any more
   */
  async patchRaceStatus({ name, resourceVersion }: Race, status: RaceStatus): Promise<unknown> {
    const { group, version, plural } = RACE_API;
    const body = [
      { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
      { op: "add", path: "/status", value: status },
    ];
    const target = { group, version, plural, name, namespace: this.#namespace };
    const options = setHeaderOptions("Content-Type", PatchStrategy.JsonPatch);
    return this.#ask("patch races/status", () =>
      this.#objects.patchNamespacedCustomObjectStatus({ ...target, body }, options),
    );
  }

  async readLease(name: string): Promise<SeenLease | undefined> {
    const namespace = this.#namespace;
    try {
      return toSeenLease(
        await this.#ask("get leases", () => this.#coordination.readNamespacedLease({ name, namespace })),
      );
    } catch (error) {
      if (isAnswer(error, NOT_FOUND)) return undefined;
      throw error;
    }
  }

  /** @throws ConflictError when the version is not the newest one */
  async writeLease(name: string, record: LeaseRecord, version: string | undefined): Promise<SeenLease> {
    const namespace = this.#namespace;
    const body: V1Lease = {
      metadata: { name, namespace, ...(version === undefined ? {} : { resourceVersion: version }) },
      spec: {
        ...{ holderIdentity: record.holder, leaseDurationSeconds: Math.ceil(record.leaseMs / 1_000) },
        ...{ acquireTime: new V1MicroTime(record.acquiredMs), renewTime: new V1MicroTime(record.renewedMs) },
        leaseTransitions: record.transitions,
      },
    };
    const written =
      version === undefined
        ? await this.#ask("create leases", () => this.#coordination.createNamespacedLease({ namespace, body }))
        : await this.#ask("update leases", () => this.#coordination.replaceNamespacedLease({ name, namespace, body }));
    return toSeenLease(written);
  }

  /** @throws ConflictError when there is one of this name */
  async createEvent(body: EventsV1Event): Promise<void> {
    const namespace = this.#namespace;
    await this.#ask("create events", () => this.#events.createNamespacedEvent({ namespace, body }));
  }

  /** Says of an event that it happened once more. */
  async repeatEvent(name: string, nowMs: number): Promise<void> {
    const namespace = this.#namespace;
    const held = await this.#ask("get events", () => this.#events.readNamespacedEvent({ name, namespace }));
    const body = { series: { count: (held.series?.count ?? 1) + 1, lastObservedTime: new V1MicroTime(nowMs) } };
    const options = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
    await this.#ask("patch events", () => this.#events.patchNamespacedEvent({ name, namespace, body }, options));
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${CALL_MS_MAX} ms`)), CALL_MS_MAX);
    try {
      return await Promise.race([call(), tooLate]);
    } catch (error) {
      throw toKubeError(error, what, this.#namespace);
    } finally {
      clearTimeout(timer);
    }
  }
}

function toSeenLease({ metadata, spec }: V1Lease): SeenLease {
  // Typed as a Date, but the library leaves times with microseconds as text.
  const msOf = (time: Date | undefined) => (time === undefined ? 0 : new Date(time).getTime());
  return {
    version: metadata?.resourceVersion ?? "",
    record: {
      ...{ holder: spec?.holderIdentity ?? "", leaseMs: (spec?.leaseDurationSeconds ?? 0) * 1_000 },
      ...{ acquiredMs: msOf(spec?.acquireTime), renewedMs: msOf(spec?.renewTime) },
      transitions: spec?.leaseTransitions ?? 0,
    },
  };
}

function isAnswer(error: unknown, code: number): boolean {
  return error instanceof OperatingError && error.cause instanceof ApiException && error.cause.code === code;
}

function toKubeError(error: unknown, what: string, namespace: string): unknown {
  const cause = { cause: error };
  if (!(error instanceof ApiException)) {
    // Anything else that is thrown by the library is a connection that failed.
    const why = error instanceof Error ? rootMessage(error) : String(error);
    return new OperatingError(`Kubernetes did not answer to "${what}" in ${namespace} (${why}).`, cause);
  }
  if (error.code === CONFLICT) return new ConflictError(`"${what}" in ${namespace} came too late.`, cause);
  if (error.code === FORBIDDEN)
    return new OperatingError(
      `Kubernetes does not let us "${what}" in ${namespace}: apply the operator's Role from the chart.`,
      cause,
    );
  if (error.code === NOT_FOUND && what === "list races")
    return new OperatingError(`Kubernetes knows no Races: apply charts/burnline/crds/races.burnline.dev.yaml.`, cause);
  return new OperatingError(
    `Kubernetes refused to "${what}" in ${namespace} (HTTP ${error.code}: ${messageOf(error.body)}).`,
    cause,
  );
}

function messageOf(body: unknown): string {
  if (typeof body === "object" && body !== null && "message" in body) return String(body.message);
  return String(body).slice(0, 300);
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message;
}
