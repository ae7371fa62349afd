export type { GuardedNats } from "./guarded-nats.ts";
export { startGuardedNats } from "./guarded-nats.ts";
export type { RealServer, RealServerOptions } from "./real-servers.ts";
export { freePort, NOBODYS_PORT, S3_KEYS, startNatsServer, startRedisServer, startS3Server } from "./real-servers.ts";
export type { KeptStore } from "./server-store.ts";
export { keepStore } from "./server-store.ts";
