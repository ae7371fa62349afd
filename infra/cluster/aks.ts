import { ConfigError } from "../config.ts";
import type { AksConfig } from "../platform-config.ts";
import type { Cluster, ClusterRequest } from "./types.ts";

export function aksCluster(_config: AksConfig, _request: ClusterRequest): Cluster {
  throw new ConfigError(["not yet"]);
}
