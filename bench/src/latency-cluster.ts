import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import {
  connectNats,
  createLogger,
  type NatsEventLog,
  type NatsLink,
  openFactLog,
  openRaceLog,
} from "@burnline/runtime";
import {
  type ChainApp,
  type ChainProcess,
  type ChainServer,
  profilerFlags,
  startApp,
  startNats,
  startRedis,
} from "./chain-processes.ts";
import { cpuSecondsOf, machineCpuSeconds } from "./process-cpu.ts";

export interface LatencyClusterOptions {
  readonly races: number;
  /** Of each race. */
  readonly processors: number;
  /** For the servers' data. */
  readonly folder: string;
  /** The first processor writes a profile of its CPU there. */
  readonly profileFolder?: string;
}

/** One race of the cluster: streams and processes of its own, as one release of the chart has them. */
export interface ClusterRace {
  readonly race: string;
  /** Subject on which its ingest hears frames. */
  readonly upstream: string;
  readonly raceLog: NatsEventLog;
  readonly factLog: NatsEventLog;
  readonly gateway: ChainApp;
}

const STREAM_GB = 2;
const LIMITS = { replicas: 1, maxAgeMs: 86_400_000, maxBytes: STREAM_GB * 1024 ** 3 };
const LIMIT_FLAGS = ["--stream-gb", `${STREAM_GB}`, "--stream-days", "1"];
const silent = createLogger({ service: "bench", level: "silent", format: "json" });

const ROLES = ["nats", "redis", "processors", "gateways", "ingests"] as const;
type Role = (typeof ROLES)[number];

/** What a run took while it was measured. */
export interface RunCost {
  /** Cores of each part of the cluster, of this process, and of everything else on this machine. */
  readonly cores: Readonly<Record<Role | "measurer" | "others", number>>;
  /** How late this process's event loop was; what it measured may seem longer by as much. */
  readonly loopDelayMs: { readonly p99: number; readonly max: number };
}

const LOOP_LOOK_MS = 5;

/** nats-server, redis-server, and for each race processors, a gateway and an ingest, all processes of their own. */
export class LatencyCluster {
  readonly #started: { readonly role: Role; readonly process: ChainProcess }[] = [];
  readonly #races: ClusterRace[] = [];
  #link: NatsLink | undefined;

  static async start(options: LatencyClusterOptions): Promise<LatencyCluster> {
    const cluster = new LatencyCluster();
    try {
      await cluster.#start(options);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get races(): readonly ClusterRace[] {
    return this.#races;
  }

  /** A frame for the ingest of a race. On its way when it returns; nobody answers. */
  send(race: number, frame: Uint8Array): void {
    this.#link?.connection.publish(`${this.#races[race]?.upstream}.frames`, frame);
  }

  /** Resolves at the end of the span. */
  async meter(span: { readonly fromMs: number; readonly untilMs: number }, nowMs: () => number): Promise<RunCost> {
    await sleep(span.fromMs - nowMs());
    const before = this.#cpuSeconds();
    const loop = monitorEventLoopDelay({ resolution: LOOP_LOOK_MS });
    loop.enable();
    await sleep(span.untilMs - nowMs());
    loop.disable();
    const after = this.#cpuSeconds();
    const rounded = (value: number) => Math.round(value * 100) / 100;
    const seconds = (span.untilMs - span.fromMs) / 1_000;
    const parts = [...ROLES, "measurer"] as const;
    const used = parts.map((part) => [part, (after[part] - before[part]) / seconds] as const);
    const others = (after.machine - before.machine) / seconds - used.reduce((sum, [, cores]) => sum + cores, 0);
    const cores = Object.fromEntries(
      [...used, ["others", Math.max(0, others)] as const].map(([part, value]) => [part, rounded(value)]),
    );
    // It tells the time between two looks.
    const delayMs = (nanoseconds: number) => Math.max(0, Math.round(nanoseconds / 1e5 - 10 * LOOP_LOOK_MS) / 10);
    return {
      cores: cores as RunCost["cores"],
      loopDelayMs: { p99: delayMs(loop.percentile(99)), max: delayMs(loop.max) },
    };
  }

  /** One that ends writes out what it has taken: the race logs are then complete. */
  async stopIngests(): Promise<void> {
    await this.#stopAll("ingests");
  }

  async stop(): Promise<void> {
    await this.#link?.close();
    for (const role of ROLES.toReversed()) await this.#stopAll(role);
  }

  async #stopAll(role: Role): Promise<void> {
    await Promise.all(this.#started.filter((one) => one.role === role).map(({ process }) => process.stop()));
  }

  /** Since the processes began. */
  #cpuSeconds(): Record<Role | "measurer" | "machine", number> {
    const { user, system } = process.cpuUsage();
    const seconds = { nats: 0, redis: 0, processors: 0, gateways: 0, ingests: 0 };
    for (const { role, process } of this.#started) seconds[role] += cpuSecondsOf(process.pid);
    return { ...seconds, measurer: (user + system) / 1e6, machine: machineCpuSeconds() };
  }

  async #start({ races, processors, folder, profileFolder }: LatencyClusterOptions): Promise<void> {
    const nats = await this.#keep("nats", startNats(folder));
    const redis = await this.#keep("redis", startRedis(folder));
    this.#link = await connectNats({ servers: [nats.url], name: "bench" });
    for (let number = 1; number <= races; number++) {
      const nodeFlags = profilerFlags(number === 1 ? profileFolder : undefined);
      this.#races.push(await this.#startRace(`latency-${number}`, this.#link, { nats, redis, processors, nodeFlags }));
    }
  }

  async #startRace(
    race: string,
    link: NatsLink,
    how: { nats: ChainServer; redis: ChainServer; processors: number; nodeFlags: readonly string[] },
  ): Promise<ClusterRace> {
    const upstream = `burnline-bench.${race}`;
    const raceLog = await openRaceLog(link, race, LIMITS, silent);
    const factLog = await openFactLog(link, race, LIMITS, silent);
    const flags = ["--race", race, "--nats", how.nats.url, ...LIMIT_FLAGS];
    const processorFlags = [...flags, "--redis", `${how.redis.url}/0`];
    const [gateway] = await Promise.all([
      this.#keep("gateways", startApp("gateway", flags)),
      this.#keep("ingests", startApp("ingest", [...flags, "--source", `nats:${upstream}`])),
      ...Array.from({ length: how.processors }, (_, index) =>
        this.#keep("processors", startApp("processor", processorFlags, index === 0 ? how.nodeFlags : [])),
      ),
    ]);
    return { race, upstream, raceLog, factLog, gateway };
  }

  async #keep<Process extends ChainProcess>(role: Role, starting: Promise<Process>): Promise<Process> {
    const process = await starting;
    this.#started.push({ role, process });
    return process;
  }
}
