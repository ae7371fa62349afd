import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  connectNats,
  connectRedis,
  createLogger,
  Metrics,
  type NatsEventLog,
  type NatsLink,
  natsOptions,
  openFactLog,
  openRaceLog,
  type RaceStreamLimits,
  type RedisConnection,
} from "@burnline/runtime";
import { HarnessError } from "./harness-error.ts";
import type { Kube } from "./kube.ts";
import { NAMESPACE } from "./platform-manifests.ts";
import { Tunnel } from "./tunnel.ts";

const silent = createLogger({ service: "cluster-tests", level: "silent", format: "json" });

/** The platform's own servers, seen with the eyes and the rights of its apps. */
export class ServerAccess {
  readonly redis: RedisConnection;
  readonly #nats: Tunnel;
  readonly #redisTunnel: Tunnel;
  readonly #seeds: Readonly<Record<string, string>>;
  readonly #folder = mkdtempSync(join(tmpdir(), "burnline-seeds-"));
  readonly #links: NatsLink[] = [];

  private constructor(opened: {
    nats: Tunnel;
    redisTunnel: Tunnel;
    redis: RedisConnection;
    seeds: Readonly<Record<string, string>>;
  }) {
    this.redis = opened.redis;
    this.#nats = opened.nats;
    this.#redisTunnel = opened.redisTunnel;
    this.#seeds = opened.seeds;
  }

  static async open(kube: Kube): Promise<ServerAccess> {
    const at = (name: string, port: number) =>
      Tunnel.open(kube, { namespace: NAMESPACE, labels: `app.kubernetes.io/name=${name}`, port });
    const [nats, redisTunnel] = await Promise.all([at("nats", 4222), at("redis", 6379)]);
    const [seeds, { url = "" }] = await Promise.all([
      readSecret(kube, "burnline-nats-users"),
      readSecret(kube, "burnline-redis"),
    ]);
    const address = new URL(url);
    address.host = `127.0.0.1:${redisTunnel.port}`;
    const redis = await connectRedis({ address: address.href, logger: silent, name: "cluster-tests" });
    return new ServerAccess({ nats, redisTunnel, redis, seeds });
  }

  /** The race log, as processors read it. */
  async raceLog(race: string, limits: RaceStreamLimits): Promise<NatsEventLog> {
    return openRaceLog(await this.#link("processor"), race, limits, silent);
  }

  /** The fact log, as gateways read it. */
  async factLog(race: string, limits: RaceStreamLimits): Promise<NatsEventLog> {
    return openFactLog(await this.#link("gateway"), race, limits, silent);
  }

  async close(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.close()));
    await this.redis.close();
    await Promise.all([this.#nats.close(), this.#redisTunnel.close()]);
    rmSync(this.#folder, { recursive: true });
  }

  async #link(app: string): Promise<NatsLink> {
    const file = join(this.#folder, app);
    writeFileSync(file, this.#seeds[app] ?? "", { mode: 0o600 });
    const config = {
      ...{ nats: `nats://127.0.0.1:${this.#nats.port}`, natsNkey: file },
      ...{ replicas: 1, streamGb: 1, streamDays: 2, streamOwner: "app" as const },
    };
    const metrics = { registry: new Metrics([app]), service: app };
    const link = await connectNats(natsOptions(config, { name: "cluster-tests", logger: silent }, metrics));
    this.#links.push(link);
    return link;
  }
}

/** @throws HarnessError when there is none */
export async function readSecret(kube: Kube, name: string): Promise<Readonly<Record<string, string>>> {
  const secret = await kube.find({ apiVersion: "v1", kind: "Secret", name, namespace: NAMESPACE });
  if (secret === undefined) throw new HarnessError(`There is no Secret ${name}.`);
  const data = secret.data as Readonly<Record<string, string>>;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
  );
}
