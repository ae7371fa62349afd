import { setTimeout as sleep } from "node:timers/promises";
import {
  ApiException,
  ApisApi,
  CoreV1Api,
  HttpMethod,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  type V1Pod,
  VersionApi,
} from "@kubernetes/client-node";
import type { ClusterFacts } from "./chart.ts";
import { HarnessError } from "./harness-error.ts";

const FIELD_MANAGER = "burnline-cluster-tests";
const LOOK_MS = 250;

/** An object as its manifest has it: whatever its kind says stands beside these. */
export interface Manifest extends KubernetesObject {
  readonly [field: string]: unknown;
}

export interface ObjectKey {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/**
 * What is sent goes as it is written. The client's own patch() takes the fields of kinds that it knows by its own names for
 * them ("_from", "_default", "x_kubernetes_validations") and drops them in silence under their true ones: network policies
 * lost their sources, and the definition of a Race its defaults.
 */
class PlainObjectApi extends KubernetesObjectApi {
  async send(manifest: Manifest, strategy: PatchStrategy, query: Readonly<Record<string, string>>): Promise<Manifest> {
    const path = await this.specUriPath(manifest, "patch");
    const request = this.configuration.baseServer.makeRequestContext(path, HttpMethod.PATCH);
    request.setHeaderParam("Accept", "application/json");
    request.setHeaderParam("Content-Type", strategy);
    for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value);
    request.setBody(JSON.stringify(manifest));
    return this.requestPromise<Manifest>(request);
  }
}

/** One Kubernetes, seen by its API alone. */
export class Kube {
  readonly config: KubeConfig;
  readonly #objects: PlainObjectApi;
  readonly #core: CoreV1Api;

  constructor(kubeconfigFile: string) {
    this.config = new KubeConfig();
    this.config.loadFromFile(kubeconfigFile);
    this.#objects = this.config.makeApiClient(PlainObjectApi);
    this.#core = this.config.makeApiClient(CoreV1Api);
  }

  /** Server-side apply: the API server merges, checks and defaults, as for Pulumi. */
  async apply(manifest: Manifest): Promise<Manifest> {
    try {
      const query = { fieldManager: FIELD_MANAGER, force: "true" };
      return await this.#objects.send(manifest, PatchStrategy.ServerSideApply, query);
    } catch (error) {
      throw new HarnessError(`${manifest.kind} ${manifest.metadata?.name} was refused: ${said(error)}`, {
        cause: error,
      });
    }
  }

  /** As an administrator edits: a merge patch of what is there. */
  async merge(manifest: Manifest): Promise<Manifest> {
    return this.#objects.send(manifest, PatchStrategy.MergePatch, {});
  }

  async find(key: ObjectKey): Promise<Manifest | undefined> {
    const { apiVersion, kind, name, namespace } = key;
    try {
      return await this.#objects.read<Manifest>({
        ...{ apiVersion, kind },
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
      });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async list(apiVersion: string, kind: string, namespace?: string): Promise<Manifest[]> {
    try {
      return (await this.#objects.list<Manifest>(apiVersion, kind, namespace)).items;
    } catch (error) {
      // A kind that the cluster does not know has no objects.
      if (isNotFound(error) || (error instanceof Error && error.message.startsWith("Unrecognized API"))) return [];
      throw error;
    }
  }

  /** @param graceSeconds absent: as the object says; 0: at once, as when a machine is gone */
  async remove(key: ObjectKey, graceSeconds?: number): Promise<void> {
    const { apiVersion, kind, name, namespace } = key;
    const spec = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
    try {
      await this.#objects.delete(spec, undefined, undefined, graceSeconds);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async pods(namespace: string, labelSelector: string): Promise<V1Pod[]> {
    return (await this.#core.listNamespacedPod({ namespace, labelSelector })).items;
  }

  async facts(): Promise<ClusterFacts> {
    const { groups } = await this.config.makeApiClient(ApisApi).getAPIVersions();
    const { gitVersion } = await this.config.makeApiClient(VersionApi).getCode();
    const versions = groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion));
    return { version: gitVersion, apiVersions: ["v1", ...versions] };
  }

  async evict(name: string, namespace: string): Promise<void> {
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    await this.#core.createNamespacedPodEviction({ name, namespace, body });
  }

  /** An address that a Service of type NodePort can be reached at from outside of the cluster. */
  async nodeAddress(): Promise<string> {
    const { items } = await this.#core.listNode();
    const address = items[0]?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
    if (address === undefined) throw new HarnessError("The cluster has no node with an address.");
    return address;
  }

  /** The end of what a pod's container said, or of its former run. */
  async log(pod: V1Pod, lines: number, previous = false): Promise<string> {
    const { name = "", namespace = "" } = pod.metadata ?? {};
    try {
      return await this.#core.readNamespacedPodLog({ name, namespace, tailLines: lines, previous });
    } catch (error) {
      return `(no log: ${said(error)})`;
    }
  }
}

/** Looks until something is so. @param otherwise says what is missing @throws HarnessError when it takes too long */
export async function until<T>(
  secondsMax: number,
  look: () => Promise<T | undefined | false>,
  otherwise: () => string | Promise<string>,
): Promise<T> {
  const deadlineMs = performance.now() + secondsMax * 1_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadlineMs) throw new HarnessError(`After ${secondsMax} s ${await otherwise()}`);
    await sleep(LOOK_MS);
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiException && error.code === 404;
}

function said(error: unknown): string {
  if (error instanceof ApiException) {
    try {
      return JSON.parse(String(error.body)).message;
    } catch {
      return String(error.body);
    }
  }
  return error instanceof Error ? error.message : String(error);
}
