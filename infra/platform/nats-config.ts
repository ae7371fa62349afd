import { APPS, type PerApp } from "../app-names.ts";
import type { UserPermissions } from "../nats-permissions.ts";

export const NATS_PORTS = { client: 4222, routes: 6222, monitoring: 8222 } as const;
/** Of all apps: permissions are by user; KEDA asks for the consumers of an account by this name. */
export const NATS_ACCOUNT = "BURNLINE";
/** Where the pod has its volume, its configuration and its certificates. */
export const NATS_FOLDERS = { data: "/data", config: "/etc/nats", tls: "/etc/nats-tls", run: "/run/nats" } as const;
export const ROUTES_FILE = "routes.conf";

/**
 * How long an acknowledged message may be in the system's cache only, should the machine lose power. The server's own
 * default is two minutes; `always` costs an fsync per message (the race's 800 a second would be held by the disk).
 * One second is what Redis risks with appendfsync everysec, so the log is not much further behind than the state that
 * was made from it. With three servers in three zones it takes two power cuts within that second.
 */
export const SYNC_INTERVAL = "1s";
/** Streams in memory: none of ours, some room for a consumer's state. */
export const MEMORY_STORE_MB = 64;
/** The rest of the volume is the file system's. */
const VOLUME_SHARE_USED = 0.95;

/** @returns what streams may take of a volume */
export function fileStoreMb(storageGb: number): number {
  return Math.floor(storageGb * 1024 * VOLUME_SHARE_USED);
}

export interface NatsServerOptions {
  readonly replicas: number;
  readonly storageGb: number;
  readonly hasTls: boolean;
  /** Public keys; the seeds are the apps'. */
  readonly users: PerApp<{ readonly publicKey: string }>;
  readonly permissions: PerApp<UserPermissions>;
}

/** The server's configuration but for the routes, which hold a password. NATS reads JSON values as they are. */
export function natsConfig(options: NatsServerOptions): string {
  const { replicas, storageGb, hasTls, users, permissions } = options;
  const lines: readonly (readonly [string, unknown])[] = [
    ["port", NATS_PORTS.client],
    ["http_port", NATS_PORTS.monitoring],
    ["pid_file", `${NATS_FOLDERS.run}/nats.pid`],
    // The shortest that the server takes: with a dozen clients it is over in as many seconds.
    ["lame_duck_grace_period", "3s"],
    ["lame_duck_duration", "30s"],
    [
      "jetstream",
      {
        store_dir: NATS_FOLDERS.data,
        max_file_store: `${fileStoreMb(storageGb)}M`,
        max_memory_store: `${MEMORY_STORE_MB}M`,
        sync_interval: SYNC_INTERVAL,
      },
    ],
    ["accounts", natsAccounts(users, permissions)],
    ["system_account", "SYS"],
    ...(hasTls ? ([["tls", tls(false)]] as const) : []),
  ];
  return [
    // JSON has no variables, so the name is not in a value of ours.
    "server_name: $POD_NAME",
    ...lines.map(([key, value]) => `${key}: ${JSON.stringify(value, null, 2)}`),
    ...(replicas > 1 ? [`include "./${ROUTES_FILE}"`] : []),
    "",
  ].join("\n");
}

export function natsAccounts(
  users: PerApp<{ readonly publicKey: string }>,
  permissions: PerApp<UserPermissions>,
): Readonly<Record<string, unknown>> {
  return {
    [NATS_ACCOUNT]: {
      jetstream: "enabled",
      users: APPS.map((app) => ({ nkey: users[app].publicKey, permissions: permissions[app] })),
    },
    // Without users: nobody reads the server's own events from outside.
    SYS: { users: [] },
  };
}

/** @param password a secret, and so is what this returns */
export function routesConfig(
  password: string,
  options: { replicas: number; hasTls: boolean; service: string },
): string {
  const user = "route";
  const routes = Array.from(
    { length: options.replicas },
    (_, index) => `nats-route://${user}:${password}@nats-${index}.${options.service}:${NATS_PORTS.routes}`,
  );
  const cluster = {
    name: "burnline",
    port: NATS_PORTS.routes,
    // Addresses of pods mean nothing to clients outside, and inside they have the Service.
    no_advertise: true,
    authorization: { user, password },
    routes,
    ...(options.hasTls ? { tls: tls(true) } : {}),
  };
  return `cluster: ${JSON.stringify(cluster, null, 2)}\n`;
}

function tls(isMutual: boolean) {
  return {
    cert_file: `${NATS_FOLDERS.tls}/tls.crt`,
    key_file: `${NATS_FOLDERS.tls}/tls.key`,
    ca_file: `${NATS_FOLDERS.tls}/ca.crt`,
    ...(isMutual ? { verify: true } : {}),
  };
}
