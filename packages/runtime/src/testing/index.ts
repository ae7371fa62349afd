export type { GuardedNats } from "./guarded-nats.ts";
export { startGuardedNats } from "./guarded-nats.ts";
export type { RealServer, RealServerOptions } from "./real-servers.ts";
export { freePort, startNatsServer, startRedisServer } from "./real-servers.ts";
