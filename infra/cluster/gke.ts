import { Network } from "@pulumi/gcp/compute/network.js";
import { Router } from "@pulumi/gcp/compute/router.js";
import { RouterNat } from "@pulumi/gcp/compute/routerNat.js";
import { Subnetwork } from "@pulumi/gcp/compute/subnetwork.js";
import { Cluster as GkeControlPlane } from "@pulumi/gcp/container/cluster.js";
import { NodePool } from "@pulumi/gcp/container/nodePool.js";
import { IAMMember } from "@pulumi/gcp/projects/iammember.js";
import { Provider } from "@pulumi/gcp/provider.js";
import { Account } from "@pulumi/gcp/serviceaccount/account.js";
import * as pulumi from "@pulumi/pulumi";
import type { GkeConfig } from "../platform-config.ts";
import { subnetOf } from "./cidr.ts";
import { execKubeconfig, k8sProvider } from "./provider.ts";
import type { Cluster, ClusterRequest } from "./types.ts";

/** SSDs, made in the zone where the pod is; GKE has the class by itself. */
const STORAGE_CLASS = "premium-rwo";
const ROOT_VOLUME_GB = 50;
/** All that a machine does in its own name: write logs and measurements, pull images. */
const NODE_ROLES = ["roles/logging.logWriter", "roles/monitoring.metricWriter", "roles/artifactregistry.reader"];

/** Shared by all parts. */
interface Base {
  readonly config: GkeConfig;
  readonly request: ClusterRequest;
  readonly on: { readonly provider: Provider };
}

/** GKE over three zones: private machines, eBPF network policies, identities by service account, Gateway API. */
export function gkeCluster(config: GkeConfig, request: ClusterRequest): Cluster {
  const { project, region } = config;
  const labels = { "burnline-stack": request.name, "burnline-managed-by": "pulumi" };
  const on = { provider: new Provider("gcp", { project, region, defaultLabels: labels }) };
  const base = { config, request, on };
  const subnet = makeNetwork(base);
  const cluster = controlPlane(base, subnet);
  const nodes = makeNodes(base, cluster);
  const kubeconfig = pulumi.secret(
    pulumi.all([cluster.endpoint, cluster.masterAuth.clusterCaCertificate, cluster.name]).apply(([address, ca, name]) =>
      execKubeconfig({
        ...{ name, server: `https://${address}`, ca },
        exec: { command: "gke-gcloud-auth-plugin", provideClusterInfo: true, interactiveMode: "IfAvailable" },
      }),
    ),
  );
  return {
    ...{ provider: k8sProvider(kubeconfig, [nodes]), kubeconfig, storageClass: STORAGE_CLASS },
    ...{
      ingressAnnotations: {},
      clientCidrs: [],
      dnsPeers: [],
      serviceAccountAnnotations: {},
      ...{ isThere: false, hasRaces: false },
      ready: [nodes],
    },
    outputs: {
      login: pulumi.interpolate`gcloud container clusters get-credentials ${cluster.name} --region ${region} --project ${project}`,
    },
  };
}

function makeNetwork({ config, request, on }: Base): Subnetwork {
  const { name } = request;
  const { networkCidr, region } = config;
  const network = new Network(name, { name, autoCreateSubnetworks: false }, on);
  const subnet = new Subnetwork(
    name,
    {
      ...{ name, region, network: network.id, ipCidrRange: subnetOf(networkCidr, 4, 0) },
      // Half of the addresses are for pods.
      secondaryIpRanges: [
        { rangeName: "pods", ipCidrRange: subnetOf(networkCidr, 1, 1) },
        { rangeName: "services", ipCidrRange: subnetOf(networkCidr, 4, 1) },
      ],
      privateIpGoogleAccess: true,
      logConfig: { aggregationInterval: "INTERVAL_10_MIN", flowSampling: 0.1, metadata: "EXCLUDE_ALL_METADATA" },
    },
    on,
  );
  const router = new Router(name, { name, region, network: network.id }, on);
  new RouterNat(
    name,
    {
      ...{ name, region, router: router.name, natIpAllocateOption: "AUTO_ONLY" },
      sourceSubnetworkIpRangesToNat: "ALL_SUBNETWORKS_ALL_IP_RANGES",
      logConfig: { enable: true, filter: "ERRORS_ONLY" },
    },
    on,
  );
  return subnet;
}

function controlPlane({ config, request, on }: Base, subnet: Subnetwork): GkeControlPlane {
  const { name, isProtected } = request;
  return new GkeControlPlane(
    name,
    {
      // A region, not a zone: control plane and machines are in three.
      ...{ name, location: config.region, network: subnet.network, subnetwork: subnet.id },
      ...{ initialNodeCount: 1, removeDefaultNodePool: true, deletionProtection: isProtected },
      ...{ minMasterVersion: config.kubernetesVersion, releaseChannel: { channel: "REGULAR" } },
      ...{ networkingMode: "VPC_NATIVE", datapathProvider: "ADVANCED_DATAPATH", enableShieldedNodes: true },
      ipAllocationPolicy: { clusterSecondaryRangeName: "pods", servicesSecondaryRangeName: "services" },
      privateClusterConfig: {
        ...{ enablePrivateNodes: true, enablePrivateEndpoint: false },
        masterIpv4CidrBlock: subnetOf(config.networkCidr, 12, 512),
      },
      masterAuthorizedNetworksConfig: { cidrBlocks: config.apiCidrs.map((cidrBlock) => ({ cidrBlock })) },
      workloadIdentityConfig: { workloadPool: `${config.project}.svc.id.goog` },
      gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
      loggingConfig: { enableComponents: ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"] },
    },
    { ...on, protect: isProtected },
  );
}

function makeNodes({ config, request, on }: Base, cluster: GkeControlPlane): NodePool {
  const { name } = request;
  const account = new Account(`${name}-node`, { accountId: `${name}-n`, displayName: `Machines of ${name}` }, on);
  const grants = NODE_ROLES.map(
    (role) =>
      new IAMMember(
        `${name}-${role.split(".").at(-1)}`,
        { project: config.project, role, member: pulumi.interpolate`serviceAccount:${account.email}` },
        on,
      ),
  );
  return new NodePool(
    name,
    {
      ...{ name, cluster: cluster.id, location: config.region, initialNodeCount: 1 },
      autoscaling: {
        totalMinNodeCount: config.nodesMin,
        totalMaxNodeCount: config.nodesMax,
        locationPolicy: "BALANCED",
      },
      management: { autoRepair: true, autoUpgrade: true },
      upgradeSettings: { maxSurge: 1, maxUnavailable: 0 },
      nodeConfig: {
        ...{ machineType: config.nodeType, diskType: "pd-balanced", diskSizeGb: ROOT_VOLUME_GB },
        ...{ serviceAccount: account.email, oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"] },
        // Pods get their own identity, never the machine's.
        workloadMetadataConfig: { mode: "GKE_METADATA" },
        shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
      },
    },
    { ...on, dependsOn: grants, ignoreChanges: ["initialNodeCount"] },
  );
}
