import type { PlatformConfig } from "../platform-config.ts";

export const CERT_MANAGER_NAMESPACE = "cert-manager";

interface AddonNamespace {
  readonly name: string;
  readonly what: string;
  /** The command that makes room when somebody else has it. */
  readonly instead: string;
}

/** Namespaces that are made besides the race's own. */
export function addonNamespaces(config: PlatformConfig): AddonNamespace[] {
  if (config.servers.type !== "charts") return [];
  const another = (key: string) => `pulumi config set burnline:${key} ANOTHER`;
  return [
    {
      ...{ name: CERT_MANAGER_NAMESPACE, what: "cert-manager" },
      instead: `kubectl delete namespace ${CERT_MANAGER_NAMESPACE}, or pulumi config set burnline:dependencies bundled`,
    },
    ...(config.hasAutoscaling ? [{ name: config.kedaNamespace, what: "KEDA", instead: another("kedaNamespace") }] : []),
    ...(config.hasMonitoring
      ? [{ name: config.monitoringNamespace, what: "Prometheus", instead: another("monitoringNamespace") }]
      : []),
  ];
}
