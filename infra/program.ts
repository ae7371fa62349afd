import { Namespace } from "@pulumi/kubernetes/core/v1/index.js";
import * as pulumi from "@pulumi/pulumi";
import { RELEASE, raceApps } from "./apps.ts";
import { existingCluster } from "./cluster/existing.ts";
import type { Cluster, ClusterPlan, ClusterRequest } from "./cluster/types.ts";
import { ConfigError, parsePlatformConfig, type RawConfig } from "./config.ts";
import { labelEverything, type Owner, ownerLabels, stackLabel } from "./labels.ts";
import { type PermissionsFile, permissionsOf } from "./nats-permissions.ts";
import { addonNamespaces } from "./platform/addon-namespaces.ts";
import { clusterAddons } from "./platform/addons.ts";
import { certificateAuthority } from "./platform/certificates.ts";
import { archiveProblems, type DigestOfFile } from "./platform/chart-source.ts";
import { keepClaims } from "./platform/claims.ts";
import { externalNats, externalRedis } from "./platform/external.ts";
import { bundledNats } from "./platform/nats.ts";
import { chartNats } from "./platform/nats-chart.ts";
import type { Place, SecretPlace } from "./platform/place.ts";
import { RESTRICTED_NAMESPACE_LABELS } from "./platform/pod-security.ts";
import { racePriority } from "./platform/priority.ts";
import { bundledRedis } from "./platform/redis.ts";
import { INGEST_TOKEN_SECRET, type NatsPlace, type RedisPlace } from "./platform/servers.ts";
import { chartValkey, managedRedis } from "./platform/valkey-chart.ts";
import type { ExistingConfig, PlatformConfig } from "./platform-config.ts";
import { type ClusterFacts, unmetNeeds } from "./preflight.ts";
import { coresAtMost } from "./preflight-room.ts";
import { hasRacesOfOthers, racesLabel } from "./race-definition.ts";
import { type AskRegistry, registryProblems } from "./registry.ts";
import { storeGeneration } from "./secret-store.ts";
import { deriveSecrets, type PlatformSecrets } from "./secrets.ts";

export type { RawConfig } from "./config.ts";

/** What the program asks of the machine that it runs on. */
export interface PlatformDeps {
  /** Organisation, project and stack: no two stacks have the same. */
  readonly stackName: string;
  /** Of one context. */
  readKubeconfig(cluster: ExistingConfig): string;
  /** @param others namespaces that have to be free */
  readClusterFacts(kubeconfig: string, namespace: string, others: readonly string[]): Promise<ClusterFacts>;
  readNatsPermissions(): PermissionsFile;
  readonly askRegistry: AskRegistry;
  /** Of an archive of a chart. */
  readonly digestOfFile: DigestOfFile;
  /** Says what is no reason to stop. */
  readonly warn: (message: string) => void;
}

