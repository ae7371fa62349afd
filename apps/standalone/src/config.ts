import { CAR_PROFILE_IDS } from "@burnline/fuel";
import { viewerKeys } from "@burnline/gateway";
import { SOURCE_FORMS } from "@burnline/ingest";
import { type ConfigOutcome, LOG_FORMATS, LOG_LEVELS, loadConfig, type Program } from "@burnline/runtime";
import { z } from "zod";

const VERSION = "0.1.0";

const sourceKeys = {
  source: z.string().default("sim").describe(`Where telemetry comes from: ${SOURCE_FORMS}`),
  events: z.string().optional().describe("A JSON file with fills, flags and pit events to put beside a recording"),
  track: z.string().default("charlotte").describe("Track of the simulator: charlotte, michigan or nashville"),
  seed: z.int().min(0).max(0xffff_ffff).default(1).describe("Seed of the simulator; the same seed is the same race"),
  cars: z.int().min(1).max(40).default(40).describe("Cars of the simulator"),
  rate: z.int().min(10).max(120).default(60).describe("Samples per second and car of the simulator"),
  laps: z.int().min(1).max(2_000).optional().describe("Race distance of the simulator; the track's own when absent"),
  carProfile: z.enum(CAR_PROFILE_IDS).optional().describe("Car profile of a recording; by default what the file names"),
  carId: z.string().optional().describe("Car id of an .ibt or CSV recording [1]"),
  trackLengthM: z.number().positive().max(50_000).optional().describe("Length of a lap in metres, for a CSV recording"),
  model: z
    .stringbool()
    .or(z.boolean())
    .default(true)
    .describe("Let the ONNX model correct the physics, with a share of 20 % at most"),
};

const standaloneSchema = z.object({
  ...sourceKeys,
  speed: z
    .union([z.number().min(0.01).max(1_000), z.literal("max")])
    .default(1)
    .describe("How fast a recording or the simulator runs: 1 = as it happened"),
  port: z.int().min(0).max(65_535).default(8080).describe("Port of dashboard, feed and REST; 0 takes a free one"),
  host: z.string().default("127.0.0.1").describe("Address to listen on; 0.0.0.0 lets other machines in"),
  data: z.string().default("data").describe("Data folder; each race has a folder of its own in it"),
  fresh: z.boolean().default(false).describe("Forget what the data folder holds of this race and begin anew"),
  durability: z
    .enum(["process", "full"])
    .default("process")
    .describe("process: a kill loses nothing; full: a power cut loses nothing either, each commit waits for the disk"),
  record: z
    .string()
    .optional()
    .describe("Copy everything that arrives into this file, to be replayed with recording:FILE"),
  truth: z.string().optional().describe("File for what only the simulator knows: true fuel per lap, as JSON lines"),
  raceFile: z.string().optional().describe("JSON file with the race definition of a push source"),
  token: z
    .string()
    .min(16)
    .optional()
    .meta({ secret: true })
    .describe("Bearer token of whoever pushes telemetry; without it only this machine may push"),
  allowedOrigins: z
    .array(z.string())
    .default([])
    .describe("Origins besides this server's own whose pages may read the feed: https://graphics.example"),
  ...viewerKeys,
  logLevel: z.enum(LOG_LEVELS).default("info").describe("How much is logged"),
  logFormat: z.enum(LOG_FORMATS).default("lines").describe("lines for people, json for machines"),
});

export const reportSchema = z.object({
  ...sourceKeys,
  json: z.boolean().default(false).describe("Print one JSON object instead of tables"),
});

export type StandaloneConfig = z.output<typeof standaloneSchema>;
export type ReportConfig = z.output<typeof reportSchema>;
export type SourceConfig = Pick<StandaloneConfig, keyof typeof sourceKeys>;

const startProgram: Program = {
  command: "npm start --",
  name: "burnline",
  version: VERSION,
  summary: "live fuel intelligence for a race, the whole chain in one process",
};

const reportProgram: Program = {
  command: "npm run report --",
  name: "burnline report",
  version: VERSION,
  summary: "the fuel report of a recording, as fast as it can be computed",
};

export { VERSION };

/** The only reader of the environment in this app. */
export function standaloneConfig(): ConfigOutcome<StandaloneConfig> {
  return loadConfig(standaloneSchema, startProgram, { argv: process.argv.slice(2), env: process.env });
}

export function reportConfig(): ConfigOutcome<ReportConfig> {
  return loadConfig(reportSchema, reportProgram, { argv: process.argv.slice(2), env: process.env });
}
