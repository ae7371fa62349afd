import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePlatformConfig } from "../../config.ts";
import type { EksConfig } from "../../platform-config.ts";
import { rawConfig } from "../../testing.ts";
import { natGateways, VPCS } from "./network.ts";
import { type AccountFacts, type AccountNeeds, beyondQuotas, isStandardType, unknownQuota } from "./quotas.ts";

const EKS = {
  ...{ cloud: "eks", region: "eu-central-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops" },
  apiCidrs: "198.51.100.0/24",
};
const MANAGED = { ...EKS, nodes: "managed" };

function needs(keys: Readonly<Record<string, string>>, request: Partial<AccountNeeds> = {}): AccountNeeds {
  const config = parsePlatformConfig(rawConfig(keys)).cluster as EksConfig;
  return { config, isProd: true, coresMax: 17.85, ...request };
}

const raised = (service: string, code: string, value: number) =>
  `(aws service-quotas request-service-quota-increase --region eu-central-1 --service-code ${service} --quota-code ${code} --desired-value ${value})`;
const OTHERWISE = "; or, if AWS gives more than it says, pulumi config set burnline:quotaCheck false";
const CORES = "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPU (L-1216C47A)";

const CASES: readonly (readonly [string, AccountNeeds, AccountFacts, string])[] = [
  [
    "no room for the network",
    needs(EKS),
    { vpcs: { granted: 5, taken: 5 } },
    `AWS grants 5 of VPCs per Region (L-F678F1CE) in eu-central-1, of which others have 5, and this stack needs 1: ask AWS for 6 ${raised("vpc", "L-F678F1CE", 6)}, or pulumi config set burnline:region ANOTHER${OTHERWISE}`,
  ],
  [
    "addresses for two zones of three",
    needs(EKS),
    { addresses: { granted: 5, taken: 3 } },
    `AWS grants 5 of EC2-VPC Elastic IPs (L-0263D0A3) in eu-central-1, of which others have 3, and this stack needs 3: ask AWS for 6 ${raised("ec2", "L-0263D0A3", 6)}, or pulumi config set burnline:region ANOTHER${OTHERWISE}`,
  ],
  [
    "fewer cores than the machines have at most",
    needs(MANAGED),
    { cores: { granted: 16, perNode: 2 } },
    `AWS grants 16 of ${CORES} in eu-central-1, and this stack needs 18: ask AWS for 18 ${raised("ec2", "L-1216C47A", 18)}, or pulumi config set burnline:nodesMax 8${OTHERWISE}`,
  ],
  [
    "fewer cores than the fewest machines have",
    needs(MANAGED),
    { cores: { granted: 5, perNode: 2 } },
    `AWS grants 5 of ${CORES} in eu-central-1, and this stack needs 18: ask AWS for 18 ${raised("ec2", "L-1216C47A", 18)}, or pulumi config set burnline:region ANOTHER${OTHERWISE}`,
  ],
  [
    "Auto Mode: fewer cores than the pods ask for",
    needs(EKS),
    { cores: { granted: 17 } },
    `AWS grants 17 of ${CORES} in eu-central-1, and this stack needs 18: ask AWS for 18 ${raised("ec2", "L-1216C47A", 18)}, or pulumi config set burnline:region ANOTHER${OTHERWISE}`,
  ],
];

describe("an account that allows too little is refused with what to do", () => {
  test.each(CASES)("%s", (_, wanted, facts, message) => {
    expect(beyondQuotas(wanted, facts)).toEqual([message]);
  });
});

