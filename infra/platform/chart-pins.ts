/** A chart of somebody else's, by repository and exact version. */
export interface ChartPin {
  readonly chart: ChartName;
  readonly repo: string;
  readonly version: string;
}

export const CHART_NAMES = ["nats", "valkey", "keda", "cert-manager", "kube-prometheus-stack"] as const;
export type ChartName = (typeof CHART_NAMES)[number];

/** Nothing floats: images are those that a chart's authors released with this version of it. */
export const CHART_PINS: Readonly<Record<ChartName, ChartPin>> = {
  nats: { chart: "nats", repo: "https://nats-io.github.io/k8s/helm/charts/", version: "2.14.4" },
  valkey: { chart: "valkey", repo: "https://valkey.io/valkey-helm/", version: "0.11.0" },
  keda: { chart: "keda", repo: "https://kedacore.github.io/charts", version: "2.20.2" },
  "cert-manager": { chart: "cert-manager", repo: "https://charts.jetstack.io", version: "v1.21.2" },
  "kube-prometheus-stack": {
    chart: "kube-prometheus-stack",
    repo: "https://prometheus-community.github.io/helm-charts",
    version: "88.6.0",
  },
};

/** What `helm pull` calls the archive. */
export function archiveOf({ chart, version }: ChartPin): string {
  return `${chart}-${version}.tgz`;
}
