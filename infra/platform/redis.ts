import { StatefulSet } from "@pulumi/kubernetes/apps/v1/index.js";
import { Service } from "@pulumi/kubernetes/core/v1/index.js";
import type { BundledServers } from "../platform-config.ts";
import {
  hashOf,
  inCluster,
  makeAccount,
  makeSecret,
  type Place,
  priorityOf,
  type SecretPlace,
  SKIP_AWAIT,
  stateful,
} from "./place.ts";
import { guaranteedMemory, restrictedContainer, restrictedPod, SECRET_FILE_MODE } from "./pod-security.ts";
import { REDIS_PORT, REDIS_USER, REDIS_USER_RIGHTS, redisDataMb } from "./redis-config.ts";
import { guardPods } from "./server-policies.ts";
import { appPods, podsNamed, REDIS_URL_SECRET, type RedisPlace } from "./servers.ts";
import { STARTUP_PROBE } from "./startup-probe.ts";

const NAME = "redis";
const CONFIG = "redis-config";
const LABELS = { "app.kubernetes.io/name": NAME, "app.kubernetes.io/component": NAME };
/** Of the user `redis` in the official image. */
const UID = 999;
const FOLDERS = { data: "/data", config: "/etc/redis" } as const;
const STOP_SECONDS = 30;

/**
 * One Redis of our own. One, because what it holds can be replayed from the log: a standby that was promoted without
 * the last commits would take leases back, which is worse than a restart of some seconds (docs/adr/0009).
 */
export function bundledRedis(place: SecretPlace, { redisImage }: BundledServers): RedisPlace {
  const { config, cluster, secrets, namespace } = place;
  const files = { "redis.conf": redisConfig(config.redisMemoryMb), "users.acl": redisUsers(secrets.redisPassword) };
  // Configuration and users in one Secret: the file of users has the password in it.
  const configSecret = makeSecret(place, CONFIG, files);
  const url = `redis://${REDIS_USER}:${secrets.redisPassword}@${NAME}:${REDIS_PORT}/0`;
  makeSecret(place, REDIS_URL_SECRET, { url });
  const account = makeAccount(place, NAME);
  new Service(
    NAME,
    {
      metadata: { name: NAME, namespace, labels: LABELS, annotations: SKIP_AWAIT },
      spec: { type: "ClusterIP", selector: LABELS, ports: [{ name: "redis", port: REDIS_PORT, targetPort: "redis" }] },
    },
    inCluster(place),
  );
  const statefulSet = new StatefulSet(
    NAME,
    {
      metadata: { name: NAME, namespace, labels: LABELS },
      spec: {
        ...{ serviceName: NAME, replicas: 1, selector: { matchLabels: LABELS } },
        template: podTemplate(place, redisImage, hashOf(files["redis.conf"], secrets.generation)),
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: {
              accessModes: ["ReadWriteOnce"],
              ...(cluster.storageClass === undefined ? {} : { storageClassName: cluster.storageClass }),
              resources: { requests: { storage: `${config.redisStorageGb}Gi` } },
            },
          },
        ],
      },
    },
    stateful(place, { dependsOn: [configSecret, account] }),
  );
  guardPods(place, NAME, {
    selector: LABELS,
    ingress: [{ from: [appPods("processor")], ports: [REDIS_PORT] }],
    ...{ egress: [], needsDns: false },
  });
  return { urlSecret: REDIS_URL_SECRET, peers: [podsNamed(NAME)], ports: [REDIS_PORT], ready: [statefulSet] };
}

function redisConfig(memoryMb: number): string {
  return [
    `port ${REDIS_PORT}`,
    `dir ${FOLDERS.data}`,
    `aclfile ${FOLDERS.config}/users.acl`,
    // State that was thrown away to make room would be a wrong total.
    `maxmemory ${redisDataMb(memoryMb)}mb`,
    "maxmemory-policy noeviction",
    // At most a second of commits is lost with the machine; the log still has what they were made from.
    "appendonly yes",
    "appendfsync everysec",
    // The append-only file is enough; a snapshot besides only costs a fork.
    'save ""',
    "stop-writes-on-bgsave-error no",
    "",
  ].join("\n");
}

/** @returns a secret. The default user is off: without a name and a password nobody does anything but PING. */
function redisUsers(password: string): string {
  return [
    // Redis reads the transactions of its append-only file with the rights of this user, and leaves out what it may not
    // do (redis#14541): so it may do all, but nobody can be it.
    "user default off resetpass ~* &* +@all",
    `user ${REDIS_USER} on >${password} ${REDIS_USER_RIGHTS}`,
    "user probe on nopass -@all +ping",
    "",
  ].join("\n");
}

function podTemplate(place: Place, image: string, configHash: string) {
  const { redisMemoryMb, sizes, images } = place.config;
  const ping = {
    exec: { command: ["redis-cli", "-e", "--no-auth-warning", "--user", "probe", "--pass", "-", "ping"] },
  };
  return {
    metadata: { labels: LABELS, annotations: { "burnline.dev/config": configHash } },
    spec: {
      ...{ ...restrictedPod(NAME, UID), ...priorityOf(place) },
      terminationGracePeriodSeconds: STOP_SECONDS,
      imagePullSecrets: images.pullSecrets.map((name) => ({ name })),
      containers: [
        {
          ...{ name: NAME, image, imagePullPolicy: images.pullPolicy },
          command: ["redis-server", `${FOLDERS.config}/redis.conf`],
          ports: [{ name: "redis", containerPort: REDIS_PORT }],
          resources: guaranteedMemory(sizes.redis.cpu, redisMemoryMb),
          ...restrictedContainer(),
          startupProbe: { ...ping, ...STARTUP_PROBE },
          readinessProbe: { ...ping, periodSeconds: 5, timeoutSeconds: 3 },
          livenessProbe: { ...ping, periodSeconds: 30, timeoutSeconds: 10, failureThreshold: 5 },
          volumeMounts: [
            { name: "data", mountPath: FOLDERS.data },
            { name: "config", mountPath: FOLDERS.config, readOnly: true },
          ],
        },
      ],
      volumes: [{ name: "config", secret: { secretName: CONFIG, defaultMode: SECRET_FILE_MODE } }],
    },
  };
}
