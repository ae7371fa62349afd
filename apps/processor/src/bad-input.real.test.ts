import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import {
  claimRedisRace,
  connectNats,
  connectRedis,
  createLogger,
  type NatsLink,
  openRaceSnapshots,
  type RedisConnection,
  RedisStateStore,
} from "@burnline/runtime";
import { NOBODYS_PORT, type RealServer, startNatsServer, startRedisServer } from "@burnline/runtime/testing";
import { encodeSnapshot } from "@burnline/stream";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startOldNats, startOldRedis } from "./testing/old-servers.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const LIMITS = { replicas: 1, maxAgeMs: 2 * 86_400_000, maxBytes: 64 * 1024 ** 2 };
const TTL_MS = 60_000;
const logger = createLogger({ service: "test", level: "silent", format: "json" });

let folder: string;
let nats: RealServer;
let redis: RealServer;
let link: NatsLink;
let connection: RedisConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "burnline-bad-"));
  [nats, redis] = await Promise.all([startNatsServer(), startRedisServer()]);
  link = await connectNats({ servers: [nats.url], name: "test" });
  connection = await connectRedis({ address: `${redis.url}/0`, logger });
});
afterAll(async () => {
  await Promise.all([link.close(), connection.close()]);
  await Promise.all([nats.stop(), redis.stop()]);
  rmSync(folder, { recursive: true });
});

interface Settings {
  readonly race?: string;
  readonly nats?: string;
  readonly redis?: string;
  readonly flags?: readonly string[];
}

/** A processor with these settings and otherwise good ones, until it has ended by itself. */
async function run(settings: Settings): Promise<{ code: number | null; said: string }> {
  const args = [
    ...["--race", settings.race ?? "good", "--nats", settings.nats ?? nats.url],
    ...["--redis", settings.redis ?? `${redis.url}/0`, "--port", "0", "--stream-gb", "0.0625"],
    ...(settings.flags ?? []),
  ];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args]);
  const [out, err] = [text(child.stdout), text(child.stderr)];
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, said: `${await out}${await err}` };
}

interface Case {
  readonly what: string;
  readonly given: () => Promise<Settings>;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "an address of NATS where nobody is",
    given: async () => ({ nats: `nats://127.0.0.1:${NOBODYS_PORT}` }),
    says: /NATS at \S+ cannot be reached .*: start it, or check the setting --nats\./,
  },
  {
    what: "a password that NATS does not know",
    given: async () => ({
      nats: (await lockedNats()).url,
      flags: ["--nats-user", "u", "--nats-password", "wrong"],
    }),
    says: /NATS at \S+ does not accept our user: check the setting --nats-user or /,
  },
  {
    what: "TLS to a NATS without it",
    given: async () => ({ flags: ["--nats-ca", pem()] }),
    says: /The encrypted connection to NATS at \S+ failed .*: check the setting --nats-ca\./,
  },
  {
    what: "a NATS that is too old",
    given: async () => ({ nats: (await startedOld(startOldNats())).url }),
    says: /The NATS server is version 2\.9\.25: Burnline needs 2\.11\.0 or newer: .* by --nats\./,
  },
  {
    what: "an address of Redis where nobody is",
    given: async () => ({ redis: `redis://127.0.0.1:${NOBODYS_PORT}/0` }),
    says: /Redis at redis:\S+ cannot be reached .*its address \(--redis;/,
  },
  {
    what: "a password that Redis does not know",
    given: async () => ({ redis: (await lockedRedis()).url.replace("//", "//:wrong@") }),
    says: /Redis at redis:\S+ refuses us \(WRONGPASS.*\): check user and password in the address \(--redis\)/,
  },
  {
    what: "TLS to a Redis without it",
    given: async () => ({ redis: redis.url.replace("redis:", "rediss:") }),
    says: /Redis at rediss:\S+ cannot be reached .*\(--redis; redis without TLS, rediss with TLS\)/,
  },
  {
    what: "a Redis that is too old",
    given: async () => ({ redis: (await startedOld(startOldRedis())).url }),
    says: /Redis at \S+ is 6\.2\.14, Burnline needs 7 or newer, .* by --redis\./,
  },
  {
    what: "a Redis that evicts",
    given: async () => ({ redis: (await evictingRedis()).url }),
    says: /throws keys away .*maxmemory-policy allkeys-lru.*: CONFIG SET maxmemory-policy noeviction/,
  },
  {
    what: "a stream of its name that holds something else",
    given: async () => {
      await link.manager.streams.add({ name: "RACE-taken", subjects: ["something.else"] });
      return { race: "taken" };
    },
    says: /stream RACE-taken cannot be used \(it exists with subjects something\.else instead of .* by --race\)/,
  },
  {
    what: "a race with another number of partitions",
    given: async () => {
      await claimRedisRace(connection, "divided", 32);
      return { race: "divided" };
    },
    says: /The race divided .* was begun with 32 partitions and this Burnline divides .* into 64: .* by --race\./,
  },
  {
    what: "a state in Redis that a newer version wrote",
    given: async () => {
      const store = new RedisStateStore(connection, { race: "newer" });
      const lease = (await store.acquire(9, "newer version", TTL_MS))!;
      const changes = new Map([["car/24", Uint8Array.of(1)]]);
      await store.commit(lease, { previousPosition: 0, nextPosition: 1, schemaVersion: 99, changes, outbox: [] });
      await store.release(lease);
      return { race: "newer" };
    },
    says: /written by a newer Burnline \(state version 99, this one knows \d+\): .*--race or --redis/,
  },
  {
    what: "an empty Redis beside a snapshot that a newer version wrote",
    given: async () => {
      const snapshots = await openRaceSnapshots(link, "newersnap", LIMITS);
      const bytes = encodeSnapshot({ position: 1, schemaVersion: 99, entries: new Map() });
      await snapshots.put({ partition: 9, position: 1, bytes });
      return { race: "newersnap" };
    },
    says: /written by a newer Burnline \(state version 99, this one knows \d+\): .*--race or --redis/,
  },
];

const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
});

async function started(starting: Promise<RealServer>): Promise<RealServer> {
  const server = await starting;
  closing.push(() => server.stop());
  return server;
}

async function startedOld(starting: ReturnType<typeof startOldNats>) {
  const server = await starting;
  closing.push(() => server.close());
  return server;
}

const lockedNats = () => started(startNatsServer({ args: ["--user", "u", "--pass", "p"] }));
const lockedRedis = () => started(startRedisServer({ args: ["--requirepass", "right"] }));
const evictingRedis = () =>
  started(startRedisServer({ args: ["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"] }));

function pem(): string {
  const path = join(folder, "ca.pem");
  writeFileSync(path, "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n");
  return path;
}

describe.concurrent("a processor is refused, in a sentence that names the setting,", () => {
  test.for(CASES)("$what", async ({ given, says }, { expect }) => {
    const { code, said } = await run(await given());
    expect(said).toMatch(says);
    expect(said).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(code).toBe(1);
  });
});
