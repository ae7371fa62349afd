import { describe, expect, test } from "vitest";
import { type CapturedProgram, captureProgram } from "./testing.ts";

const CLOUDS = {
  gke: {
    keys: { cloud: "gke", region: "us-east4", gcpProject: "burnline-prod", apiCidrs: "198.51.100.0/24" },
    ...{ provider: "gcp", cluster: "gcp:container/cluster:Cluster", storageClass: "premium-rwo" },
    login: "gcloud container clusters get-credentials burnline-test --region us-east4 --project burnline-prod",
  },
  aks: {
    keys: {
      ...{ cloud: "aks", region: "eastus2", adminGroupIds: "00000000-0000-0000-0000-000000000000" },
      apiCidrs: "198.51.100.0/24",
    },
    ...{ provider: "azure-native", cluster: "azure-native:containerservice:ManagedCluster" },
    storageClass: "managed-csi-premium",
    login: "az aks get-credentials --resource-group burnline-test --name burnline-test",
  },
} as const;

const inputsOf = ({ resources }: CapturedProgram, type: string, name?: string) => {
  const found = resources.find((resource) => resource.type === type && (name ?? resource.name) === resource.name);
  if (found === undefined) throw new Error(`no ${type} ${name}`);
  return found.inputs;
};

describe.each(["gke", "aks"] as const)("%s", (cloud) => {
  const { keys, provider, cluster, storageClass, login } = CLOUDS[cloud];

  test("the same platform comes onto it, and every resource names its provider", async () => {
    const program = await captureProgram({ ...keys, protect: "true" });
    for (const { type, name, provider: used, isCustom } of program.resources) {
      if (!isCustom || type.startsWith("pulumi:")) continue;
      const isKubernetes = type.startsWith("kubernetes:");
      expect(type.split(":")[0], name).toBe(isKubernetes ? "kubernetes" : provider);
      expect(used, `${type} ${name}`).toContain(isKubernetes ? "::cluster::" : `::${provider}::`);
    }
    const chart = inputsOf(program, "kubernetes:helm.sh/v4:Chart", "burnline");
    expect(chart.values).toMatchObject({ nats: { url: "nats://nats:4222" } });
    const nats = inputsOf(program, "kubernetes:apps/v1:StatefulSet", "nats");
    expect(nats).toMatchObject({ spec: { volumeClaimTemplates: [{ spec: { storageClassName: storageClass } }] } });
    expect(program.resources.filter(({ isProtected }) => isProtected).map(({ type }) => type)).toContain(cluster);
    expect(program.secretOutputs).toContain("kubeconfig");
    expect(program.outputs.commands).toMatchObject({ login });
  });
});

test("GKE: three zones, private machines, few may reach the API server, pods are not their machine", async () => {
  const program = await captureProgram(CLOUDS.gke.keys);
  expect(inputsOf(program, CLOUDS.gke.cluster)).toMatchObject({
    ...{ location: "us-east4", datapathProvider: "ADVANCED_DATAPATH", removeDefaultNodePool: true },
    privateClusterConfig: { enablePrivateNodes: true },
    masterAuthorizedNetworksConfig: { cidrBlocks: [{ cidrBlock: "198.51.100.0/24" }] },
    workloadIdentityConfig: { workloadPool: "burnline-prod.svc.id.goog" },
    gatewayApiConfig: { channel: "CHANNEL_STANDARD" },
  });
  expect(inputsOf(program, "gcp:container/nodePool:NodePool")).toMatchObject({
    ...{ autoscaling: { totalMinNodeCount: 3, totalMaxNodeCount: 9 } },
    nodeConfig: {
      workloadMetadataConfig: { mode: "GKE_METADATA" },
      shieldedInstanceConfig: { enableSecureBoot: true },
    },
  });
  const user = JSON.parse(String(program.outputs.kubeconfig)).users[0].user;
  expect(Object.keys(user)).toEqual(["exec"]);
});

test("AKS: three zones, no local accounts, few may reach the API server", async () => {
  const program = await captureProgram(CLOUDS.aks.keys);
  expect(inputsOf(program, CLOUDS.aks.cluster)).toMatchObject({
    ...{ disableLocalAccounts: true, aadProfile: { managed: true, enableAzureRBAC: true } },
    apiServerAccessProfile: { authorizedIPRanges: ["198.51.100.0/24"] },
    networkProfile: { networkPolicy: "cilium", serviceCidr: "10.40.16.0/20", dnsServiceIP: "10.40.16.10" },
    agentPoolProfiles: [{ availabilityZones: ["1", "2", "3"], minCount: 3, maxCount: 9 }],
  });
});
