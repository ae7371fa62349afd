import type * as pulumi from "@pulumi/pulumi";
import type { PerApp } from "../app-names.ts";
import type { UserPermissions } from "../nats-permissions.ts";
import type { ChartServers } from "../platform-config.ts";
import { serverCertificate } from "./certificates.ts";
import { makeChart } from "./chart.ts";
import { chartSource } from "./chart-source.ts";
import { guardNats, seedsOf } from "./nats.ts";
import { fileStoreMb, MEMORY_STORE_MB, NATS_ACCOUNT, NATS_PORTS, natsAccounts, SYNC_INTERVAL } from "./nats-config.ts";
import { makeSecret, type Place, priorityOf, type SecretPlace } from "./place.ts";
import { guaranteedMemory, restrictedContainer, restrictedPod } from "./pod-security.ts";
import { NATS_AUTH_SECRET, type NatsPlace, podsNamed } from "./servers.ts";

const NAME = "nats";
const HEADLESS = "nats-headless";
const TLS_SECRET = "nats-tls";
const UID = 1000;
/** The chart's lame duck takes 10 + 30 s, and then the store is written out. */
const STOP_SECONDS = 60;

/** The official chart: TLS by cert-manager for clients and between servers, users by nkey. @param issuer of certificates */
export function chartNats(
  place: SecretPlace,
  servers: ChartServers,
  permissions: PerApp<UserPermissions>,
  issuer: pulumi.Resource,
): NatsPlace {
  const { config, namespace, cluster } = place;
  const users = makeSecret(place, NATS_AUTH_SECRET, seedsOf(place));
  const certificate = serverCertificate(place, TLS_SECRET, [NAME, HEADLESS, `*.${HEADLESS}`], issuer);
  const chart = makeChart(
    cluster,
    NAME,
    { ...chartSource(servers, "nats"), name: NAME, namespace, values: natsValues(place, permissions) },
    { dependsOn: [users, certificate], protect: config.isProtected },
  );
  guardNats(place);
  return {
    url: `tls://${NAME}:${NATS_PORTS.client}`,
    monitoringUrl: `http://${HEADLESS}.${config.namespace}.svc:${NATS_PORTS.monitoring}`,
    ...{ account: NATS_ACCOUNT, authSecret: NATS_AUTH_SECRET, caSecret: TLS_SECRET },
    ...{ peers: [podsNamed(NAME)], port: NATS_PORTS.client, monitoringPort: NATS_PORTS.monitoring },
    ready: [chart],
  };
}

function natsValues(place: SecretPlace, permissions: PerApp<UserPermissions>): Record<string, unknown> {
  const { config, secrets } = place;
  return {
    fullnameOverride: NAME,
    natsBox: { enabled: false },
    podDisruptionBudget: { enabled: config.natsReplicas > 1 },
    config: {
      cluster: {
        ...{ enabled: config.natsReplicas > 1, replicas: config.natsReplicas },
        // A server proves itself to the others by its certificate: no password stands in a ConfigMap.
        tls: { enabled: true, secretName: TLS_SECRET, merge: { verify: true } },
      },
      jetstream: jetStream(place),
      nats: { tls: { enabled: true, secretName: TLS_SECRET } },
      monitor: { enabled: true, port: NATS_PORTS.monitoring },
      merge: { accounts: natsAccounts(secrets.natsUsers, permissions), system_account: "SYS" },
    },
    tlsCA: { enabled: true, secretName: TLS_SECRET, key: "ca.crt" },
    ...pods(place),
    promExporter: { enabled: false },
  };
}

function jetStream({ config, cluster }: Place) {
  const { storageClass } = cluster;
  return {
    enabled: true,
    memoryStore: { enabled: true, maxSize: `${MEMORY_STORE_MB}Mi` },
    fileStore: {
      enabled: true,
      maxSize: `${fileStoreMb(config.natsStorageGb)}Mi`,
      pvc: {
        enabled: true,
        size: `${config.natsStorageGb}Gi`,
        ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      },
    },
    merge: { sync_interval: SYNC_INTERVAL },
  };
}

function pods(place: Place) {
  const { sizes, natsReplicas, images } = place.config;
  const { serviceAccountName: _, ...pod } = restrictedPod(NAME, UID);
  return {
    container: {
      env: { GOMEMLIMIT: `${Math.floor(sizes.nats.memoryMb * 0.85)}MiB` },
      merge: { resources: guaranteedMemory(sizes.nats.cpu, sizes.nats.memoryMb), ...restrictedContainer() },
    },
    // A renewed certificate is read without a restart.
    reloader: { enabled: true, merge: { resources: guaranteedMemory("10m", 32), ...restrictedContainer() } },
    podTemplate: {
      topologySpreadConstraints: {
        "topology.kubernetes.io/zone": { maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" },
        ...(natsReplicas > 1 ? { "kubernetes.io/hostname": { maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" } } : {}),
      },
      merge: {
        spec: {
          ...{ ...pod, ...priorityOf(place) },
          terminationGracePeriodSeconds: STOP_SECONDS,
          imagePullSecrets: images.pullSecrets.map((name) => ({ name })),
        },
      },
    },
  };
}
