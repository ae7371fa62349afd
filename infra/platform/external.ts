import type { ExternalServers } from "../platform-config.ts";
import { NATS_PORTS } from "./nats-config.ts";
import { makeSecret, type Place } from "./place.ts";
import { REDIS_PORT } from "./redis-config.ts";
import { NATS_AUTH_SECRET, type NatsPlace, REDIS_URL_SECRET, type RedisPlace } from "./servers.ts";

const NATS_CA_SECRET = "burnline-nats-ca";
const REDIS_CA_SECRET = "burnline-redis-ca";

/** NATS that somebody else runs. */
export function externalNats(place: Place, servers: ExternalServers): NatsPlace {
  const { natsUrl, natsSeeds, natsCa, natsMonitoringUrl, natsAccount, cidrs } = servers;
  const made = [];
  if (natsSeeds !== undefined) made.push(makeSecret(place, NATS_AUTH_SECRET, natsSeeds));
  if (natsCa !== undefined) made.push(makeSecret(place, NATS_CA_SECRET, { "ca.crt": natsCa }));
  const [first = ""] = natsUrl.split(",");
  const { hostname, port } = new URL(first.replace(/^\w+:/, "http:"));
  const monitoringUrl = natsMonitoringUrl ?? `http://${hostname}:${NATS_PORTS.monitoring}`;
  return {
    ...{ url: natsUrl, monitoringUrl, account: natsAccount, ready: made },
    ...(natsSeeds === undefined ? {} : { authSecret: NATS_AUTH_SECRET }),
    ...(natsCa === undefined ? {} : { caSecret: NATS_CA_SECRET }),
    peers: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    port: port === "" ? NATS_PORTS.client : Number(port),
    monitoringPort: Number(new URL(monitoringUrl).port || NATS_PORTS.monitoring),
  };
}

/** Redis or Valkey that somebody else runs. */
export function externalRedis(place: Place, { redisUrl, redisCa, cidrs }: ExternalServers): RedisPlace {
  const made = [makeSecret(place, REDIS_URL_SECRET, { url: redisUrl })];
  if (redisCa !== undefined) made.push(makeSecret(place, REDIS_CA_SECRET, { "ca.crt": redisCa }));
  return {
    ...{ urlSecret: REDIS_URL_SECRET, ready: made },
    ...(redisCa === undefined ? {} : { caSecret: REDIS_CA_SECRET }),
    peers: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    port: Number(/:(\d+)(?=[/,?]|$)/.exec(redisUrl.replace(/^.*@/, ""))?.[1] ?? REDIS_PORT),
  };
}
