import { describe, expect, test } from "vitest";
import { ConfigError, parsePlatformConfig } from "./config.ts";
import { rawConfig, TEST_MASTER_SECRET } from "./testing.ts";

type Keys = Readonly<Record<string, string>>;

/** What the store holds is not in the configuration. */
const STORED = {
  ...{ masterSecret: "", dependencies: "external", secretStore: "vault", externalNatsUrl: "tls://nats.example:4222" },
  ...{ externalCidrs: "10.20.0.0/16", externalRedisPorts: "6379" },
};
const SEED = `SU${"A".repeat(56)}`;
const SEEDS = JSON.stringify(
  Object.fromEntries(["ingest", "processor", "inference", "gateway", "operator"].map((app) => [app, SEED])),
);

const configOf = (keys: Keys) => parsePlatformConfig(rawConfig(keys));
function refusalOf(keys: Keys): string {
  try {
    configOf(keys);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "accepted";
}
const without = (key: string): Keys => Object.fromEntries(Object.entries(STORED).filter(([name]) => name !== key));

const OF_OTHERS = (dependencies: string) =>
  `burnline:secretStore goes with burnline:dependencies external: what is ${dependencies} holds public keys and password hashes of what is made from burnline:masterSecret in its own configuration, and would not know other credentials: pulumi config rm burnline:secretStore`;

/** Each wrong configuration and the whole of what is said about it. */
const REFUSALS: readonly (readonly [Keys, string])[] = [
  [{ secretStore: "vault" }, OF_OTHERS("bundled")],
  [{ secretStore: "vault", dependencies: "charts" }, OF_OTHERS("charts")],
  [
    { secretStoreKind: "SecretStore", secretStorePrefix: "daytona" },
    [
      "burnline:secretStoreKind means nothing without burnline:secretStore: pulumi config rm burnline:secretStoreKind",
      "burnline:secretStorePrefix means nothing without burnline:secretStore: pulumi config rm burnline:secretStorePrefix",
    ].join("\n"),
  ],
  [
    { ...STORED, masterSecret: TEST_MASTER_SECRET },
    "burnline:masterSecret means nothing with burnline:secretStore vault, nothing is made from it: pulumi config rm burnline:masterSecret",
  ],
  [
    { ...STORED, externalRedisUrl: "redis://r.example" },
    "burnline:externalRedisUrl would be a second one beside that of burnline:secretStore vault: pulumi config rm burnline:externalRedisUrl",
  ],
  [
    { ...STORED, externalNatsSeeds: SEEDS },
    "burnline:externalNatsSeeds would be a second one beside that of burnline:secretStore vault: pulumi config rm burnline:externalNatsSeeds",
  ],
  [
    without("externalRedisPorts"),
    "network policies have to know the ports of Redis, whose address only the store knows (burnline-redis, url): pulumi config set burnline:externalRedisPorts 6379",
  ],
  [
    without("externalNatsUrl"),
    "burnline:dependencies external needs burnline:externalNatsUrl: pulumi config set burnline:externalNatsUrl tls://nats.example:4222",
  ],
  [
    without("externalCidrs"),
    "network policies have to know where external NATS and Redis are: pulumi config set burnline:externalCidrs 10.20.0.0/16",
  ],
  [
    { ...STORED, externalRedisPorts: "1,2,3,4,5,6,7,8,9" },
    "burnline:externalRedisPorts names 9 ports, and network policies let 8 out: pulumi config set burnline:networkPolicy false",
  ],
  [
    {
      ...{ ...STORED, cloud: "eks", region: "us-east-1", apiCidrs: "198.51.100.0/24" },
      adminRoleArns: "arn:aws:iam::111122223333:role/ops",
    },
    "burnline:secretStore needs a cluster that has External Secrets, and a new one of burnline:cloud eks has not: pulumi config rm burnline:secretStore; or make that cluster first, install it, and pulumi config set burnline:cloud existing",
  ],
  [
    { ...STORED, secretStoreKind: "Vault" },
    'burnline:secretStoreKind cannot be "Vault", it takes ClusterSecretStore or SecretStore: pulumi config set burnline:secretStoreKind ClusterSecretStore',
  ],
];

describe("a store of secrets that fits nothing is refused in full sentences", () => {
  test.each(REFUSALS)("%j", (keys, message) => {
    expect(refusalOf(keys)).toBe(message);
  });
});

test("with a store no secret is in the configuration, and it is a ClusterSecretStore unless it is said to be another", () => {
  const { masterSecret, secretStore, servers } = configOf(STORED);
  expect(masterSecret).toBeUndefined();
  expect(secretStore).toEqual({ name: "vault", kind: "ClusterSecretStore", prefix: "burnline" });
  expect(servers).not.toHaveProperty("redisUrl");
  const own = configOf({ ...STORED, secretStoreKind: "SecretStore", secretStorePrefix: "races/daytona" });
  expect(own.secretStore).toEqual({ name: "vault", kind: "SecretStore", prefix: "races/daytona" });
});

test("who has no network policies names no ports", () => {
  const { externalRedisPorts: _, externalCidrs: __, ...least } = STORED;
  expect(refusalOf({ ...least, networkPolicy: "false" })).toBe("accepted");
});