const count = fc.nat(1_000);
const fact = fc.record({ granted: count, taken: count });
const account = fc.record(
  {
    ...{ vpcs: fact, addresses: fact },
    cores: fc.record({ granted: count, perNode: fc.integer({ min: 1, max: 192 }) }, { requiredKeys: ["granted"] }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<AccountFacts>;
const wish = fc
  .record({
    isProd: fc.boolean(),
    coresMax: fc.integer({ min: 1, max: 100 }),
    nodesMax: fc.integer({ min: 3, max: 99 }),
  })
  .map(({ nodesMax, ...request }) => needs({ ...MANAGED, nodesMax: String(nodesMax) }, request));

test("what is not known is no reason to refuse", () => {
  expect(beyondQuotas(needs(EKS), {})).toEqual([]);
});

test("an account passes exactly when every quota has room for what the stack needs beside the others", () => {
  fc.assert(
    fc.property(wish, account, (wanted, { vpcs, addresses, cores }) => {
      const { config, isProd, coresMax } = wanted;
      const short = [
        vpcs !== undefined && vpcs.taken + VPCS > vpcs.granted,
        addresses !== undefined && addresses.taken + natGateways(isProd) > addresses.granted,
        cores !== undefined &&
          (cores.perNode === undefined ? coresMax : cores.perNode * config.nodesMax) > cores.granted,
      ];
      const facts = { ...(vpcs && { vpcs }), ...(addresses && { addresses }), ...(cores && { cores }) };
      expect(beyondQuotas(wanted, facts)).toHaveLength(short.filter(Boolean).length);
    }),
  );
});

test("whoever does as it says is let in: the quota that it asks for, and the nodes that it names, are enough", () => {
  fc.assert(
    fc.property(wish, account, (wanted, facts) => {
      const problems = beyondQuotas(wanted, facts);
      const asked = (code: string) =>
        problems.flatMap((text) => RegExp(`${code} --desired-value (\\d+)`).exec(text)?.[1] ?? []).map(Number)[0];
      const granted = <T extends { granted: number }>(code: string, known: T | undefined) =>
        known && { ...known, granted: asked(code) ?? known.granted };
      const { vpcs, addresses, cores } = facts;
      const more = {
        ...{ vpcs: granted("L-F678F1CE", vpcs), addresses: granted("L-0263D0A3", addresses) },
        cores: granted("L-1216C47A", cores),
      } as AccountFacts;
      expect(beyondQuotas(wanted, more)).toEqual([]);
      const nodes = problems.flatMap((text) => /nodesMax (\d+)/.exec(text)?.[1] ?? []);
      for (const nodesMax of nodes) {
        const { config } = needs({ ...MANAGED, nodesMax });
        expect(beyondQuotas({ ...wanted, config }, { cores } as AccountFacts)).toEqual([]);
      }
    }),
  );
});

test("more room refuses nothing that less room let in", () => {
  fc.assert(
    fc.property(wish, count, count, count, (wanted, granted, taken, more) => {
      const facts = (of: number): AccountFacts => ({ addresses: { granted: of, taken } });
      if (beyondQuotas(wanted, facts(granted)).length === 0)
        expect(beyondQuotas(wanted, facts(granted + more))).toEqual([]);
    }),
  );
});

test("the quota of cores is for standard machines only", () => {
  for (const type of [
    "m7i.large",
    "c7i-flex.xlarge",
    "t4g.small",
    "im4gn.large",
    "z1d.large",
    "i8g.large",
    "d3en.xlarge",
  ])
    expect(isStandardType(type), type).toBe(true);
  for (const type of [
    "g5.xlarge",
    "p5.48xlarge",
    "inf2.xlarge",
    "trn1.2xlarge",
    "mac2.metal",
    "hpc7g.4xlarge",
    "x2gd.large",
  ])
    expect(isStandardType(type), type).toBe(false);
});

test("who may not ask hears which rights it takes", () => {
  expect(unknownQuota(needs(EKS).config, "vpcs", "AccessDenied")).toBe(
    "What AWS grants of VPCs per Region (L-F678F1CE) in eu-central-1 is not known (AccessDenied): if it is too little for this stack, that shows half-way. With servicequotas:GetServiceQuota, servicequotas:GetAWSDefaultServiceQuota and ec2:DescribeVpcs it is asked beforehand; not to be asked: pulumi config set burnline:quotaCheck false",
  );
});
