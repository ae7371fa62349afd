import { STACK_LABEL } from "./labels.ts";

/** What the clouds say in tests: names and addresses in their form, the same at every run. */
const PARTITION = "aws-us-gov";
/** Names by id; which letter an id has differs from account to account. */
const ZONES: Readonly<Record<string, string>> = {
  ...{ "use1-az3": "zone-a", "usw1-az2": "zone-b", "cac1-az3": "zone-c" },
  ...{ "gov-az1": "zone-d", "gov-az2": "zone-e", "gov-az3": "zone-f", "gov-az4": "zone-g" },
};

/** An account of AWS, as a new one is but for the cores. */
export interface MockAccount {
  /** By code. Absent: who asks is not allowed to. */
  readonly quotas: Readonly<Record<string, number>>;
  /** The stack of each; "": nobody's. */
  readonly vpcs: readonly string[];
  readonly addresses: readonly string[];
  /** How long its quotas take. Absent: no time. */
  readonly answerMs?: number;
}

export const NEW_ACCOUNT: MockAccount = {
  quotas: { "L-F678F1CE": 5, "L-0263D0A3": 5, "L-1216C47A": 64 },
  ...{ vpcs: [""], addresses: [] },
};
const CORES: Readonly<Record<string, number>> = { "m7i.large": 2, "c8gd.xlarge": 4 };

/** Answers to what the program asks of a provider. */
export function answerTo(
  token: string,
  inputs: Readonly<Record<string, unknown>>,
  account: MockAccount,
): Record<string, unknown> {
  switch (token) {
    case "aws:index/getPartition:getPartition":
      // Not the usual one: an ARN that is written out without asking shows.
      return { id: PARTITION, partition: PARTITION, dnsSuffix: "amazonaws.com" };
    case "aws:index/getAvailabilityZones:getAvailabilityZones":
      return { id: "zones", names: zonesWithout(inputs.excludeZoneIds) };
    case "aws:servicequotas/getServiceQuota:getServiceQuota":
      return { value: account.quotas[String(inputs.quotaCode)] ?? refused("servicequotas:GetServiceQuota") };
    case "aws:ec2/getVpcs:getVpcs":
      return { ids: idsOf(account.vpcs, inputs.tags) };
    case "aws:ec2/getEips:getEips":
      return { allocationIds: idsOf(account.addresses, inputs.tags) };
    case "aws:ec2/getInstanceType:getInstanceType":
      return { defaultVcpus: CORES[String(inputs.instanceType)] ?? refused(`${inputs.instanceType}`) };
    case "azure-native:containerservice:listManagedClusterUserCredentials":
      return { kubeconfigs: [{ name: "clusterUser", value: Buffer.from(AKS_KUBECONFIG).toString("base64") }] };
    default:
      throw new Error(`The mock does not know ${token}.`);
  }
}

/** As the engine hands a provider's errors on. */
function refused(what: string): never {
  const details = `AccessDeniedException: not authorized to perform: ${what}`;
  throw Object.assign(new Error(details), { details });
}

/** @param owners the stack of each thing @param tags those that it has to have */
function idsOf(owners: readonly string[], tags: unknown): string[] {
  const wanted = tags === undefined ? undefined : (tags as Record<string, string>)[STACK_LABEL];
  return owners.flatMap((owner, index) => (wanted === undefined || owner === wanted ? [`id-${index}`] : []));
}

function zonesWithout(ids: unknown): string[] {
  const excluded = Array.isArray(ids) ? ids : [];
  return Object.entries(ZONES).flatMap(([id, name]) => (excluded.includes(id) ? [] : [name]));
}

const AKS_KUBECONFIG = JSON.stringify({ apiVersion: "v1", kind: "Config", "current-context": "aks" });

/** What a provider makes up for a resource, besides what it was told. */
export function madeUp(type: string, name: string): Record<string, unknown> {
  const provider = type.split(":")[0];
  switch (type) {
    case "aws:eks/cluster:Cluster":
      return {
        ...{ name, arn: `arn:${PARTITION}:eks:::cluster/${name}`, endpoint: "https://eks.test" },
        ...{ certificateAuthority: { data: "Y2E=" }, vpcConfig: { clusterSecurityGroupId: "sg-cluster" } },
      };
    case "aws:s3/bucket:Bucket":
      return { bucket: `${name}-1a2b3c`, arn: `arn:${PARTITION}:s3:::${name}-1a2b3c` };
    case "aws:elasticache/replicationGroup:ReplicationGroup":
      return { primaryEndpointAddress: "valkey.cache.test" };
    case "aws:ec2/launchTemplate:LaunchTemplate":
      return { latestVersion: 1 };
    case "gcp:container/cluster:Cluster":
      return { name, endpoint: "192.0.2.10", masterAuth: { clusterCaCertificate: "Y2E=" } };
    default:
      return provider === "aws" ? { name, arn: `arn:${PARTITION}:mock:::${name}` } : { name };
  }
}
