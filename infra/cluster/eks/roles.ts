import { Role, RolePolicyAttachment } from "@pulumi/aws/iam/index.js";
import { type EksBase, onAws } from "./base.ts";

/** Who takes on a role, and what else it may do when it does. */
const TRUST = {
  cluster: { service: "eks.amazonaws.com", actions: ["sts:AssumeRole", "sts:TagSession"] },
  node: { service: "ec2.amazonaws.com", actions: ["sts:AssumeRole"] },
  flowLogs: { service: "vpc-flow-logs.amazonaws.com", actions: ["sts:AssumeRole"] },
  pod: { service: "pods.eks.amazonaws.com", actions: ["sts:AssumeRole", "sts:TagSession"] },
} as const;

/** @param policies of AWS' own, by name */
export function makeRole(base: EksBase, part: string, trust: keyof typeof TRUST, policies: readonly string[]) {
  const { service, actions } = TRUST[trust];
  const name = `${base.name}-${part}`;
  const role = new Role(
    name,
    {
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: actions }],
      }),
      tags: { Name: name },
    },
    onAws(base),
  );
  const attached = policies.map(
    (policy) =>
      new RolePolicyAttachment(
        `${name}-${policy.split("/").at(-1)}`,
        {
          role: role.name,
          policyArn: base.partition.apply((partition) => `arn:${partition}:iam::aws:policy/${policy}`),
        },
        onAws(base),
      ),
  );
  return { role, attached };
}
