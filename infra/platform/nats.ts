import { StatefulSet } from "@pulumi/kubernetes/apps/v1/index.js";
import { ConfigMap, Service } from "@pulumi/kubernetes/core/v1/index.js";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/index.js";
import { APPS, type PerApp } from "../app-names.ts";
import type { UserPermissions } from "../nats-permissions.ts";
import type { BundledServers } from "../platform-config.ts";
import { NATS_ACCOUNT, NATS_FOLDERS, NATS_PORTS, natsConfig, ROUTES_FILE, routesConfig } from "./nats-config.ts";
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
import { guardPods } from "./server-policies.ts";
import { appPods, NATS_AUTH_SECRET, type NatsPlace, podsNamed, podsOfNamespace } from "./servers.ts";
import { STARTUP_PROBE } from "./startup-probe.ts";

const NAME = "nats";
const HEADLESS = "nats-headless";
const CONFIG = "nats-config";
const ROUTES = "nats-routes";
const LABELS = { "app.kubernetes.io/name": NAME, "app.kubernetes.io/component": NAME };
/** The image has no user of its own; any will do that is not root. */
const UID = 1000;
/** The lame duck's 30 s and a store that is written out. */
const STOP_SECONDS = 45;

/** NATS of our own: what the official chart does where no chart can be pulled. */
export function bundledNats(
  place: SecretPlace,
  servers: BundledServers,
  permissions: PerApp<UserPermissions>,
): NatsPlace {
  const { config, secrets, namespace } = place;
  const { natsReplicas: replicas, natsStorageGb: storageGb } = config;
  const { natsTlsSecret } = servers;
  const hasTls = natsTlsSecret !== undefined;
  const text = natsConfig({ replicas, storageGb, hasTls, users: secrets.natsUsers, permissions });
  const configMap = new ConfigMap(
    CONFIG,
    { metadata: { name: CONFIG, namespace }, data: { "nats.conf": text } },
    inCluster(place),
  );
  const users = makeSecret(place, NATS_AUTH_SECRET, seedsOf(place));
  const routes =
    replicas > 1
      ? [
          makeSecret(place, ROUTES, {
            [ROUTES_FILE]: routesConfig(secrets.natsRoutePassword, { replicas, hasTls, service: HEADLESS }),
          }),
        ]
      : [];
  const account = makeAccount(place, NAME);
  services(place);
  const statefulSet = new StatefulSet(
    NAME,
    {
      metadata: { name: NAME, namespace, labels: LABELS },
      spec: {
        ...{ serviceName: HEADLESS, replicas, podManagementPolicy: "Parallel", selector: { matchLabels: LABELS } },
        template: podTemplate(place, servers, hashOf(text, secrets.generation)),
        volumeClaimTemplates: [volumeClaim(place, storageGb)],
      },
    },
    stateful(place, { dependsOn: [configMap, users, account, ...routes] }),
  );
  if (replicas > 1) {
    // Two of three are a quorum, one is not.
    new PodDisruptionBudget(
      NAME,
      {
        metadata: { name: NAME, namespace },
        // A server that never gets ready does not hold up the drain of its node.
        spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: LABELS } },
      },
      inCluster(place),
    );
  }
  guardNats(place);
  return {
    url: `${hasTls ? "tls" : "nats"}://${NAME}:${NATS_PORTS.client}`,
    // KEDA puts the leader's name in front of it: only behind the headless Service has each server one.
    monitoringUrl: `http://${HEADLESS}.${config.namespace}.svc:${NATS_PORTS.monitoring}`,
    ...{ account: NATS_ACCOUNT, authSecret: NATS_AUTH_SECRET },
    ...(hasTls ? { caSecret: natsTlsSecret } : {}),
    ...{ peers: [podsNamed(NAME)], port: NATS_PORTS.client, monitoringPort: NATS_PORTS.monitoring },
    ready: [statefulSet],
  };
}

/** One entry per app: each pod mounts its own only. */
export function seedsOf({ secrets }: SecretPlace): Record<string, string> {
  return Object.fromEntries(APPS.map((app) => [app, secrets.natsUsers[app].seed]));
}

function services(place: Place): void {
  const { namespace, config } = place;
  const ports = [
    { name: "nats", port: NATS_PORTS.client, targetPort: "nats" },
    { name: "monitoring", port: NATS_PORTS.monitoring, targetPort: "monitoring" },
  ];
  new Service(
    NAME,
    {
      metadata: { name: NAME, namespace, labels: LABELS, annotations: SKIP_AWAIT },
      spec: { type: "ClusterIP", selector: LABELS, ports },
    },
    inCluster(place),
  );
  new Service(
    HEADLESS,
    {
      metadata: { name: HEADLESS, namespace, labels: LABELS, annotations: SKIP_AWAIT },
      spec: {
        ...{ clusterIP: "None", selector: LABELS, publishNotReadyAddresses: true },
        ports:
          config.natsReplicas > 1
            ? [...ports, { name: "routes", port: NATS_PORTS.routes, targetPort: "routes" }]
            : ports,
      },
    },
    inCluster(place),
  );
}

