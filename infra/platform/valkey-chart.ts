import type * as pulumi from "@pulumi/pulumi";
import type { ManagedRedis } from "../cluster/types.ts";
import type { ChartServers } from "../platform-config.ts";
import { serverCertificate } from "./certificates.ts";
import { makeChart } from "./chart.ts";
import { chartSource } from "./chart-source.ts";
import { hashOf, makeSecret, type Place, priorityOf, type SecretPlace } from "./place.ts";
import { guaranteedMemory } from "./pod-security.ts";
import { REDIS_PORT, REDIS_USER, REDIS_USER_RIGHTS, redisDataMb } from "./redis-config.ts";
import { guardPods } from "./server-policies.ts";
import { appPods, podsNamed, REDIS_URL_SECRET, type RedisPlace } from "./servers.ts";
import { STARTUP_PROBE } from "./startup-probe.ts";

const NAME = "valkey";
const TLS_SECRET = "valkey-tls";
const USERS_SECRET = "burnline-valkey-users";

/** The official chart, one server for the reason that bundledRedis gives. @param issuer of certificates */
export function chartValkey(place: SecretPlace, servers: ChartServers, issuer: pulumi.Resource): RedisPlace {
  const { config, cluster, secrets, namespace } = place;
  const users = makeSecret(place, USERS_SECRET, { [REDIS_USER]: secrets.redisPassword });
  const certificate = serverCertificate(place, TLS_SECRET, [NAME], issuer);
  makeSecret(place, REDIS_URL_SECRET, {
    url: `rediss://${REDIS_USER}:${secrets.redisPassword}@${NAME}:${REDIS_PORT}/0`,
  });
  const chart = makeChart(
    cluster,
    NAME,
    { ...chartSource(servers, "valkey"), name: NAME, namespace, values: valkeyValues(place) },
    { dependsOn: [users, certificate], protect: config.isProtected },
  );
  guardPods(place, NAME, {
    selector: { "app.kubernetes.io/name": NAME },
    ingress: [{ from: [appPods("processor")], ports: [REDIS_PORT] }],
    ...{ egress: [], needsDns: false },
  });
  return {
    ...{ urlSecret: REDIS_URL_SECRET, caSecret: TLS_SECRET },
    ...{ peers: [podsNamed(NAME)], ports: [REDIS_PORT], ready: [chart] },
  };
}

function valkeyValues(place: SecretPlace): Record<string, unknown> {
  const { config, cluster, secrets } = place;
  const { storageClass } = cluster;
  return {
    ...{ fullnameOverride: NAME, ...priorityOf(place) },
    imagePullSecrets: config.images.pullSecrets.map((name) => ({ name })),
    // Two servers on one append-only file would ruin it: the old one goes first.
    deploymentStrategy: "Recreate",
    auth: {
      ...{ enabled: true, usersExistingSecret: USERS_SECRET },
      aclUsers: { [REDIS_USER]: { permissions: REDIS_USER_RIGHTS } },
      // Who has no name does nothing but answer the chart's own probes. A Valkey without the fix of valkey#3983 leaves
      // out what is in its append-only file for it and falls back to the file's base; the rest is replayed from the log.
      aclConfig: "user default on nopass -@all +ping\n",
    },
    tls: {
      ...{ enabled: true, existingSecret: TLS_SECRET },
      ...{ serverPublicKey: "tls.crt", serverKey: "tls.key", caPublicKey: "ca.crt" },
    },
    valkeyConfig: [
      `maxmemory ${redisDataMb(config.redisMemoryMb)}mb`,
      ...["maxmemory-policy noeviction", "appendonly yes", "appendfsync everysec", 'save ""', ""],
    ].join("\n"),
    dataStorage: {
      ...{ enabled: true, requestedSize: `${config.redisStorageGb}Gi`, keepPvc: config.isProtected },
      ...(storageClass === undefined ? {} : { className: storageClass }),
    },
    // Users are read at the start: a new password starts it anew.
    podAnnotations: { "burnline.dev/config": hashOf(secrets.generation) },
    resources: guaranteedMemory(config.sizes.redis.cpu, config.redisMemoryMb),
    initResources: guaranteedMemory("10m", 32),
    ...{ startupProbe: { enabled: true, ...STARTUP_PROBE }, readinessProbe: { enabled: true, timeoutSeconds: 5 } },
  };
}

/** What the cloud runs for us. */
export function managedRedis(place: Place, { url, cidrs, port, ready }: ManagedRedis): RedisPlace {
  const secret = makeSecret(place, REDIS_URL_SECRET, { url });
  return {
    ...{ urlSecret: REDIS_URL_SECRET, ports: [port], ready: [...ready, secret] },
    peers: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
  };
}
