import { SecurityGroup } from "@pulumi/aws/ec2/index.js";
import type { Cluster } from "@pulumi/aws/eks/index.js";
import { ParameterGroup, ReplicationGroup, SubnetGroup, User, UserGroup } from "@pulumi/aws/elasticache/index.js";
import * as pulumi from "@pulumi/pulumi";
import type { ManagedRedis } from "../types.ts";
import { type EksBase, onAws, statefulOnAws } from "./base.ts";
import type { Network } from "./network.ts";

const PORT = 6379;
const USER = "burnline";
const ENGINE = "valkey";
const VERSION = "8.1";
/** 1.37 GB: 64 partitions of a race are some MB; what is held longest are the outboxes. */
const NODE_TYPE = "cache.t4g.small";
const SNAPSHOT_DAYS = 3;

/** ElastiCache for Valkey in two zones: TLS, one user, nothing thrown away. @param password derived from the master secret */
export function elastiCache(base: EksBase, network: Network, cluster: Cluster, password: string): ManagedRedis {
  const { name } = base;
  const subnetIds = network.privateSubnets.map(({ id }) => id);
  const subnets = new SubnetGroup(name, { subnetIds, tags: { Name: name } }, onAws(base));
  const parameters = new ParameterGroup(
    `${name}-valkey`,
    { family: "valkey8", parameters: [{ name: "maxmemory-policy", value: "noeviction" }], tags: { Name: name } },
    onAws(base),
  );
  const group = new SecurityGroup(
    `${name}-valkey`,
    {
      ...{ vpcId: network.vpc.id, description: "Valkey, for the cluster's machines only" },
      ingress: [
        {
          ...{ protocol: "tcp", fromPort: PORT, toPort: PORT },
          securityGroups: [cluster.vpcConfig.apply(({ clusterSecurityGroupId }) => clusterSecurityGroupId)],
        },
      ],
      tags: { Name: `${name}-valkey` },
    },
    onAws(base),
  );
  const user = new User(
    `${name}-valkey`,
    {
      ...{ userId: `${name}-app`, userName: USER, engine: ENGINE },
      accessString: "on ~* &* +@all -@dangerous +info +keys",
      authenticationMode: { type: "password", passwords: [pulumi.secret(password)] },
    },
    onAws(base, { additionalSecretOutputs: ["passwords", "authenticationMode"] }),
  );
  const users = new UserGroup(
    `${name}-valkey`,
    { userGroupId: name, engine: ENGINE, userIds: [user.userId] },
    onAws(base),
  );
  const replication = new ReplicationGroup(
    `${name}-valkey`,
    {
      ...{ description: "State and leases of Burnline's processors", engine: ENGINE, engineVersion: VERSION },
      ...{ nodeType: NODE_TYPE, port: PORT, numCacheClusters: 2, automaticFailoverEnabled: true, multiAzEnabled: true },
      ...{ subnetGroupName: subnets.name, securityGroupIds: [group.id], parameterGroupName: parameters.name },
      ...{ transitEncryptionEnabled: true, atRestEncryptionEnabled: true, userGroupIds: [users.userGroupId] },
      ...{ snapshotRetentionLimit: SNAPSHOT_DAYS, applyImmediately: true, tags: { Name: name } },
    },
    statefulOnAws(base),
  );
  return {
    url: pulumi.secret(
      pulumi.interpolate`rediss://${USER}:${password}@${replication.primaryEndpointAddress}:${PORT}/0`,
    ),
    ...{ cidrs: network.privateCidrs, port: PORT, ready: [replication] },
  };
}
