import { listManagedClusterUserCredentialsOutput } from "@pulumi/azure-native/containerservice/listManagedClusterUserCredentials.js";
import { ManagedCluster } from "@pulumi/azure-native/containerservice/managedCluster.js";
import { Provider } from "@pulumi/azure-native/provider.js";
import { ResourceGroup } from "@pulumi/azure-native/resources/resourceGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { STACK_LABEL } from "../labels.ts";
import type { AksConfig } from "../platform-config.ts";
import { subnetOf } from "./cidr.ts";
import { k8sProvider } from "./provider.ts";
import type { Cluster, ClusterRequest } from "./types.ts";

/** SSDs; AKS has the class by itself. */
const STORAGE_CLASS = "managed-csi-premium";
const ROOT_VOLUME_GB = 64;

/** AKS over three zones: no local accounts, eBPF network policies, identities by workload, one way out. */
export function aksCluster(config: AksConfig, request: ClusterRequest): Cluster {
  const { name, stack, isProtected } = request;
  const on = { provider: new Provider("azure-native", { location: config.region }) };
  const tags = { [STACK_LABEL]: stack, "burnline.dev/managed-by": "pulumi" };
  const group = new ResourceGroup(name, { resourceGroupName: name, location: config.region, tags }, on);
  const cluster = new ManagedCluster(
    name,
    {
      ...{ resourceGroupName: group.name, resourceName: name, location: config.region, tags, dnsPrefix: name },
      ...{ kubernetesVersion: config.kubernetesVersion, sku: { name: "Base", tier: "Standard" } },
      identity: { type: "SystemAssigned" },
      // Entra says who somebody is, and a group who may: there is no password to lose.
      aadProfile: { managed: true, enableAzureRBAC: true, adminGroupObjectIDs: [...config.adminGroupIds] },
      ...{ disableLocalAccounts: true, enableRBAC: true },
      apiServerAccessProfile: { authorizedIPRanges: [...config.apiCidrs] },
      ...{ oidcIssuerProfile: { enabled: true }, securityProfile: { workloadIdentity: { enabled: true } } },
      autoUpgradeProfile: { upgradeChannel: "patch", nodeOSUpgradeChannel: "NodeImage" },
      networkProfile: network(config),
      agentPoolProfiles: [machines(config)],
    },
    { ...on, protect: isProtected, ignoreChanges: ["agentPoolProfiles[0].count"] },
  );
  const credentials = listManagedClusterUserCredentialsOutput(
    // By the id, so that nobody is asked before the cluster is there.
    { resourceGroupName: group.name, resourceName: cluster.id.apply(() => name), format: "exec" },
    on,
  );
  const kubeconfig = pulumi.secret(credentials.kubeconfigs.apply((all) => withoutBrowser(all[0]?.value ?? "")));
  return {
    ...{ provider: k8sProvider(kubeconfig, [cluster]), kubeconfig, storageClass: STORAGE_CLASS },
    ...{
      ingressAnnotations: {},
      clientCidrs: [],
      dnsPeers: [],
      serviceAccountAnnotations: {},
      ...{ isThere: false, hasRaces: false },
      ready: [cluster],
    },
    outputs: {
      login: pulumi.interpolate`az aks get-credentials --resource-group ${group.name} --name ${cluster.name}`,
    },
  };
}

/** Pods have addresses of their own that nobody outside of the cluster sees. */
function network({ networkCidr }: AksConfig) {
  const serviceCidr = subnetOf(networkCidr, 4, 1);
  return {
    ...{ networkPlugin: "azure", networkPluginMode: "overlay", networkDataplane: "cilium", networkPolicy: "cilium" },
    ...{ podCidr: subnetOf(networkCidr, 1, 1), serviceCidr, dnsServiceIP: hostOf(serviceCidr, 10) },
    ...{ outboundType: "managedNATGateway", loadBalancerSku: "standard" },
  };
}

/** The n-th address of a block of at most 256: the block starts at a multiple of it. */
function hostOf(cidr: string, index: number): string {
  const [address = ""] = cidr.split("/");
  return address.replace(/\d+$/, (last) => String(Number(last) + index));
}

function machines(config: AksConfig) {
  return {
    ...{ name: "race", mode: "System", type: "VirtualMachineScaleSets", osType: "Linux", osSKU: "AzureLinux" },
    ...{ vmSize: config.nodeType, osDiskSizeGB: ROOT_VOLUME_GB, availabilityZones: ["1", "2", "3"] },
    ...{ enableAutoScaling: true, count: config.nodesMin, minCount: config.nodesMin, maxCount: config.nodesMax },
    ...{ enableNodePublicIP: false, upgradeSettings: { maxSurge: "33%" } },
  };
}

/** kubelogin takes the login of `az` rather than to show a code that nobody types in. @param text in base64 */
function withoutBrowser(text: string): string {
  return Buffer.from(text, "base64").toString("utf8").replaceAll("devicecode", "azurecli");
}
