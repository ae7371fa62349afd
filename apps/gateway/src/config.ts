import { isRaceId } from "@burnline/contract";
import { loadConfig, natsKeys, type Program, processKeys, tracingKeys } from "@burnline/runtime";
import { z } from "zod";
import { VIEWER_DAYS_MAX, VIEWER_KEY_LENGTH_MIN, VIEWER_KEYS_MAX } from "./limits.ts";

export const VERSION = "0.1.0";
const DEFAULT_PORT = 8080;

const viewerKeyList = z
  .array(z.string().min(VIEWER_KEY_LENGTH_MIN))
  .max(VIEWER_KEYS_MAX)
  .meta({
    secret: true,
    allowed: `at most ${VIEWER_KEYS_MAX} secrets of at least ${VIEWER_KEY_LENGTH_MIN} characters, with commas between them`,
  });

/** Key of a program that shows a race. */
export const viewerKeys = {
  viewerKeys: viewerKeyList
    .default([])
    .describe("Secrets that sign viewers' tokens, the newest first; without any, whoever reaches it reads the race"),
};

const schema = z.object({
  ...processKeys(DEFAULT_PORT),
  ...natsKeys,
  ...tracingKeys,
  allowedOrigins: z
    .array(z.string())
    .default([])
    .describe("Origins besides this server's own whose pages may read the feed: https://graphics.example"),
  trustedProxies: z
    .array(z.string().regex(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/))
    .default([])
    .meta({ allowed: "addresses or address blocks, with commas between them" })
    .describe("Proxies that say who a request is from (X-Forwarded-For): 10.0.0.0/8; requests are limited by address"),
  ...viewerKeys,
});

const tokenSchema = z.object({
  viewerKeys: viewerKeyList.min(1).describe("The gateway's keys; the first one signs"),
  viewer: z
    .string()
    .min(1)
    .max(100)
    .default("viewer")
    .describe("Who the token is for, for whoever finds it later: obs-truck-2"),
  race: z
    .string()
    .refine(isRaceId)
    .optional()
    .meta({ allowed: "the id of a race" })
    .describe("Only for this race; without it for every race of these keys"),
  days: z.number().positive().max(VIEWER_DAYS_MAX).default(7).describe("How long it lives"),
});

const program: Program = {
  command: "npx node apps/gateway/src/main.ts",
  name: "burnline gateway",
  version: VERSION,
  summary: "shows a race to dashboards, graphics and programs; any number of gateways show the same",
};

const tokenProgram: Program = {
  command: "npm run viewer-token --",
  name: "burnline viewer-token",
  version: VERSION,
  summary: "prints a token with which its holder may read a race, where gateways ask for one",
};

export function viewerTokenConfig() {
  return loadConfig(tokenSchema, tokenProgram, { argv: process.argv.slice(2), env: process.env });
}

/** The only reader of the environment in this app. */
export function gatewayConfig() {
  return loadConfig(schema, program, { argv: process.argv.slice(2), env: process.env });
}

export type GatewayConfig = Extract<ReturnType<typeof gatewayConfig>, { type: "config" }>["config"];
