import { Budget } from "@pulumi/aws/budgets/index.js";
import { LogGroup } from "@pulumi/aws/cloudwatch/index.js";
import { FlowLog } from "@pulumi/aws/ec2/index.js";
import { RolePolicy } from "@pulumi/aws/iam/index.js";
import { type EksBase, logDays, onAws } from "./base.ts";
import type { Network } from "./network.ts";
import { makeRole } from "./roles.ts";

/** Of the budget: mail when this much is spent, and when the month is expected to end above it. */
const SPENT_PERCENT = 80;
const EXPECTED_PERCENT = 100;

/** Connections that were refused, for whoever looks for the reason afterwards. */
export function flowLogs(base: EksBase, { vpc }: Network): void {
  const name = `${base.name}-flow`;
  const group = new LogGroup(name, { name: `/aws/vpc/${base.name}`, retentionInDays: logDays(base) }, onAws(base));
  const { role } = makeRole(base, "flow", "flowLogs", []);
  const policy = group.arn.apply((arn) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
          Resource: [arn, `${arn}:*`],
        },
      ],
    }),
  );
  new RolePolicy(name, { role: role.id, policy }, onAws(base));
  const to = { logDestinationType: "cloud-watch-logs", logDestination: group.arn, iamRoleArn: role.arn };
  new FlowLog(name, { vpcId: vpc.id, trafficType: "REJECT", ...to }, onAws(base));
}

/** Of the whole account: tags would have to be activated for costs by hand, and would miss what has none. */
export function budgetAlarm(base: EksBase): void {
  const { budget } = base.config;
  if (budget === undefined) return;
  const notify = (notificationType: string, threshold: number) => ({
    ...{ comparisonOperator: "GREATER_THAN", threshold, thresholdType: "PERCENTAGE", notificationType },
    subscriberEmailAddresses: [budget.email],
  });
  new Budget(
    base.name,
    {
      ...{ budgetType: "COST", timeUnit: "MONTHLY", limitAmount: String(budget.usd), limitUnit: "USD" },
      notifications: [notify("ACTUAL", SPENT_PERCENT), notify("FORECASTED", EXPECTED_PERCENT)],
    },
    onAws(base),
  );
}
