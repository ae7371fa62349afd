import type { ConfigKeys } from "./config-keys.ts";
import { REDIS_URL_SECRET } from "./platform/servers.ts";

const rm = (key: keyof ConfigKeys) => `pulumi config rm burnline:${key}`;

/** Credentials come from a store: nothing is made from the master secret, and none is given here. */
export function takesFromStore({ secretStore, dependencies }: ConfigKeys): boolean {
  return secretStore !== undefined && dependencies === "external";
}

/** What a store of secrets goes with, and what it takes the place of. */
export function storeContradictions(keys: ConfigKeys): string[] {
  const { secretStore, dependencies, cloud } = keys;
  if (secretStore === undefined) {
    return (["secretStoreKind", "secretStorePrefix"] as const)
      .filter((key) => keys[key] !== undefined)
      .map((key) => `burnline:${key} means nothing without burnline:secretStore: ${rm(key)}`);
  }
  if (dependencies !== "external")
    return [
      `burnline:secretStore goes with burnline:dependencies external: what is ${dependencies} holds public keys and password hashes of what is made from burnline:masterSecret in its own configuration, and would not know other credentials: ${rm("secretStore")}`,
    ];
  if (cloud !== "existing")
    return [
      `burnline:secretStore needs a cluster that has External Secrets, and a new one of burnline:cloud ${cloud} has not: ${rm("secretStore")}; or make that cluster first, install it, and pulumi config set burnline:cloud existing`,
    ];
  return [...comesFromStore(keys), ...ports(keys)];
}

function comesFromStore(keys: ConfigKeys): string[] {
  const store = `burnline:secretStore ${keys.secretStore}`;
  const problems: string[] = [];
  if (keys.masterSecret !== undefined)
    problems.push(`burnline:masterSecret means nothing with ${store}, nothing is made from it: ${rm("masterSecret")}`);
  for (const key of ["externalNatsSeeds", "externalRedisUrl"] as const) {
    if (keys[key] !== undefined)
      problems.push(`burnline:${key} would be a second one beside that of ${store}: ${rm(key)}`);
  }
  return problems;
}

function ports({ networkPolicy, externalRedisPorts }: ConfigKeys): string[] {
  if (!networkPolicy || externalRedisPorts !== undefined) return [];
  return [
    `network policies have to know the ports of Redis, whose address only the store knows (${REDIS_URL_SECRET}, url): pulumi config set burnline:externalRedisPorts 6379`,
  ];
}
