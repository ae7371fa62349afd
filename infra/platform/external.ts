import { natsPorts, redisPorts } from "../external-ports.ts";
import type { ExternalServers } from "../platform-config.ts";
import { NATS_PORTS } from "./nats-config.ts";
import { makeSecret, type Place } from "./place.ts";
import { NATS_AUTH_SECRET, type NatsPlace, REDIS_URL_SECRET, type RedisPlace } from "./servers.ts";

const NATS_CA_SECRET = "burnline-nats-ca";
const REDIS_CA_SECRET = "burnline-redis-ca";

/** NATS that somebody else runs. */
export function externalNats(place: Place, servers: ExternalServers): NatsPlace {
  const { natsUrl, natsSeeds, natsCa, natsMonitoringUrl, natsAccount, cidrs } = servers;
  const hasSeeds = natsSeeds !== undefined || place.config.secretStore !== undefined;
  const made = [];
  if (natsSeeds !== undefined) made.push(makeSecret(place, NATS_AUTH_SECRET, natsSeeds));
  if (natsCa !== undefined) made.push(makeSecret(place, NATS_CA_SECRET, { "ca.crt": natsCa }));
  const [first = ""] = natsUrl.split(",");
  const { hostname } = new URL(first.replace(/^\w+:/, "http:"));
  const monitoringUrl = natsMonitoringUrl ?? `http://${hostname}:${NATS_PORTS.monitoring}`;
  return {
    ...{ url: natsUrl, monitoringUrl, account: natsAccount, ready: made },
    ...(hasSeeds ? { authSecret: NATS_AUTH_SECRET } : {}),
    ...(natsCa === undefined ? {} : { caSecret: NATS_CA_SECRET }),
    peers: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    // All have the same (config-rules.ts).
    port: natsPorts(natsUrl)[0] ?? NATS_PORTS.client,
    monitoringPort: Number(new URL(monitoringUrl).port || NATS_PORTS.monitoring),
  };
}

/** Redis or Valkey that somebody else runs. */
export function externalRedis(place: Place, servers: ExternalServers): RedisPlace {
  const { redisUrl, redisCa, redisFurtherPorts, cidrs } = servers;
  const made = redisUrl === undefined ? [] : [makeSecret(place, REDIS_URL_SECRET, { url: redisUrl })];
  if (redisCa !== undefined) made.push(makeSecret(place, REDIS_CA_SECRET, { "ca.crt": redisCa }));
  return {
    ...{ urlSecret: REDIS_URL_SECRET, ready: made },
    ...(redisCa === undefined ? {} : { caSecret: REDIS_CA_SECRET }),
    peers: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    ports: redisPorts(redisUrl, redisFurtherPorts),
  };
}
