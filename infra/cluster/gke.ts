import { ConfigError } from "../config.ts";
import type { GkeConfig } from "../platform-config.ts";
import type { Cluster, ClusterRequest } from "./types.ts";

export function gkeCluster(_config: GkeConfig, _request: ClusterRequest): Cluster {
  throw new ConfigError(["not yet"]);
}
