/** Of the network policies: as charts/burnline/values.schema.json. */
export const PORTS_MAX = 8;
const NATS_PORT = 4222;
const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

/** @param url addresses with commas between them */
export function natsPorts(url: string): number[] {
  return unique(url.split(",").map((address) => portOf(address.replace(/^\w+:\/\//, ""), NATS_PORT)));
}

/**
 * Every port of Redis that is spoken to. Sentinels, and the nodes of a cluster, name servers that no address names.
 * @param url absent: it is in a store of secrets @param further ports of those servers; absent: the usual one
 */
export function redisPorts(url: string | undefined, further: readonly number[] | undefined): number[] {
  if (url === undefined) return unique(further ?? [REDIS_PORT]);
  const [, kind, hosts = ""] = /^rediss?(?:\+(\w+))?:\/\/(?:[^@/]*@)?([^/?#]*)/.exec(url) ?? [];
  const usual = kind === "sentinel" ? SENTINEL_PORT : REDIS_PORT;
  const named = hosts.split(",").map((host) => portOf(host, usual));
  return unique([...named, ...(further ?? (kind === undefined ? [] : [REDIS_PORT]))]);
}

function portOf(host: string, usual: number): number {
  return Number(/:(\d+)(?=$|\/)/.exec(host)?.[1] ?? usual);
}

function unique(ports: readonly number[]): number[] {
  return [...new Set(ports)];
}
