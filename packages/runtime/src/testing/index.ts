export type { RealServer, RealServerOptions } from "./real-servers.ts";
export { freePort, startNatsServer, startRedisServer } from "./real-servers.ts";
