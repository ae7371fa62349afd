import {
  ApisApi,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  NetworkingV1Api,
  StorageV1Api,
  VersionApi,
} from "@kubernetes/client-node";
import { KubeconfigError } from "./kubeconfig.ts";
import type { ClusterFacts } from "./preflight.ts";
import { SECRET_STORE_API } from "./secret-store.ts";

/** A cluster that does not answer within this is not there; the provider would wait for minutes. */
const ANSWER_MS_MAX = 20_000;
const DEFAULT_STORAGE = "storageclass.kubernetes.io/is-default-class";
const DEFAULT_INGRESS = "ingressclass.kubernetes.io/is-default-class";

/** Enough to see whether images are there; who has more nodes has a registry. */
const NODES_MAX = 200;

/** Asks the cluster, and changes nothing. @param others namespaces that have to be free @throws KubeconfigError when it cannot be reached or does not let us look */
export async function readClusterFacts(
  kubeconfig: string,
  namespace: string,
  others: readonly string[],
): Promise<ClusterFacts> {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server ?? "of the kubeconfig";
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS_MAX / 1_000} s`)), ANSWER_MS_MAX);
    timer.unref();
  });
  try {
    return await Promise.race([ask(config, namespace, others), late]);
  } catch (error) {
    throw new KubeconfigError(
      `The cluster ${server} cannot be asked (${reasonOf(error)}): see to it that it runs and that the kubeconfig's user may read it, or name another one: pulumi config set burnline:context NAME`,
      { cause: error },
    );
  }
}

async function ask(config: KubeConfig, namespace: string, others: readonly string[]): Promise<ClusterFacts> {
  const [version, groups, storage, ingress, found, room, images, nodePorts, stores, otherNamespaces] =
    await Promise.all([
      config.makeApiClient(VersionApi).getCode(),
      config.makeApiClient(ApisApi).getAPIVersions(),
      config.makeApiClient(StorageV1Api).listStorageClass(),
      config.makeApiClient(NetworkingV1Api).listIngressClass(),
      readNamespace(config, namespace),
      readRoom(config, namespace),
      readImages(config),
      readNodePorts(config),
      readSecretStores(config),
      Promise.all(others.map(async (name) => ({ name, found: await readNamespace(config, name) }))),
    ]);
  const toClass = (mark: string) => (item: { metadata?: { name?: string; annotations?: Record<string, string> } }) => ({
    name: item.metadata?.name ?? "",
    isDefault: item.metadata?.annotations?.[mark] === "true",
  });
  return {
    version: { major: version.major, minor: version.minor },
    apiVersions: new Set(groups.groups.flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion))),
    storageClasses: storage.items.map(toClass(DEFAULT_STORAGE)),
    ingressClasses: ingress.items.map(toClass(DEFAULT_INGRESS)),
    ...(found === undefined ? {} : { namespace: found }),
    otherNamespaces: Object.fromEntries(
      otherNamespaces.flatMap(({ name, found: other }) => (other === undefined ? [] : [[name, other]])),
    ),
    ...(stores === undefined ? {} : { clusterSecretStores: stores }),
    ...{ ...room, images, nodePorts },
  };
}

/** Of a namespace that is not there: none of both. */
async function readRoom(config: KubeConfig, namespace: string): Promise<Pick<ClusterFacts, "quotas" | "claims">> {
  const core = config.makeApiClient(CoreV1Api);
  const [quotas, claims] = await Promise.all([
    ifAllowed(core.listNamespacedResourceQuota({ namespace })),
    ifAllowed(core.listNamespacedPersistentVolumeClaim({ namespace })),
  ]);
  return {
    quotas: quotas.map(({ metadata, spec }) => ({ name: metadata?.name ?? "", hard: spec?.hard ?? {} })),
    claims: claims.map(({ metadata, spec }) => ({
      name: metadata?.name ?? "",
      storage: spec?.resources?.requests?.storage ?? "0",
    })),
  };
}

async function readImages(config: KubeConfig): Promise<ReadonlySet<string>> {
  const nodes = await ifAllowed(config.makeApiClient(CoreV1Api).listNode({ limit: NODES_MAX }));
  return new Set(nodes.flatMap(({ status }) => (status?.images ?? []).flatMap(({ names }) => names ?? [])));
}

async function readNodePorts(config: KubeConfig): Promise<ClusterFacts["nodePorts"]> {
  const services = await ifAllowed(config.makeApiClient(CoreV1Api).listServiceForAllNamespaces());
  return services.flatMap(({ metadata, spec }) =>
    (spec?.ports ?? []).flatMap(({ nodePort }) =>
      nodePort === undefined
        ? []
        : [{ port: nodePort, namespace: metadata?.namespace ?? "", service: metadata?.name ?? "" }],
    ),
  );
}

/** undefined: there is no such kind, or we may not read it. */
async function readSecretStores(config: KubeConfig): Promise<readonly string[] | undefined> {
  const [group = "", version = ""] = SECRET_STORE_API.split("/");
  try {
    const found = await config
      .makeApiClient(CustomObjectsApi)
      .listClusterCustomObject({ group, version, plural: "clustersecretstores" });
    const { items = [] } = found as { readonly items?: readonly { readonly metadata?: { readonly name?: string } }[] };
    return items.map(({ metadata }) => metadata?.name ?? "");
  } catch (error) {
    if (statusOf(error) === 403 || statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** What is good to know, and no reason to refuse somebody who may not read it. */
async function ifAllowed<T>(asked: Promise<{ readonly items: readonly T[] }>): Promise<readonly T[]> {
  try {
    return (await asked).items;
  } catch (error) {
    if (statusOf(error) === 403) return [];
    throw error;
  }
}

async function readNamespace(config: KubeConfig, name: string): Promise<ClusterFacts["namespace"]> {
  try {
    const { metadata } = await config.makeApiClient(CoreV1Api).readNamespace({ name });
    return { labels: metadata?.labels ?? {} };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}

/** The client's own messages carry whole answers with all their headers. */
function reasonOf(error: unknown): string {
  const status = statusOf(error);
  if (status !== undefined) return `HTTP ${status}`;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error ? inner.message.split("\n", 1)[0] || inner.name : String(inner);
}
