import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ClusterConfig } from "./config.ts";
import type { MemberPlan } from "./member.ts";
import { findServer } from "./programs.ts";

/** What is started together, in the order of starting, with the time each may take to stop; in all below 10 s. */
export interface ClusterPlan {
  readonly groups: readonly { readonly stopMsMax: number; readonly members: readonly MemberPlan[] }[];
  readonly gatewayPort: number;
}

const APPS = fileURLToPath(new URL("../../apps/", import.meta.url));

/** @throws ClusterError when a server is not installed */
export async function planCluster(config: ClusterConfig): Promise<ClusterPlan> {
  const natsPort = config.natsPort || (await freePort());
  const redisPort = config.redisPort || (await freePort());
  const gatewayPort = config.port || (await freePort());
  const common = (name: string, port: number) => [
    ...["--race", config.race, "--nats", `nats://127.0.0.1:${natsPort}`, "--stream-gb", `${config.streamGb}`],
    ...["--name", name, "--port", `${port}`, "--log-format", "lines", "--log-level", config.logLevel],
  ];
  const app = async (name: string, which: string, flags: readonly string[], port?: number): Promise<MemberPlan> => {
    const ownPort = port ?? (await freePort());
    const script = join(APPS, which, "src/main.ts");
    const args = ["--disable-warning=ExperimentalWarning", script, ...common(name, ownPort), ...flags];
    return { name, command: process.execPath, args, port: ownPort, readiness: "http" };
  };
  const each = (count: number, name: string, which: string, flags: readonly string[]) =>
    Promise.all(numbered(count, name).map((one) => app(one, which, flags)));
  return {
    gatewayPort,
    groups: [
      { stopMsMax: 4_000, members: [natsPlan(natsPort, config.data), redisPlan(redisPort, config.data)] },
      {
        stopMsMax: 1_500,
        members: [
          ...(await each(config.inferences, "inference", "inference", [])),
          await app("gateway", "gateway", [], gatewayPort),
        ],
      },
      {
        stopMsMax: 3_000,
        members: await each(config.processors, "processor", "processor", [
          "--redis",
          `redis://127.0.0.1:${redisPort}/0`,
        ]),
      },
      { stopMsMax: 1_500, members: await each(config.ingests, "ingest", "ingest", config.ingestFlags) },
    ],
  };
}

function natsPlan(port: number, data: string): MemberPlan {
  const args = ["--addr", "127.0.0.1", "--port", `${port}`, "--jetstream", "--store_dir", join(data, "nats")];
  return { name: "nats", command: findServer("nats-server"), args, port, readiness: "tcp" };
}

function redisPlan(port: number, data: string): MemberPlan {
  const args = [
    ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", join(data, "redis"), "--save", ""],
    ...["--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"],
  ];
  return { name: "redis", command: findServer("redis-server"), args, port, readiness: "tcp" };
}

function numbered(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, index) => (count === 1 ? name : `${name}-${index + 1}`));
}

/** A port that nobody listened on a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  server.close();
  await once(server, "close");
  return port;
}