function podTemplate(place: Place, { natsImage, natsTlsSecret }: BundledServers, configHash: string) {
  const { natsReplicas: replicas, sizes, images } = place.config;
  const pullSecrets = images.pullSecrets.map((name) => ({ name }));
  return {
    metadata: { labels: LABELS, annotations: { "burnline.dev/config": configHash } },
    spec: {
      ...{ ...restrictedPod(NAME, UID), ...priorityOf(place) },
      ...{ terminationGracePeriodSeconds: STOP_SECONDS, imagePullSecrets: pullSecrets },
      ...(replicas > 1 ? { topologySpreadConstraints: apart() } : {}),
      containers: [
        {
          ...{ name: NAME, image: natsImage, imagePullPolicy: images.pullPolicy },
          command: ["nats-server", "--config", `${NATS_FOLDERS.config}/nats.conf`],
          env: [
            { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            // The garbage collector works harder before the kernel kills.
            { name: "GOMEMLIMIT", value: `${Math.floor(sizes.nats.memoryMb * 0.85)}MiB` },
          ],
          ports: [
            { name: "nats", containerPort: NATS_PORTS.client },
            { name: "monitoring", containerPort: NATS_PORTS.monitoring },
            ...(replicas > 1 ? [{ name: "routes", containerPort: NATS_PORTS.routes }] : []),
          ],
          resources: guaranteedMemory(sizes.nats.cpu, sizes.nats.memoryMb),
          ...restrictedContainer(),
          ...(replicas > 1 ? lameDuck() : {}),
          ...probes(),
          volumeMounts: [
            { name: "data", mountPath: NATS_FOLDERS.data },
            { name: "config", mountPath: NATS_FOLDERS.config, readOnly: true },
            { name: "run", mountPath: NATS_FOLDERS.run },
            ...(natsTlsSecret === undefined ? [] : [{ name: "tls", mountPath: NATS_FOLDERS.tls, readOnly: true }]),
          ],
        },
      ],
      volumes: [
        {
          name: "config",
          projected: {
            defaultMode: SECRET_FILE_MODE,
            sources: [{ configMap: { name: CONFIG } }, ...(replicas > 1 ? [{ secret: { name: ROUTES } }] : [])],
          },
        },
        { name: "run", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        ...(natsTlsSecret === undefined
          ? []
          : [{ name: "tls", secret: { secretName: natsTlsSecret, defaultMode: SECRET_FILE_MODE } }]),
      ],
    },
  };
}

/**
 * Clients move on to another server one after the other; the server ignores the TERM that follows. A lone server has
 * nobody to send them to: the sooner it is back the better.
 */
function lameDuck() {
  return { lifecycle: { preStop: { exec: { command: ["nats-server", `-sl=ldm=${NATS_FOLDERS.run}/nats.pid`] } } } };
}

/** Alive: it answers. Ready: JetStream works on this server. Started: its streams are read, and up to date. */
function probes() {
  const get = (path: string) => ({ httpGet: { path, port: "monitoring" } });
  return {
    startupProbe: { ...get("/healthz"), ...STARTUP_PROBE },
    readinessProbe: { ...get("/healthz?js-server-only=true"), periodSeconds: 5, timeoutSeconds: 5 },
    livenessProbe: { ...get("/healthz?js-enabled-only=true"), periodSeconds: 30, timeoutSeconds: 5 },
  };
}

/** A zone or a node that dies takes one server with it, not the quorum. */
function apart() {
  const selector = { labelSelector: { matchLabels: LABELS }, maxSkew: 1 };
  return [
    { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway", ...selector },
    { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule", ...selector },
  ];
}

function volumeClaim({ cluster }: Place, storageGb: number) {
  return {
    metadata: { name: "data" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      ...(cluster.storageClass === undefined ? {} : { storageClassName: cluster.storageClass }),
      resources: { requests: { storage: `${storageGb}Gi` } },
    },
  };
}

export function guardNats(place: Place): void {
  const { config } = place;
  guardPods(place, NAME, {
    selector: LABELS,
    ingress: [
      { from: [appPods(...APPS)], ports: [NATS_PORTS.client] },
      { from: [podsNamed(NAME)], ports: [NATS_PORTS.routes] },
      {
        from: [podsOfNamespace(config.kedaNamespace), podsOfNamespace(config.monitoringNamespace)],
        ports: [NATS_PORTS.monitoring],
      },
    ],
    // It calls nobody but its like, whom it finds by name.
    egress: config.natsReplicas > 1 ? [{ to: [podsNamed(NAME)], ports: [NATS_PORTS.routes] }] : [],
    needsDns: config.natsReplicas > 1,
  });
}
