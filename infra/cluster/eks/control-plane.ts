import { LogGroup } from "@pulumi/aws/cloudwatch/index.js";
import { AccessEntry, AccessPolicyAssociation, Cluster } from "@pulumi/aws/eks/index.js";
import { Alias, Key } from "@pulumi/aws/kms/index.js";
import type * as pulumi from "@pulumi/pulumi";
import { type EksBase, logDays, onAws, statefulOnAws } from "./base.ts";
import type { Network } from "./network.ts";
import { makeRole } from "./roles.ts";

/** Fixed, so that network policies can name the address of DNS in it. */
export const SERVICE_CIDR = "172.20.0.0/16";
const KEY_DELETION_DAYS = 30;
/** Auto Mode manages machines, disks, balancers and addresses under the cluster's role. */
const AUTO_MODE_POLICIES = [
  ...["AmazonEKSComputePolicy", "AmazonEKSBlockStoragePolicy"],
  ...["AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy"],
];

export interface ControlPlane {
  readonly cluster: Cluster;
  readonly key: Key;
  /** Whoever runs Pulumi gets in by these: nothing in the cluster can be made before. */
  readonly access: readonly pulumi.Resource[];
}

/** @param nodeRoleArn of Auto Mode's machines; absent with node groups */
export function controlPlane(base: EksBase, network: Network, nodeRoleArn?: pulumi.Input<string>): ControlPlane {
  const { config, name, isProd } = base;
  const isAuto = nodeRoleArn !== undefined;
  const key = makeKey(base);
  const { role, attached } = makeRole(base, "cluster", "cluster", [
    "AmazonEKSClusterPolicy",
    ...(isAuto ? AUTO_MODE_POLICIES : []),
  ]);
  // Made before EKS makes it by itself, without an end to what it keeps.
  const logs = new LogGroup(
    `${name}-cluster`,
    { name: `/aws/eks/${name}/cluster`, retentionInDays: logDays(base) },
    onAws(base),
  );
  const cluster = new Cluster(
    name,
    {
      ...{ name, version: config.kubernetesVersion, roleArn: role.arn, bootstrapSelfManagedAddons: false },
      // Who gets in is said by access entries, and nobody by having made the cluster.
      accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
      vpcConfig: {
        subnetIds: [...network.privateSubnets, ...network.publicSubnets].map(({ id }) => id),
        ...{ endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [...config.apiCidrs] },
      },
      // The three belong together: EKS takes all or none.
      computeConfig: {
        enabled: isAuto,
        ...(isAuto ? { nodePools: ["general-purpose", "system"], nodeRoleArn } : {}),
      },
      kubernetesNetworkConfig: { elasticLoadBalancing: { enabled: isAuto }, serviceIpv4Cidr: SERVICE_CIDR },
      storageConfig: { blockStorage: { enabled: isAuto } },
      encryptionConfig: { provider: { keyArn: key.arn }, resources: ["secrets"] },
      enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
      upgradePolicy: { supportType: "STANDARD" },
      ...{ zonalShiftConfig: { enabled: true }, deletionProtection: base.isProtected && isProd },
      tags: { Name: name },
    },
    // Policies go after the cluster, or it cannot take its machines down.
    statefulOnAws(base, { dependsOn: [...attached, logs, ...network.ready] }),
  );
  return { cluster, key, access: adminAccess(base, cluster) };
}

function makeKey(base: EksBase): Key {
  const { name } = base;
  const key = new Key(
    name,
    {
      description: `Secrets in etcd and snapshots of ${name}`,
      ...{ enableKeyRotation: true, deletionWindowInDays: KEY_DELETION_DAYS, tags: { Name: name } },
    },
    statefulOnAws(base),
  );
  new Alias(name, { name: `alias/${name}`, targetKeyId: key.keyId }, onAws(base));
  return key;
}

function adminAccess(base: EksBase, cluster: Cluster): pulumi.Resource[] {
  return base.config.adminRoleArns.flatMap((principalArn) => {
    const name = `${base.name}-${principalArn.split("/").at(-1)}`;
    const entry = new AccessEntry(name, { clusterName: cluster.name, principalArn, type: "STANDARD" }, onAws(base));
    const policyArn = base.partition.apply(
      (partition) => `arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
    );
    return [
      entry,
      new AccessPolicyAssociation(
        name,
        { clusterName: cluster.name, principalArn, policyArn, accessScope: { type: "cluster" } },
        onAws(base, { dependsOn: [entry] }),
      ),
    ];
  });
}