/** What `pulumi stack output` shows. */
export interface PlatformOutputs {
  /** A secret: `pulumi stack output --show-secrets kubeconfig`. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly namespace: pulumi.Output<string>;
  readonly race: string;
  /** Where the dashboard is. */
  readonly url: string;
  /** For whoever pushes telemetry. A secret. Absent: in the store of secrets, and one of the commands reads it. */
  readonly ingestToken?: pulumi.Output<string>;
  /** The next things to type. */
  readonly commands: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * The whole platform, cluster first.
 * @throws ConfigError, before anything is registered, when the configuration or the cluster does not allow it
 */
export async function burnlinePlatform(raw: RawConfig, deps: PlatformDeps): Promise<PlatformOutputs> {
  const config = parsePlatformConfig(raw);
  const problems = archiveProblems(config, deps.digestOfFile);
  // No node of a cluster that is not there yet has an image.
  if (config.cluster.type !== "existing")
    problems.push(...(await registryProblems(config, new Set(), deps.askRegistry)));
  if (problems.length > 0) throw new ConfigError(problems);
  const permissions = permissionsOf(deps.readNatsPermissions(), config);
  const { secrets, generation } = secretsOf(config);
  const stack = stackLabel(deps.stackName);
  const owner = { stack, secrets: generation };
  const plan = await chosenCluster(config, deps, owner, {
    ...{ name: cloudName(deps.stackName), stack, namespace: config.namespace },
    bucketUsers: [`${RELEASE}-processor`, `${RELEASE}-operator`],
    ...(secrets === undefined ? {} : { redisPassword: secrets.redisPassword }),
    ...{ isProtected: config.isProtected, isProd: config.environment === "prod" },
    coresMax: coresAtMost(config),
  });
  await refuseBeyondAccount(plan, deps);
  pulumi.runtime.registerResourceTransform(labelEverything(stack));
  pulumi.runtime.registerResourceTransform(keepClaims);

  const cluster = plan.make();
  const namespace = makeNamespace(config, cluster, owner);
  const priorityClass = racePriority(config, cluster);
  const priority = priorityClass === undefined ? {} : { priorityClass };
  const place: Place = { config, cluster, namespace: namespace.metadata.name, ...priority };
  const { nats, redis } = makeServers(place, secrets, permissions);
  raceApps(place, { cluster, nats, redis, generation, ...priority }, secrets, [
    ...cluster.ready,
    ...nats.ready,
    ...redis.ready,
  ]);
  return {
    kubeconfig: cluster.kubeconfig,
    namespace: place.namespace,
    race: config.race,
    url: dashboardUrl(config),
    ...(secrets === undefined ? {} : { ingestToken: pulumi.secret(secrets.ingestToken) }),
    commands: { ...commands(config), ...cluster.outputs },
  };
}

/** Nothing is derived where a store holds what it would be for. */
function secretsOf(config: PlatformConfig): { readonly secrets?: PlatformSecrets; readonly generation: string } {
  const { masterSecret, secretStore, namespace } = config;
  if (secretStore !== undefined) return { generation: storeGeneration(secretStore) };
  // config-rules.ts says it in a sentence.
  if (masterSecret === undefined) throw new Error("Secrets are made from a master secret, and there is none.");
  const secrets = deriveSecrets(masterSecret, namespace);
  return { secrets, generation: secrets.generation };
}

/** Nothing of a cloud is loaded but of the one that is meant. */
async function chosenCluster(
  config: PlatformConfig,
  deps: PlatformDeps,
  owner: Owner,
  request: ClusterRequest,
): Promise<ClusterPlan> {
  const { cluster } = config;
  switch (cluster.type) {
    case "existing": {
      const kubeconfig = deps.readKubeconfig(cluster);
      const others = addonNamespaces(config).map(({ name }) => name);
      const facts = await deps.readClusterFacts(kubeconfig, config.namespace, others);
      const problems = [
        ...unmetNeeds(config, facts, owner),
        ...(await registryProblems(config, facts.images, deps.askRegistry)),
      ];
      if (problems.length > 0) throw new ConfigError(problems);
      const hasRaces = hasRacesOfOthers(facts, request.stack);
      return { make: () => existingCluster(kubeconfig, { storageClass: config.storageClass, hasRaces }) };
    }
    case "eks": {
      const { planEks } = await import("./cluster/eks.ts");
      return planEks(cluster, request);
    }
    case "gke": {
      const { gkeCluster } = await import("./cluster/gke.ts");
      return { make: () => gkeCluster(cluster, request) };
    }
    case "aks": {
      const { aksCluster } = await import("./cluster/aks.ts");
      return { make: () => aksCluster(cluster, request) };
    }
  }
}

/** Of the cloud nothing is registered until here but its provider, which makes nothing. */
async function refuseBeyondAccount({ askAccount }: ClusterPlan, { warn }: PlatformDeps): Promise<void> {
  const answer = await askAccount?.();
  for (const warning of answer?.warnings ?? []) warn(warning);
  if (answer !== undefined && answer.problems.length > 0) throw new ConfigError(answer.problems);
}

const CLOUD_NAME_LENGTH_MAX = 28;

/** Project and stack, as all clouds take it for a name: burnline-prod-eks. */
function cloudName(stackName: string): string {
  const name = stackName
    .split(".")
    .slice(1)
    .join("-")
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-");
  return name.slice(0, CLOUD_NAME_LENGTH_MAX).replace(/-+$/, "");
}

function makeNamespace(config: PlatformConfig, cluster: Cluster, owner: Owner): Namespace {
  const labels = { ...RESTRICTED_NAMESPACE_LABELS, ...racesLabel(cluster.hasRaces), ...ownerLabels(owner) };
  return new Namespace(
    "burnline",
    { metadata: { name: config.namespace, labels } },
    // The claims of NATS and Redis live and die with it.
    { provider: cluster.provider, protect: config.isProtected, dependsOn: [...cluster.ready] },
  );
}

function makeServers(
  place: Place,
  secrets: PlatformSecrets | undefined,
  permissions: ReturnType<typeof permissionsOf>,
): { readonly nats: NatsPlace; readonly redis: RedisPlace } {
  const { servers } = place.config;
  if (servers.type === "external") return { nats: externalNats(place, servers), redis: externalRedis(place, servers) };
  // config-store-rules.ts says it in a sentence.
  if (secrets === undefined) throw new Error("Servers of our own need secrets of our own.");
  const own: SecretPlace = { ...place, secrets };
  switch (servers.type) {
    case "bundled":
      return { nats: bundledNats(own, servers, permissions), redis: bundledRedis(own, servers) };
    case "charts": {
      const addons = clusterAddons(own, servers);
      const issuer = certificateAuthority(own, [addons.certManager]);
      const nats = chartNats(own, servers, permissions, issuer);
      const { redis } = place.cluster;
      const state = redis === undefined ? chartValkey(own, servers, issuer) : managedRedis(place, redis);
      return { nats: { ...nats, ready: [...nats.ready, ...addons.ready] }, redis: state };
    }
  }
}

function dashboardUrl({ route, nodePorts }: PlatformConfig): string {
  if (route.type !== "none") return `https://${route.host}/`;
  return nodePorts.gateway === undefined ? "http://127.0.0.1:8080/" : `http://<any node>:${nodePorts.gateway}/`;
}

function commands({ namespace, secretStore, source, hasViewerTokens }: PlatformConfig): Record<string, string> {
  const token =
    secretStore === undefined
      ? "pulumi stack output --show-secrets ingestToken"
      : `kubectl -n ${namespace} get secret ${INGEST_TOKEN_SECRET} --template '{{.data.token | base64decode}}'`;
  return {
    dashboard: `kubectl -n ${namespace} port-forward service/${RELEASE}-gateway 8080:8080`,
    pods: `kubectl -n ${namespace} get pods`,
    ...(secretStore !== undefined && source === "sim" ? {} : { ingestToken: token }),
    // Where the keys are; they need not leave the cluster.
    ...(hasViewerTokens
      ? {
          viewerToken: `kubectl -n ${namespace} exec deployment/${RELEASE}-gateway -- /nodejs/bin/node apps/gateway/src/viewer-token-main.ts --viewer NAME --days 7`,
        }
      : {}),
  };
}
