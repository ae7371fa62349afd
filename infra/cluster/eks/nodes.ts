import { LaunchTemplate } from "@pulumi/aws/ec2/index.js";
import { Addon, type Cluster, NodeGroup, PodIdentityAssociation } from "@pulumi/aws/eks/index.js";
import type * as pulumi from "@pulumi/pulumi";
import { type EksBase, onAws } from "./base.ts";
import type { Network } from "./network.ts";
import { makeRole } from "./roles.ts";

const ROOT_VOLUME_GB = 50;
/** A third of the machines at a time, so that an update is over before the next race. */
const UPDATE_PERCENT = 33;

/** For the machines that Auto Mode starts: nothing but to join and to pull images. */
export function autoModeRole(base: EksBase) {
  return makeRole(base, "node", "node", ["AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"]);
}

/** What Auto Mode does by itself, as node groups: machines, network, DNS, disks, identities. */
export function managedNodes(base: EksBase, network: Network, cluster: Cluster): pulumi.Resource[] {
  const { config, name } = base;
  const { role, attached } = makeRole(base, "node", "node", [
    ...["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy"],
    ...["AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore"],
  ]);
  // The network is there before the machines, which are not ready without it.
  const cni = addon(base, cluster, "vpc-cni", [], { enableNetworkPolicy: "true" });
  const group = new NodeGroup(
    name,
    {
      ...{ clusterName: cluster.name, nodeRoleArn: role.arn, subnetIds: network.privateSubnets.map(({ id }) => id) },
      ...{ amiType: amiOf(config.nodeType), instanceTypes: [config.nodeType], capacityType: "ON_DEMAND" },
      scalingConfig: { minSize: config.nodesMin, desiredSize: config.nodesMin, maxSize: config.nodesMax },
      updateConfig: { maxUnavailablePercentage: UPDATE_PERCENT },
      launchTemplate: launchTemplate(base),
      tags: { Name: name },
    },
    // Whoever scales it afterwards is not set back by the next `up`.
    onAws(base, { dependsOn: [...attached, cni, ...network.ready], ignoreChanges: ["scalingConfig.desiredSize"] }),
  );
  const after = [group];
  const ebs = makeRole(base, "ebs-csi", "pod", ["service-role/AmazonEBSCSIDriverPolicy"]);
  const identityAgent = addon(base, cluster, "eks-pod-identity-agent", after);
  new PodIdentityAssociation(
    `${name}-ebs-csi`,
    {
      ...{ clusterName: cluster.name, namespace: "kube-system", serviceAccount: "ebs-csi-controller-sa" },
      roleArn: ebs.role.arn,
    },
    onAws(base, { dependsOn: [identityAgent] }),
  );
  return [
    ...[group, identityAgent, addon(base, cluster, "kube-proxy", after), addon(base, cluster, "coredns", after)],
    addon(base, cluster, "aws-ebs-csi-driver", [group, identityAgent, ...ebs.attached]),
    addon(base, cluster, "metrics-server", after),
  ];
}

/** Graviton by its name: m7g, c8gd. The images have to be of the same kind (docs/deploy-eks.md). */
function amiOf(nodeType: string): string {
  return /^[a-z]+\d+g[a-z]*\./.test(nodeType) ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD";
}

function launchTemplate(base: EksBase) {
  const template = new LaunchTemplate(
    `${base.name}-node`,
    {
      // Pods get no further than their own machine's network: its role is not theirs.
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { volumeType: "gp3", volumeSize: ROOT_VOLUME_GB, encrypted: "true" } },
      ],
      monitoring: { enabled: true },
      tagSpecifications: [{ resourceType: "instance", tags: { Name: `${base.name}-node` } }],
    },
    onAws(base),
  );
  return { id: template.id, version: template.latestVersion.apply(String) };
}

function addon(
  base: EksBase,
  cluster: Cluster,
  addonName: string,
  dependsOn: readonly pulumi.Resource[],
  values?: Readonly<Record<string, unknown>>,
): Addon {
  return new Addon(
    `${base.name}-${addonName}`,
    {
      ...{ clusterName: cluster.name, addonName },
      ...{ resolveConflictsOnCreate: "OVERWRITE", resolveConflictsOnUpdate: "PRESERVE" },
      ...(values === undefined ? {} : { configurationValues: JSON.stringify(values) }),
    },
    onAws(base, { dependsOn: [...dependsOn] }),
  );
}
