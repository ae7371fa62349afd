import { Chart, type ChartArgs } from "@pulumi/kubernetes/helm/v4/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster/types.ts";
import type { Ready } from "./servers.ts";

interface ChartOptions {
  readonly dependsOn: readonly Ready[];
  readonly protect?: boolean;
}

/**
 * A chart is rendered by the provider, and Pulumi refuses to ask a provider whose cluster is not there yet: the first
 * preview of a cluster of our own would end with that. So its charts are registered once its address is known; until
 * then a preview does not show them.
 */
export function makeChart(cluster: Cluster, name: string, args: ChartArgs, options: ChartOptions): Ready {
  const { dependsOn, ...others } = options;
  const make = (): pulumi.Resource =>
    new Chart(name, args, { ...others, provider: cluster.provider, dependsOn: [...dependsOn] });
  return cluster.isThere ? make() : cluster.kubeconfig.apply(make);
}
