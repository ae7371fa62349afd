import { loadConfig, natsKeys, type Program, processKeys, tracingKeys } from "@burnline/runtime";
import { z } from "zod";

export const VERSION = "0.1.0";
const DEFAULT_PORT = 8080;

const schema = z.object({
  ...processKeys(DEFAULT_PORT),
  ...natsKeys,
  ...tracingKeys,
  allowedOrigins: z
    .array(z.string())
    .default([])
    .describe("Origins besides this server's own whose pages may read the feed: https://graphics.example"),
});

const program: Program = {
  command: "npx node apps/gateway/src/main.ts",
  name: "burnline gateway",
  version: VERSION,
  summary: "shows a race to dashboards, graphics and programs; any number of gateways show the same",
};

/** The only reader of the environment in this app. */
export function gatewayConfig() {
  return loadConfig(schema, program, { argv: process.argv.slice(2), env: process.env });
}

export type GatewayConfig = Extract<ReturnType<typeof gatewayConfig>, { type: "config" }>["config"];
