import { loadConfig, natsKeys, type Program, processKeys, tracingKeys } from "@burnline/runtime";
import { z } from "zod";
import { sourceKeys } from "./source-config.ts";

const VERSION = "0.1.0";
const DEFAULT_PORT = 8082;

const schema = z.object({
  ...processKeys(DEFAULT_PORT),
  ...natsKeys,
  ...tracingKeys,
  ...sourceKeys,
  speed: z
    .union([z.number().min(0.01).max(1_000), z.literal("max")])
    .default(1)
    .describe("How fast a recording or the simulator runs: 1 = as it happened"),
  record: z
    .string()
    .optional()
    .describe("Copy everything that arrives into this file, to be replayed with recording:FILE"),
  truth: z.string().optional().describe("File for what only the simulator knows: true fuel per lap, as JSON lines"),
  token: z
    .string()
    .min(16)
    .optional()
    .meta({ secret: true })
    .describe("Bearer token of whoever pushes telemetry over HTTP; without it only this machine may push"),
});

const program: Program = {
  command: "npx node apps/ingest/src/main.ts",
  name: "burnline ingest",
  version: VERSION,
  summary: "brings telemetry into a race's log; any number of ingests share a live source",
};

/** The only reader of the environment in this app. @param argv without the first two of process.argv */
export function ingestConfig(argv: readonly string[] = process.argv.slice(2)) {
  return loadConfig(schema, program, { argv, env: process.env });
}

export type IngestConfig = Extract<ReturnType<typeof ingestConfig>, { type: "config" }>["config"];
