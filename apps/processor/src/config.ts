import { clusterSchema, loadConfig, type Program, s3Keys, tracingKeys } from "@burnline/runtime";

const VERSION = "0.1.0";
const DEFAULT_PORT = 8081;

const schema = clusterSchema(DEFAULT_PORT).extend({ ...s3Keys, ...tracingKeys });
const program: Program = {
  command: "npx node apps/processor/src/main.ts",
  name: "burnline processor",
  version: VERSION,
  summary: "counts the fuel of its share of a race's cars; any number of processors share a race",
};

/** The only reader of the environment in this app. */
export function processorConfig() {
  return loadConfig(schema, program, { argv: process.argv.slice(2), env: process.env });
}

export type ProcessorConfig = Extract<ReturnType<typeof processorConfig>, { type: "config" }>["config"];
