import { PriorityClass } from "@pulumi/kubernetes/scheduling/v1/index.js";
import type * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../cluster/types.ts";
import type { PlatformConfig } from "../platform-config.ts";

/** Above everything that has none, and far below what Kubernetes keeps for itself. */
const PRIORITY = 1_000_000;

/**
 * In production others give way to a race. Its servers are as important as its apps: apps alone would push them off a
 * full node. The class belongs to the whole cluster, so each stack has its own.
 */
export function racePriority(
  { environment, namespace }: PlatformConfig,
  { provider, ready }: Cluster,
): pulumi.Output<string> | undefined {
  if (environment !== "prod") return undefined;
  const { metadata } = new PriorityClass(
    "race-critical",
    {
      ...{ metadata: { name: `${namespace}-race-critical` }, value: PRIORITY, globalDefault: false },
      description: "Pods of a race that is on air; others give way to them.",
    },
    { provider, dependsOn: [...ready] },
  );
  return metadata.name;
}
