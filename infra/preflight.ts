import { STACK_LABEL } from "./labels.ts";
import type { PlatformConfig } from "./platform-config.ts";

/** What is known of a cluster before anything is made in it. */
export interface ClusterFacts {
  /** As the API server says it: {major: "1", minor: "35+"}. */
  readonly version: { readonly major: string; readonly minor: string };
  /** "keda.sh/v1alpha1", "apps/v1", … */
  readonly apiVersions: ReadonlySet<string>;
  readonly storageClasses: readonly { readonly name: string; readonly isDefault: boolean }[];
  readonly ingressClasses: readonly { readonly name: string; readonly isDefault: boolean }[];
  /** Absent: there is no such namespace yet. */
  readonly namespace?: { readonly labels: Readonly<Record<string, string>> };
}

/** preStop sleeps, and policies about unhealthy pods, are there from here on. */
const MINOR_MIN = 30;

/** Everything that would fail half-way: a sentence each, with the key to set. */
export function unmetNeeds(config: PlatformConfig, facts: ClusterFacts, stack: string): string[] {
  return [
    ...version(facts),
    ...namespace(config, facts, stack),
    ...extensions(config, facts, facts.namespace?.labels[STACK_LABEL] === stack),
    ...storage(config, facts),
  ];
}

function version({ version: { major, minor } }: ClusterFacts): string[] {
  if (Number(major) > 1 || Number.parseInt(minor, 10) >= MINOR_MIN) return [];
  return [
    `The cluster is Kubernetes ${major}.${minor}, Burnline needs 1.${MINOR_MIN} or newer: upgrade it, or name another one: pulumi config set burnline:context NAME`,
  ];
}

function namespace(config: PlatformConfig, { namespace: found }: ClusterFacts, stack: string): string[] {
  if (found === undefined) return [];
  const owner = found.labels[STACK_LABEL];
  if (owner === stack) return [];
  const whose = owner === undefined ? "was not made by this program" : `belongs to the stack ${owner}`;
  return [
    `The namespace ${config.namespace} is there already and ${whose}: pulumi config set burnline:namespace ANOTHER`,
  ];
}

function extensions(config: PlatformConfig, { apiVersions }: ClusterFacts, isOurs: boolean): string[] {
  const problems: string[] = [];
  const bringsOwn = config.servers.type === "charts";
  if (bringsOwn) problems.push(...brought(config, apiVersions, isOurs));
  if (config.hasAutoscaling && !bringsOwn && !apiVersions.has("keda.sh/v1alpha1"))
    problems.push(
      "The cluster has no KEDA (keda.sh/v1alpha1), which autoscaling needs: install KEDA 2.19 or newer, or do without: pulumi config set burnline:autoscaling false",
    );
  if (config.hasMonitoring && !bringsOwn && !apiVersions.has("monitoring.coreos.com/v1"))
    problems.push(
      "The cluster has no prometheus-operator (monitoring.coreos.com/v1), which burnline:monitoring needs: pulumi config set burnline:monitoring false",
    );
  if (config.route.type === "gateway" && !apiVersions.has("gateway.networking.k8s.io/v1"))
    problems.push(
      "The cluster has no Gateway API (gateway.networking.k8s.io/v1), which burnline:route gateway needs: pulumi config set burnline:route ingress",
    );
  return problems;
}

/** Two of each in one cluster would fight over the same kinds; those of an earlier run are ours. */
function brought(config: PlatformConfig, apiVersions: ReadonlySet<string>, isOurs: boolean): string[] {
  if (isOurs) return [];
  return [
    ["cert-manager", "cert-manager.io/v1", true] as const,
    ["KEDA", "keda.sh/v1alpha1", config.hasAutoscaling] as const,
    ["prometheus-operator", "monitoring.coreos.com/v1", config.hasMonitoring] as const,
  ].flatMap(([what, api, isBrought]) =>
    isBrought && apiVersions.has(api)
      ? [
          `The cluster has ${what} (${api}) already, and burnline:dependencies charts would bring a second one: pulumi config set burnline:dependencies bundled`,
        ]
      : [],
  );
}

function storage(config: PlatformConfig, { storageClasses, ingressClasses }: ClusterFacts): string[] {
  const problems: string[] = [];
  const wanted = config.storageClass;
  const names = storageClasses.map(({ name }) => name);
  const choice = names.length === 0 ? "it has none" : `it has ${names.join(", ")}`;
  if (wanted !== undefined && !names.includes(wanted))
    problems.push(
      `The cluster has no StorageClass ${wanted}, ${choice}: pulumi config set burnline:storageClass ${names[0] ?? "NAME"}`,
    );
  if (wanted === undefined && config.servers.type !== "external" && !storageClasses.some(({ isDefault }) => isDefault))
    problems.push(
      `The cluster has no default StorageClass for NATS and Redis, ${choice}: pulumi config set burnline:storageClass ${names[0] ?? "NAME"}`,
    );
  if (config.route.type === "ingress") {
    const { className } = config.route;
    const classes = ingressClasses.map(({ name }) => name);
    const classChoice = classes.length === 0 ? "it has none" : `it has ${classes.join(", ")}`;
    const isThere =
      className === undefined ? ingressClasses.some(({ isDefault }) => isDefault) : classes.includes(className);
    if (!isThere)
      problems.push(
        `The cluster has no ${className === undefined ? "default IngressClass" : `IngressClass ${className}`}, ${classChoice}: pulumi config set burnline:routeClass ${classes[0] ?? "NAME"}`,
      );
  }
  return problems;
}
