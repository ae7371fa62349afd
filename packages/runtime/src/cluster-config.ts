import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { RACE_ID_LENGTH_MAX } from "@burnline/contract";
import { z } from "zod";
import { LOG_FORMATS, LOG_LEVELS, type Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { NatsCredentials, NatsOptions } from "./nats-link.ts";
import { natsInboxPrefix } from "./nats-permissions.ts";
import { OperatingError } from "./operating-error.ts";
import { type RaceStreamLimits, STREAM_OWNERS } from "./race-streams.ts";
import type { RedisOptions } from "./redis-connection.ts";

/** A host's name fits. */
const NAME_LENGTH_MAX = 255;
const DAY_MS = 24 * 3_600_000;
/** Ways to say who we are at NATS; one at most. */
const NATS_USER_FLAGS = ["--nats-user", "--nats-token", "--nats-creds", "--nats-nkey"] as const;

/** Keys of every process of the cluster form. @param port where it serves health and metrics unless told otherwise */
export function processKeys(port: number) {
  return {
    race: z
      .string()
      .regex(/^[A-Za-z0-9_-]+$/)
      .max(RACE_ID_LENGTH_MAX)
      .meta({ allowed: `letters, digits, - and _, at most ${RACE_ID_LENGTH_MAX}` })
      .describe("Id of the race"),
    name: z
      .string()
      .regex(/^[A-Za-z0-9_.-]+$/)
      .max(NAME_LENGTH_MAX)
      .meta({ allowed: `letters, digits, ., - and _, at most ${NAME_LENGTH_MAX}` })
      .default(hostname())
      .describe("Name of this process, for logs and monitoring; need not be unique"),
    host: z.string().default("127.0.0.1").describe("Address to listen on; 0.0.0.0 lets other machines in"),
    port: z.int().min(0).max(65_535).default(port).describe("Port of health and metrics; 0 takes a free one"),
    logLevel: z.enum(LOG_LEVELS).default("info").describe("How much is logged"),
    logFormat: z.enum(LOG_FORMATS).default("json").describe("lines for people, json for machines"),
  };
}

/** Keys of a program that reads or writes NATS. */
export const natsKeys = {
  nats: z.string().default("nats://127.0.0.1:4222").describe("Addresses of NATS servers, with commas between them"),
  natsUser: z.string().optional().describe("User at NATS; together with the password"),
  natsPassword: z.string().optional().meta({ secret: true }).describe("Password at NATS"),
  natsToken: z.string().optional().meta({ secret: true }).describe("Token at NATS, in place of user and password"),
  natsCreds: z.string().optional().describe("File with NATS credentials (.creds), in place of user and password"),
  natsNkey: z.string().optional().describe("File with the seed of an nkey, in place of user and password"),
  natsCa: z.string().optional().describe("File with the certificate authority of NATS; turns on TLS"),
  natsCert: z.string().optional().describe("File with our certificate for NATS"),
  natsKey: z.string().optional().describe("File with the key of our certificate for NATS"),
  replicas: z.int().min(1).max(5).default(1).describe("Copies of each stream over the NATS servers: 1, 3 or 5"),
  streamGb: z
    .number()
    .positive()
    .max(100_000)
    .default(8)
    .describe("Disk for a race's telemetry, and for its facts, each"),
  streamDays: z.number().positive().max(365).default(2).describe("Telemetry, facts and snapshots are kept so long"),
  streamOwner: z
    .enum(STREAM_OWNERS)
    .default("app")
    .describe("Who makes a race's streams: we, or the race-day operator, whose limits then hold"),
};

/** Keys of a program that uses Redis. */
export const redisKeys = {
  redis: z
    .string()
    .default("redis://127.0.0.1:6379/0")
    .meta({ secret: true })
    .describe("Address of Redis or Valkey: redis://, rediss://, redis+sentinel://…/master or redis+cluster://"),
  redisCa: z.string().optional().describe("File with the certificate authority of Redis, for rediss://"),
  redisCert: z.string().optional().describe("File with our certificate for Redis"),
  redisKey: z.string().optional().describe("File with the key of our certificate for Redis"),
};

/** A process that uses both and has no settings of its own. */
export const clusterSchema = (port: number) => z.object({ ...processKeys(port), ...natsKeys, ...redisKeys });

const natsSchema = z.object(natsKeys);
const redisSchema = z.object(redisKeys);
export type NatsConfig = z.output<typeof natsSchema>;
/** Without what only concerns streams. */
export type NatsConnectionConfig = Omit<NatsConfig, "replicas" | "streamGb" | "streamDays" | "streamOwner">;
export type RedisConfig = z.output<typeof redisSchema>;

export interface Connecting {
  /** Who we are, for the servers' monitoring. */
  readonly name: string;
  readonly logger: Logger;
}

/** @throws OperatingError when the credentials do not fit together or their file cannot be read. */
export function natsOptions(
  config: NatsConnectionConfig,
  { name, logger }: Connecting,
  metrics: { readonly registry: Metrics; readonly service: string },
): NatsOptions {
  const credentials = natsCredentials(config);
  const { natsCa, natsCert, natsKey } = config;
  const tls = {
    ...(natsCa === undefined ? {} : { caFile: natsCa }),
    ...(natsCert === undefined ? {} : { certFile: natsCert }),
    ...(natsKey === undefined ? {} : { keyFile: natsKey }),
  };
  return {
    servers: config.nats.split(",").map((server) => server.trim()),
    ...{ name, logger, metrics, inboxPrefix: natsInboxPrefix(metrics.service) },
    ...(credentials === undefined ? {} : { credentials }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
    settings: { servers: "--nats", credentials: NATS_USER_FLAGS.join(" or "), tls: "--nats-ca" },
  };
}

export function streamLimits({ replicas, streamGb, streamDays, streamOwner }: NatsConfig): RaceStreamLimits {
  const [maxBytes, maxAgeMs] = [Math.round(streamGb * 1024 ** 3), Math.round(streamDays * DAY_MS)];
  return { replicas, maxBytes, maxAgeMs, owner: streamOwner };
}

/** @throws OperatingError when a file cannot be read. */
export function redisOptions(config: RedisConfig, { name, logger }: Connecting): RedisOptions {
  const { redisCa, redisCert, redisKey } = config;
  const tls = {
    ...(redisCa === undefined ? {} : { ca: readSetting("--redis-ca", redisCa) }),
    ...(redisCert === undefined ? {} : { cert: readSetting("--redis-cert", redisCert) }),
    ...(redisKey === undefined ? {} : { key: readSetting("--redis-key", redisKey) }),
  };
  return { address: config.redis, name, logger, ...(Object.keys(tls).length === 0 ? {} : { tls }) };
}

function natsCredentials(config: NatsConnectionConfig): NatsCredentials | undefined {
  const { natsUser, natsPassword, natsToken, natsCreds, natsNkey } = config;
  const given = [natsUser, natsToken, natsCreds, natsNkey].filter((value) => value !== undefined);
  if (given.length > 1)
    throw new OperatingError(`${NATS_USER_FLAGS.join(", ")} exclude each other: give only one of them.`);
  if ((natsUser === undefined) !== (natsPassword === undefined))
    throw new OperatingError("--nats-user and --nats-password belong together: give both or neither.");
  if (natsUser !== undefined) return { type: "user", user: natsUser, password: natsPassword ?? "" };
  if (natsToken !== undefined) return { type: "token", token: natsToken };
  if (natsCreds !== undefined) return { type: "creds", creds: readSetting("--nats-creds", natsCreds) };
  if (natsNkey !== undefined) return { type: "nkey", seed: readSeed("--nats-nkey", natsNkey) };
  return undefined;
}

/** Only the form is checked here, so that a file that holds something else is refused before the first connection. */
function readSeed(flag: string, path: string): string {
  const seed = readSetting(flag, path).trim();
  if (/^SU[A-Z2-7]{56}$/.test(seed)) return seed;
  const found = "no seed of a user's nkey, which is SU and 56 letters and digits";
  throw new OperatingError(`The file ${path} holds ${found}: check ${flag}.`);
}

function readSetting(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OperatingError(`The file ${path} cannot be read (${why}): check ${flag}.`, { cause: error });
  }
}
