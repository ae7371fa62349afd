import type { KubeObject } from "../kube-object.ts";

const NAMESPACE = "race";
const labels = (app: string) => ({ "app.kubernetes.io/component": app });

/** Objects that keep every rule: a gate that anybody may call and KEDA scales, and a store that only the gate may ask. */
export function goodSet(): KubeObject[] {
  return structuredClone([
    ...["gate", "store"].flatMap((app) => [account(app), deployment(app), budget(app), service(app)]),
    { ...named("Secret", "v1", "keys"), type: "Opaque" },
    scaledObject(),
    ...policies(),
    {
      ...named("Role", "rbac.authorization.k8s.io/v1", "gate"),
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
    },
    {
      ...named("RoleBinding", "rbac.authorization.k8s.io/v1", "gate"),
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "gate" },
      subjects: [{ kind: "ServiceAccount", name: "gate", namespace: NAMESPACE }],
    },
    {
      ...named("Ingress", "networking.k8s.io/v1", "gate"),
      spec: {
        rules: [
          {
            host: "a.example.org",
            http: {
              paths: [{ path: "/", pathType: "Exact", backend: { service: { name: "gate", port: { name: "http" } } } }],
            },
          },
        ],
      },
    },
  ]);
}

/**
 * The good set with one field changed; an undefined value takes it away, and no path takes the whole object away.
 * @param object as Deployment/gate
 * @param path keys and indexes with points between them; a key with points in it stands in brackets
 */
export function changedSet(object: string, path?: string, value?: unknown): KubeObject[] {
  const objects = goodSet();
  const index = objects.findIndex(({ kind, metadata }) => `${kind}/${metadata.name}` === object);
  if (index < 0) throw new Error(`The good set has no ${object}.`);
  if (path === undefined) return objects.toSpliced(index, 1);
  const keys = [...path.matchAll(/\[([^\]]+)\]|([^.[\]]+)/g)].map(([, bracketed, plain]) => bracketed ?? plain ?? "");
  const last = keys.pop() ?? "";
  let at = objects[index] as unknown as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (!(last in at) && value === undefined) throw new Error(`${object} has no ${path}.`);
  if (value === undefined) delete at[last];
  else at[last] = value;
  return objects;
}

function named(kind: string, apiVersion: string, name: string) {
  return { apiVersion, kind, metadata: { name, namespace: NAMESPACE } };
}

const account = (app: string) => ({ ...named("ServiceAccount", "v1", app), automountServiceAccountToken: false });

const budget = (app: string) => ({
  ...named("PodDisruptionBudget", "policy/v1", app),
  spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: labels(app) } },
});

const service = (app: string) => ({
  ...named("Service", "v1", app),
  spec: { selector: labels(app), ports: [{ name: "http", port: 8080, targetPort: "http" }] },
});

function deployment(app: string) {
  return {
    ...named("Deployment", "apps/v1", app),
    spec: {
      ...(app === "store" ? { replicas: 2 } : {}),
      minReadySeconds: 5,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      selector: { matchLabels: labels(app) },
      template: { metadata: { labels: labels(app) }, spec: podSpec(app) },
    },
  };
}

function podSpec(app: string) {
  return {
    serviceAccountName: app,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 30,
    securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
    topologySpreadConstraints: ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
      ...{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", matchLabelKeys: ["pod-template-hash"] },
      labelSelector: { matchLabels: labels(app) },
    })),
    containers: [container(app)],
    volumes: [
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
      { name: "keys", secret: { secretName: "keys", defaultMode: 0o440 } },
    ],
  };
}

function container(app: string) {
  return {
    name: app,
    image: `example.org/${app}:1`,
    ports: [{ name: "http", containerPort: 8080 }],
    env: [
      { name: "NODE_OPTIONS", value: "--max-old-space-size=192" },
      { name: "BURNLINE_TOKEN", valueFrom: { secretKeyRef: { name: "keys", key: "token" } } },
    ],
    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "256Mi" } },
    startupProbe: { httpGet: { path: "/healthz/live", port: "http" }, periodSeconds: 2, failureThreshold: 30 },
    readinessProbe: { httpGet: { path: "/healthz/ready", port: "http" }, periodSeconds: 3, failureThreshold: 2 },
    livenessProbe: { httpGet: { path: "/healthz/live", port: "http" }, periodSeconds: 10, failureThreshold: 6 },
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
  };
}

function scaledObject() {
  const url = `http://gate.${NAMESPACE}.svc:8080/scale`;
  const metadata = {
    url,
    valueLocation: "busy",
    targetValue: "0.6",
    aggregateFromKubeServiceEndpoints: "true",
    aggregationType: "sum",
  };
  const behavior = {
    scaleDown: { stabilizationWindowSeconds: 600, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
  };
  return {
    ...named("ScaledObject", "keda.sh/v1alpha1", "gate"),
    spec: {
      ...{ scaleTargetRef: { kind: "Deployment", name: "gate" }, minReplicaCount: 2, maxReplicaCount: 4 },
      fallback: { failureThreshold: 3, replicas: 2, behavior: "currentReplicasIfHigher" },
      advanced: { horizontalPodAutoscalerConfig: { behavior } },
      triggers: [{ type: "metrics-api", name: "busy", metricType: "AverageValue", metadata }],
    },
  };
}

function policies() {
  const policy = (name: string, spec: object) => ({ ...named("NetworkPolicy", "networking.k8s.io/v1", name), spec });
  const dns = [
    { port: 53, protocol: "UDP" },
    { port: 53, protocol: "TCP" },
  ];
  const gate = { podSelector: { matchLabels: labels("gate") } };
  const store = { podSelector: { matchLabels: labels("store") } };
  const keda = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "keda" } } };
  return [
    policy("default-deny", { podSelector: {}, policyTypes: ["Ingress", "Egress"] }),
    policy("dns", {
      podSelector: {},
      policyTypes: ["Egress"],
      egress: [{ to: [{ namespaceSelector: {} }], ports: dns }],
    }),
    policy("gate", {
      ...{ ...gate, policyTypes: ["Ingress", "Egress"] },
      ingress: [{ from: [keda], ports: [{ port: "http" }] }],
      egress: [{ to: [store], ports: [{ port: 8080 }] }],
    }),
    policy("store", { ...store, policyTypes: ["Ingress"], ingress: [{ from: [gate], ports: [{ port: "http" }] }] }),
  ];
}
