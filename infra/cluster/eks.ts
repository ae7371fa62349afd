import { getPartitionOutput } from "@pulumi/aws/getPartition.js";
import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { STACK_LABEL } from "../labels.ts";
import type { EksConfig } from "../platform-config.ts";
import { askAccount } from "./eks/account.ts";
import type { EksBase } from "./eks/base.ts";
import { controlPlane, SERVICE_CIDR } from "./eks/control-plane.ts";
import { albAnnotations, autoModeParts, gp3Storage, INGRESS_CLASS, STORAGE_CLASS } from "./eks/in-cluster.ts";
import { eksNetwork } from "./eks/network.ts";
import { autoModeRole, managedNodes } from "./eks/nodes.ts";
import { bucketIdentities, snapshotBucket } from "./eks/snapshots.ts";
import { elastiCache } from "./eks/valkey.ts";
import { budgetAlarm, flowLogs } from "./eks/watch.ts";
import { execKubeconfig, k8sProvider } from "./provider.ts";
import type { Cluster, ClusterPlan, ClusterRequest } from "./types.ts";

/** EKS with everything below it, on AWS' own resources: no component that hides what it makes. */
export function planEks(config: EksConfig, request: ClusterRequest): ClusterPlan {
  const base = makeBase(config, request);
  return {
    askAccount: () => askAccount(base, request.stack, request.coresMax),
    make: () => makeCluster(base, request),
  };
}

function makeCluster(base: EksBase, request: ClusterRequest): Cluster {
  const { config } = base;
  const network = eksNetwork(base);
  flowLogs(base, network);
  budgetAlarm(base);
  const isAuto = config.nodes === "auto";
  const nodeRole = isAuto ? autoModeRole(base) : undefined;
  const { cluster, key, access } = controlPlane(base, network, nodeRole?.role.arn);
  const nodes = isAuto ? (nodeRole?.attached ?? []) : managedNodes(base, network, cluster);

  const kubeconfig = pulumi.secret(
    pulumi
      .all([cluster.endpoint, cluster.certificateAuthority.data, cluster.name])
      .apply(([server, ca, name]) => execKubeconfig({ name, server, ca, exec: eksToken(name, config.region) })),
  );
  const provider = k8sProvider(kubeconfig, [...access, ...nodes]);
  const storage = gp3Storage(base, provider);
  const parts = isAuto ? autoModeParts(base, provider) : [];
  const bucket = snapshotBucket(base, key);
  const identities = bucketIdentities(base, {
    ...{ cluster, bucket, key, namespace: request.namespace },
    serviceAccounts: request.bucketUsers,
  });
  const { redisPassword } = request;
  return {
    ...{ isThere: false, hasRaces: false, provider, kubeconfig, storageClass: STORAGE_CLASS },
    ...(isAuto ? { ingressClass: INGRESS_CLASS, ingressAnnotations: albAnnotations() } : { ingressAnnotations: {} }),
    // The balancer's addresses are those of the public subnets.
    clientCidrs: isAuto ? network.publicCidrs : [],
    // Auto Mode's DNS is on each machine, behind the Service's address, and no pod.
    dnsPeers: isAuto ? [{ ipBlock: { cidr: SERVICE_CIDR } }] : [],
    bucket: { name: bucket.bucket, region: config.region },
    serviceAccountAnnotations: {},
    ...(config.redisService === "managed" && redisPassword !== undefined
      ? { redis: elastiCache(base, network, cluster, redisPassword) }
      : {}),
    ready: [storage, ...parts, ...identities],
    outputs: { login: pulumi.interpolate`aws eks update-kubeconfig --region ${config.region} --name ${cluster.name}` },
  };
}

function makeBase(config: EksConfig, { name, stack, isProtected, isProd }: ClusterRequest): EksBase {
  const provider = new Provider("aws", {
    region: config.region as Provider["region"] extends pulumi.Output<infer R> ? R : never,
    defaultTags: { tags: { [STACK_LABEL]: stack, "burnline.dev/managed-by": "pulumi" } },
  });
  const { partition } = getPartitionOutput({}, { provider });
  return { config, provider, name, isProtected, isProd, partition };
}

function eksToken(name: string, region: string) {
  const args = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"];
  return { command: "aws", args, interactiveMode: "Never" };
}
