import { loadConfig, natsKeys, type Program, processKeys, s3Keys } from "@burnline/runtime";
import { z } from "zod";

const VERSION = "0.1.0";
const DEFAULT_PORT = 8084;

const { race: _, ...keys } = processKeys(DEFAULT_PORT);
const schema = z.object({
  ...keys,
  ...natsKeys,
  ...s3Keys,
  streamDays: natsKeys.streamDays.describe("Streams of a release without a Race are kept so long; a Race says itself"),
  streamOwner: natsKeys.streamOwner.describe(
    "operator: a release without a Race gets streams too, its apps wait for them",
  ),
  s3Bucket: s3Keys.s3Bucket.describe("Bucket for the archive of each race; without it none is made"),
  namespace: z.string().min(1).default("burnline").describe("Namespace whose Races are looked after"),
  kubeconfig: z.string().optional().describe("File with the way to Kubernetes; without it the pod's own"),
  lease: z.string().min(1).default("burnline-operator").describe("Name of the Lease that the working operator holds"),
});

const program: Program = {
  command: "npx node apps/operator/src/main.ts",
  name: "burnline operator",
  version: VERSION,
  summary: "makes streams, warm capacity and an archive of each Race; one of several operators works, all answer",
};

/** The only reader of the environment in this app. */
export function operatorConfig() {
  return loadConfig(schema, program, { argv: process.argv.slice(2), env: process.env });
}

export type OperatorConfig = Extract<ReturnType<typeof operatorConfig>, { type: "config" }>["config"];
