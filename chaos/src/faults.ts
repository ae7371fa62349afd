import { setTimeout as sleep } from "node:timers/promises";
import type { Prng } from "@burnline/std";
import type { ChaosCluster } from "./chaos-cluster.ts";
import type { ProcessorProcess } from "./processor-process.ts";
import type { Wire } from "./wire.ts";

export const FAULT_KINDS = [
  "kill",
  "leave",
  "join",
  "freeze",
  "two-failures",
  "partition",
  "partition-nats",
  "partition-redis",
  "clock-jump",
  "redis-restart",
  "redis-flush",
  "redis-client-kill",
  "redis-failover",
  "redis-slow",
  "disk-stall",
  "nats-restart",
  "disorder",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** What is said of each in --help and in the report. */
export const FAULT_TEXTS: Readonly<Record<FaultKind, string>> = {
  kill: "kill -9 of a processor",
  leave: "SIGTERM to a processor, which hands over and ends",
  join: "one processor more",
  freeze: "SIGSTOP for longer than the lease, then SIGCONT: a zombie wakes up",
  "two-failures": "two of three processors killed or frozen within a second",
  partition: "the network of one processor stands still for longer than the lease, then delivers what it held",
  "partition-nats": "the same, but only between the processor and NATS",
  "partition-redis": "the same, but only between the processor and Redis",
  "clock-jump": "the time of day of one processor jumps an hour ahead, back, an hour behind, and back",
  "redis-restart": "kill -9 of Redis and start from its append-only file",
  "redis-flush": "FLUSHALL",
  "redis-client-kill": "CLIENT KILL of every connection to Redis",
  "redis-failover": "Redis dies and its replica, which has not got the last second, takes its place",
  "redis-slow": "everything to and from Redis takes 40 ms longer each way, for 4 s",
  "disk-stall": "Redis and NATS stand still for half a second each, three times in turn, as behind a stuck disk",
  "nats-restart": "kill -9 of nats-server and start from its files",
  disorder: "4 s with every second frame doubled, every second overtaken, every tenth late",
};

/** Longer than a lease (2 s) and than it takes the others to notice. */
const FREEZE_MS_MIN = 4_000;
const FREEZE_MS_MAX = 6_000;
/** Between two failures "within a second". */
const SECOND_FAILURE_MS_MIN = 100;
const SECOND_FAILURE_MS_MAX = 900;
const CLOCK_JUMPS = 4;
const CLOCK_JUMP_MS = 1_200;
const LOST_MS = 1_000;
const SLOW_MS = 4_000;
const SLOW_BY_MS = 40;
const STALLS = 3;
const STALL_MS = 500;
const BETWEEN_STALLS_MS = 500;
const STORM_MS = 4_000;
export interface FaultContext {
  readonly cluster: ChaosCluster;
  readonly prng: Prng;
  /** Processors that were ended on purpose. */
  readonly ended: Set<ProcessorProcess>;
}

/** Makes it happen and undoes what has to be undone. @returns what is worth to be told of this one */
export type Fault = (context: FaultContext) => Promise<string>;

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  kill: async (context) => {
    const victim = context.cluster.victim(context.prng);
    await kill(context, victim);
    return victim.name;
  },

  leave: async ({ cluster, prng, ended }) => {
    const victim = cluster.victim(prng);
    ended.add(victim);
    return `${victim.name} drained in ${await cluster.leave(victim)} ms`;
  },

  join: async ({ cluster }) => {
    const processor = await cluster.join();
    await cluster.even();
    return processor.name;
  },

  freeze: async ({ cluster, prng }) => {
    const victim = cluster.victim(prng);
    const frozenMs = await freeze(victim, prng);
    return `${victim.name} for ${frozenMs} ms`;
  },

  "two-failures": async (context) => {
    const { cluster, prng } = context;
    const first = cluster.victim(prng);
    await kill(context, first);
    const betweenMs = prng.integer(SECOND_FAILURE_MS_MIN, SECOND_FAILURE_MS_MAX);
    await sleep(betweenMs);
    const second = cluster.victim(prng);
    const isKill = prng.chance(0.5);
    if (isKill) await kill(context, second);
    else await freeze(second, prng);
    return `${first.name} killed, ${second.name} ${isKill ? "killed" : "frozen"} ${betweenMs} ms later`;
  },

  partition: ({ cluster, prng }) => isolate(cluster.victim(prng), prng, ({ nats, redis }) => [nats, redis]),

  "partition-nats": ({ cluster, prng }) => isolate(cluster.victim(prng), prng, ({ nats }) => [nats]),

  "partition-redis": ({ cluster, prng }) => isolate(cluster.victim(prng), prng, ({ redis }) => [redis]),

  "clock-jump": async ({ cluster, prng }) => {
    const victim = cluster.victim(prng);
    for (let jump = 0; jump < CLOCK_JUMPS; jump++) {
      victim.signal("SIGUSR2");
      await sleep(CLOCK_JUMP_MS);
    }
    return victim.name;
  },

  "redis-restart": async ({ cluster }) => {
    await cluster.redis.restart();
    return "";
  },

  "redis-flush": async ({ cluster }) => {
    await cluster.redis.flushAll();
    return "";
  },

  "redis-client-kill": async ({ cluster }) => {
    await cluster.redis.killClients();
    return "";
  },

  "redis-failover": async ({ cluster }) => {
    await cluster.redis.failOver(LOST_MS, (port) => cluster.redirectRedis(port));
    return "";
  },

  "redis-slow": async ({ cluster }) => {
    const wires = cluster.running.map(({ redis }) => redis);
    for (const wire of wires) wire.setDelay(SLOW_BY_MS);
    await sleep(SLOW_MS);
    for (const wire of wires) wire.setDelay(0);
    return "";
  },

  "disk-stall": async ({ cluster }) => {
    for (let stall = 0; stall < STALLS; stall++) {
      await cluster.redis.pause();
      await sleep(STALL_MS);
      await cluster.redis.goOn();
      await sleep(BETWEEN_STALLS_MS);
      await cluster.nats.kill("SIGSTOP");
      await sleep(STALL_MS);
      await cluster.nats.kill("SIGCONT");
      await sleep(BETWEEN_STALLS_MS);
    }
    return "";
  },

  "nats-restart": async ({ cluster }) => {
    await cluster.nats.restart();
    return "";
  },

  disorder: async ({ cluster }) => {
    cluster.generator.setStorm(true);
    await sleep(STORM_MS);
    cluster.generator.setStorm(false);
    return "";
  },
};

async function kill({ ended }: FaultContext, victim: ProcessorProcess): Promise<void> {
  ended.add(victim);
  victim.signal("SIGKILL");
  await victim.ended();
}

async function freeze(victim: ProcessorProcess, prng: Prng): Promise<number> {
  const frozenMs = prng.integer(FREEZE_MS_MIN, FREEZE_MS_MAX);
  victim.signal("SIGSTOP");
  await sleep(frozenMs);
  victim.signal("SIGCONT");
  return frozenMs;
}

async function isolate(
  victim: ProcessorProcess,
  prng: Prng,
  wiresOf: (victim: ProcessorProcess) => readonly Wire[],
): Promise<string> {
  const heldMs = prng.integer(FREEZE_MS_MIN, FREEZE_MS_MAX);
  const wires = wiresOf(victim);
  for (const wire of wires) wire.block();
  await sleep(heldMs);
  for (const wire of wires) wire.unblock();
  return `${victim.name} for ${heldMs} ms`;
}
