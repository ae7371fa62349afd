import type { EksConfig } from "../../platform-config.ts";
import { natGateways, VPCS } from "./network.ts";

/** Limits of an account in one region, by the names and codes of AWS. */
export const QUOTAS = {
  vpcs: { service: "vpc", code: "L-F678F1CE", name: "VPCs per Region", right: "ec2:DescribeVpcs" },
  addresses: { service: "ec2", code: "L-0263D0A3", name: "EC2-VPC Elastic IPs", right: "ec2:DescribeAddresses" },
  cores: {
    ...{ service: "ec2", code: "L-1216C47A", right: "ec2:DescribeInstanceTypes" },
    name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPU",
  },
} as const;

export type QuotaKind = keyof typeof QUOTAS;

interface QuotaFact {
  readonly granted: number;
  /** Of what is granted, by others: what this stack has of an earlier run is no more than it needs anyway. */
  readonly taken: number;
}

/** What AWS says of an account. Absent: it does not say. */
export interface AccountFacts {
  readonly vpcs?: QuotaFact;
  readonly addresses?: QuotaFact;
  readonly cores?: {
    readonly granted: number;
    /** Of a machine of burnline:nodeType; absent: Auto Mode chooses machines by what the pods ask for. */
    readonly perNode?: number;
  };
}

export interface AccountNeeds {
  readonly config: EksConfig;
  readonly isProd: boolean;
  /** What the stack's pods ask for when all of them are there. */
  readonly coresMax: number;
}

/** What AWS would refuse when half of the stack is made: a sentence each. Whatever is not known is no reason. */
export function beyondQuotas({ config, isProd, coresMax }: AccountNeeds, facts: AccountFacts): string[] {
  const { vpcs, addresses, cores } = facts;
  const another = "pulumi config set burnline:region ANOTHER";
  const problems: string[] = [];
  const compare = (kind: QuotaKind, { granted, taken }: QuotaFact, needed: number, instead: string) => {
    if (granted - taken < needed) problems.push(sentence(config, kind, { granted, taken, needed, instead }));
  };
  if (vpcs !== undefined) compare("vpcs", vpcs, VPCS, another);
  if (addresses !== undefined) compare("addresses", addresses, natGateways(isProd), another);
  if (cores !== undefined) {
    const { granted, perNode } = cores;
    // How many of them run already is not cheap to know: too small by itself is enough.
    const needed = perNode === undefined ? Math.ceil(coresMax) : config.nodesMax * perNode;
    compare("cores", { granted, taken: 0 }, needed, fewerNodes(config, cores) ?? another);
  }
  return problems;
}

interface Shortage extends QuotaFact {
  readonly needed: number;
  readonly instead: string;
}

function sentence({ region }: EksConfig, kind: QuotaKind, { granted, taken, needed, instead }: Shortage): string {
  const { service, code, name } = QUOTAS[kind];
  const others = taken === 0 ? "" : ` of which others have ${taken},`;
  const wanted = taken + needed;
  const raise = `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} --quota-code ${code} --desired-value ${wanted}`;
  return `AWS grants ${granted} of ${name} (${code}) in ${region},${others} and this stack needs ${needed}: ask AWS for ${wanted} (${raise}), or ${instead}; or, if AWS gives more than it says, pulumi config set burnline:quotaCheck false`;
}

function fewerNodes({ nodesMin }: EksConfig, { granted, perNode }: NonNullable<AccountFacts["cores"]>) {
  if (perNode === undefined) return undefined;
  const nodes = Math.floor(granted / perNode);
  return nodes < nodesMin ? undefined : `pulumi config set burnline:nodesMax ${nodes}`;
}

/** Machines of other families, such as those with a GPU, have quotas of their own. */
export function isStandardType(nodeType: string): boolean {
  return /^(a|c|d|h|i|im|is|m|r|t|z)\d/.test(nodeType);
}

/** For whoever may do everything but ask. */
export function unknownQuota({ region }: EksConfig, kind: QuotaKind, reason: string): string {
  const { code, name, right } = QUOTAS[kind];
  return `What AWS grants of ${name} (${code}) in ${region} is not known (${reason}): if it is too little for this stack, that shows half-way. With servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota and ${right} it is asked beforehand; not to be asked: pulumi config set burnline:quotaCheck false`;
}
