import { APPS } from "./app-names.ts";
import type { PlatformConfig } from "./platform-config.ts";
import { parseQuantity } from "./quantity.ts";
import { CHART_RESOURCES, OPERATOR_REPLICAS } from "./sizes.ts";

/** A ResourceQuota: at most so much of each kind, as Kubernetes writes it. */
export interface Quota {
  readonly name: string;
  readonly hard: Readonly<Record<string, string>>;
}

/** A PersistentVolumeClaim, with what it asks for. */
export interface Claim {
  readonly name: string;
  readonly storage: string;
}

/** What a stack asks for at rest; a roll-out asks for one pod of each app more. */
interface Room {
  readonly cores: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly claims: number;
  readonly storageBytes: number;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Quotas in which the stack has no room: its pods would not start, and `up` would wait for them. */
export function tooLittleRoom(config: PlatformConfig, quotas: readonly Quota[]): string[] {
  if (quotas.length === 0) return [];
  const room = neededRoom(config, config.sizes.replicas);
  return quotas.flatMap(({ name, hard }) =>
    Object.entries(hard).flatMap(([kind, allowed]) => {
      const needed = neededOf(kind, room);
      if (needed === undefined || !(needed > parseQuantity(allowed))) return [];
      return [
        `The quota ${name} of the namespace ${config.namespace} allows ${allowed} of ${kind}, and this stack asks for ${shown(kind, needed)}: raise it, or pulumi config set burnline:namespace ANOTHER`,
      ];
    }),
  );
}

function neededOf(kind: string, room: Room): number | undefined {
  switch (kind) {
    case "cpu":
    case "requests.cpu":
      return room.cores;
    case "memory":
    case "requests.memory":
    case "limits.memory":
      return room.memoryBytes;
    case "pods":
    case "count/pods":
      return room.pods;
    case "persistentvolumeclaims":
    case "count/persistentvolumeclaims":
      return room.claims;
    case "requests.storage":
      return room.storageBytes;
    default:
      return undefined;
  }
}

function shown(kind: string, needed: number): string {
  return /memory|storage/.test(kind) ? `${Math.ceil(needed / MIB)}Mi` : String(Math.round(needed * 1000) / 1000);
}

/** With as many pods as autoscaling may make; charts of others come on top. */
export function coresAtMost(config: PlatformConfig): number {
  return neededRoom(config, config.sizes[config.hasAutoscaling ? "replicasMax" : "replicas"]).cores;
}

function neededRoom(config: PlatformConfig, replicas: PlatformConfig["sizes"]["replicas"]): Room {
  const { sizes, servers, natsReplicas, cluster } = config;
  const apps = APPS.filter((app) => app !== "operator" || config.hasOperator).map((app) => {
    const { cpu, memory } = sizes.resources[app] ?? CHART_RESOURCES[app];
    const count =
      app === "operator" ? OPERATOR_REPLICAS : app === "ingest" && config.source === "sim" ? 1 : replicas[app];
    return {
      count,
      cores: parseQuantity(cpu),
      memoryBytes: parseQuantity(memory),
      storageBytes: 0,
    };
  });
  const hasRedis = !(cluster.type === "eks" && cluster.redisService === "managed");
  const ours =
    servers.type === "external"
      ? []
      : [
          {
            ...{ count: natsReplicas, cores: parseQuantity(sizes.nats.cpu) },
            ...{ memoryBytes: sizes.nats.memoryMb * MIB, storageBytes: config.natsStorageGb * GIB },
          },
          {
            ...{ count: hasRedis ? 1 : 0, cores: parseQuantity(sizes.redis.cpu) },
            ...{ memoryBytes: config.redisMemoryMb * MIB, storageBytes: config.redisStorageGb * GIB },
          },
        ];
  const all = [...apps, ...ours];
  const sum = (what: (part: (typeof all)[number]) => number) =>
    all.reduce((total, part) => total + part.count * what(part), 0);
  return {
    cores: Math.round(sum(({ cores }) => cores) * 1000) / 1000,
    memoryBytes: sum(({ memoryBytes }) => memoryBytes),
    pods: sum(() => 1),
    claims: sum(({ storageBytes }) => (storageBytes > 0 ? 1 : 0)),
    storageBytes: sum(({ storageBytes }) => storageBytes),
  };
}

/** Of our servers, as their StatefulSets name them; the Valkey chart's own claim grows with its setting. */
const SIZED_CLAIMS = [
  { claim: /(^|-)nats-\d+$/, key: "natsStorageGb" },
  { claim: /^data-redis-\d+$/, key: "redisStorageGb" },
] as const;

/** A larger setting enlarges no volume that is there: the server would fill it up in the belief that there is more. */
export function volumesToEnlarge(config: PlatformConfig, claims: readonly Claim[]): string[] {
  if (config.servers.type === "external") return [];
  return claims.flatMap(({ name, storage }) => {
    const key = SIZED_CLAIMS.find(({ claim }) => claim.test(name))?.key;
    const gb = parseQuantity(storage) / GIB;
    if (key === undefined || !(gb < config[key])) return [];
    return [
      `The volume ${name} has ${storage}, and burnline:${key} says ${config[key]}: enlarge it first (docs/operations.md, BurnlineVolumeFull), or pulumi config set burnline:${key} ${Math.floor(gb)}`,
    ];
  });
}
