import { Namespace } from "@pulumi/kubernetes/core/v1/index.js";
import type { ChartServers } from "../platform-config.ts";
import { CERT_MANAGER_NAMESPACE } from "./addon-namespaces.ts";
import { makeChart } from "./chart.ts";
import type { ChartName } from "./chart-pins.ts";
import { chartSource } from "./chart-source.ts";
import { inCluster, makeSecret, type Place, type SecretPlace } from "./place.ts";
import { BASELINE_NAMESPACE_LABELS, RESTRICTED_NAMESPACE_LABELS } from "./pod-security.ts";
import type { Ready } from "./servers.ts";

const GRAFANA_SECRET = "grafana-admin";
/** A season's last race is still there when the next one is prepared. */
const METRICS_KEPT = "15d";
const METRICS_GB = 20;

export interface Addons {
  readonly certManager: Ready;
  /** Their kinds have to be known before anything of ours uses them. */
  readonly ready: readonly Ready[];
}

/** What a cluster of our own has beside the race: certificates, scaling and monitoring. */
export function clusterAddons(place: SecretPlace, servers: ChartServers): Addons {
  const { config } = place;
  const monitoring = config.hasMonitoring ? [prometheus(place, servers)] : [];
  const certManager = addon(place, servers, {
    ...{ chart: "cert-manager", namespace: CERT_MANAGER_NAMESPACE, dependsOn: monitoring },
    values: {
      // Kept kinds would outlive the stack, and the next `up` would take them for somebody else's.
      crds: { enabled: true, keep: false },
      // A hook, which Pulumi does not run: it waits for the pods by itself.
      startupapicheck: { enabled: false },
      prometheus: { enabled: config.hasMonitoring, servicemonitor: { enabled: config.hasMonitoring } },
    },
  });
  const keda = config.hasAutoscaling ? [kedaChart(place, servers, monitoring)] : [];
  return { certManager, ready: [certManager, ...keda, ...monitoring] };
}

function kedaChart(place: Place, servers: ChartServers, dependsOn: readonly Ready[]): Ready {
  const { config } = place;
  const metrics = { enabled: config.hasMonitoring, serviceMonitor: { enabled: config.hasMonitoring } };
  return addon(place, servers, {
    ...{ chart: "keda", namespace: config.kedaNamespace, dependsOn },
    values: {
      // Two of each: while KEDA is away everything stays as it is, but a race day should not depend on that.
      ...{ operator: { replicaCount: 2 }, metricsServer: { replicaCount: 2 }, webhooks: { replicaCount: 2 } },
      podDisruptionBudget: { operator: { maxUnavailable: 1 }, metricServer: { maxUnavailable: 1 } },
      prometheus: { operator: metrics, metricServer: metrics },
    },
  });
}

function prometheus(place: SecretPlace, servers: ChartServers): Ready {
  const { config, cluster, secrets } = place;
  const storageClassName = cluster.storageClass;
  const every = { matchLabels: {} };
  return addon(place, servers, {
    ...{ chart: "kube-prometheus-stack", namespace: config.monitoringNamespace, dependsOn: [] },
    secret: { name: GRAFANA_SECRET, values: { "admin-user": "admin", "admin-password": secrets.grafanaPassword } },
    values: {
      prometheusOperator: {
        // Its certificates are made by hooks, which Pulumi does not run.
        ...{ admissionWebhooks: { enabled: false }, tls: { enabled: false } },
      },
      prometheus: {
        prometheusSpec: {
          // Monitors and rules of every release, not only of this chart's own.
          ...{ serviceMonitorSelectorNilUsesHelmValues: false, podMonitorSelectorNilUsesHelmValues: false },
          ...{ ruleSelectorNilUsesHelmValues: false, ruleNamespaceSelector: every },
          ...{ retention: METRICS_KEPT, enableFeatures: ["exemplar-storage"] },
          storageSpec: {
            volumeClaimTemplate: {
              spec: {
                accessModes: ["ReadWriteOnce"],
                ...(storageClassName === undefined ? {} : { storageClassName }),
                resources: { requests: { storage: `${METRICS_GB}Gi` } },
              },
            },
          },
        },
      },
      grafana: {
        // The chart would make up another password at every `up`.
        admin: { existingSecret: GRAFANA_SECRET, userKey: "admin-user", passwordKey: "admin-password" },
        sidecar: { dashboards: { enabled: true, label: "grafana_dashboard", searchNamespace: "ALL" } },
      },
      // It wants the machine's own network and files; the cloud counts its machines itself.
      nodeExporter: { enabled: false },
      // A cloud's control plane is not to be scraped.
      ...{ kubeEtcd: { enabled: false }, kubeScheduler: { enabled: false }, kubeProxy: { enabled: false } },
      kubeControllerManager: { enabled: false },
    },
  });
}

interface AddonParts {
  readonly chart: ChartName;
  readonly namespace: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly Ready[];
  readonly secret?: { readonly name: string; readonly values: Readonly<Record<string, string>> };
}

function addon(place: Place, servers: ChartServers, parts: AddonParts): Ready {
  const { chart, values, dependsOn, secret } = parts;
  // What charts of others ask for is not ours to promise: KEDA and cert-manager keep to "restricted", Grafana's may not.
  const labels = chart === "kube-prometheus-stack" ? BASELINE_NAMESPACE_LABELS : RESTRICTED_NAMESPACE_LABELS;
  const { metadata } = new Namespace(
    parts.namespace,
    { metadata: { name: parts.namespace, labels: { ...labels } } },
    inCluster(place),
  );
  const made =
    secret === undefined ? [] : [makeSecret({ ...place, namespace: metadata.name }, secret.name, secret.values)];
  return makeChart(
    place.cluster,
    chart,
    { ...chartSource(servers, chart), name: chart, namespace: metadata.name, values: { ...values } },
    { dependsOn: [...dependsOn, ...made, ...place.cluster.ready] },
  );
}
