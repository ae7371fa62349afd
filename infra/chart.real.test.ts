import {
  type KubeObject,
  NETWORK_RULES,
  POD_DELIVERY_RULES,
  POD_SECURITY_RULES,
  podViolations,
  SET_RULES,
  schemaViolations,
  setViolations,
} from "@burnline/charts";
import { renderChart } from "@burnline/charts/testing";
import { describe, expect, test } from "vitest";
import { APPS } from "./app-names.ts";
import { CLOUD_RULES } from "./policy/cloud-rules.ts";
import { CLUSTER_RULES } from "./policy/cluster-rules.ts";
import { POD_RULES } from "./policy/pod-rules.ts";
import { SECRET_STORE_API } from "./secret-store.ts";
import { type CapturedProgram, captureProgram, GOOD_FACTS } from "./testing.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;
const RACE = {
  ...{ size: "race", environment: "prod", context: "prod", source: "push", streamOwner: "operator" },
  imageDigests: JSON.stringify(Object.fromEntries(APPS.map((app) => [app, DIGEST]))),
  ...{ natsImage: `docker.io/library/nats@${DIGEST}`, redisImage: `docker.io/library/redis@${DIGEST}` },
  ...{ imageRegistry: "registry.example.org", race: "Daytona_500", monitoring: "true" },
  ...{ route: "ingress", routeHost: "burnline.example.org", routeIngestHost: "push.example.org" },
  ...{ tracingEndpoint: "http://collector.monitoring.svc:4318", tracingPercent: "2.5" },
  ...{ s3Bucket: "races", s3Endpoint: "https://s3.example.org:9000", s3SecretName: "s3-keys", streamDays: "0.5" },
};
const EKS = {
  ...{ cloud: "eks", region: "eu-central-1", adminRoleArns: "arn:aws:iam::111122223333:role/ops", source: "push" },
  ...{ size: "race", imageRegistry: "registry.example.org", apiCidrs: "198.51.100.0/24" },
  ...{ route: "ingress", routeHost: "burnline.example.org" },
  certificateArn: "arn:aws:acm:eu-central-1:111122223333:certificate/1",
};
const STORED = {
  ...{ masterSecret: "", dependencies: "external", secretStore: "vault", secretStorePrefix: "races/daytona" },
  ...{ externalNatsUrl: "tls://nats.example.org:4333", externalCidrs: "10.20.0.0/16", externalRedisPorts: "6380" },
  ...{ source: "push", s3Bucket: "races", s3SecretName: "s3-keys" },
};
const STORE_FACTS = { ...GOOD_FACTS, apiVersions: new Set([...GOOD_FACTS.apiVersions, SECRET_STORE_API]) };
const CASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "the least": {},
  "a race in production": RACE,
  "a race on EKS": EKS,
  "no KEDA, no operator": { autoscaling: "false", operator: "false", gatewayNodePort: "30080" },
  "credentials in a store": STORED,
  "a cluster without network policies": { networkPolicy: "false" },
};

/** What holds of servers too, which have probes and a stop of their own. */
const SIZE_RULES = POD_DELIVERY_RULES.filter(({ name }) =>
  ["asks for what it needs", "the memory it asked for is its limit", "no limit on CPU"].includes(name),
);

describe.each(Object.entries(CASES))("%s", (_, keys) => {
  test("what the program registers is what the chart takes, and all of it keeps the rules", async () => {
    const { servers, apps } = await objectsOf(await captureProgram(keys, { facts: STORE_FACTS }));
    const isProd = keys.environment === "prod";
    const policy = { requireDigest: isProd };
    expect(podViolations(servers, [...POD_SECURITY_RULES, ...SIZE_RULES], policy)).toEqual([]);
    expect(podViolations(apps, [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES], policy)).toEqual([]);
    // Of what EKS alone has there is no published schema.
    const known = [...servers, ...apps].filter(({ apiVersion }) => !apiVersion.startsWith("eks.amazonaws.com/"));
    expect(schemaViolations(known)).toEqual([]);
    expect([...servers, ...apps].flatMap(brokenPolicies)).toEqual([]);
    const rules =
      keys.networkPolicy === "false" ? SET_RULES.filter((rule) => !NETWORK_RULES.includes(rule)) : SET_RULES;
    expect(
      setViolations([...servers, ...apps], rules, {
        // From a store it comes by itself.
        external: keys.secretStore === undefined ? ["Secret/s3-keys"] : [],
        scaledReplicasMin: keys.size === "race" ? 2 : 1,
      }),
    ).toEqual([]);
  });
});

test("with a store every credential is fetched from it, each under the name of its Secret", async () => {
  const { apps, servers } = await objectsOf(
    await captureProgram({ ...STORED, viewers: "token" }, { facts: STORE_FACTS }),
  );
  const fetched = apps.filter(({ kind }) => kind === "ExternalSecret");
  expect(
    Object.fromEntries(
      fetched.map(({ metadata, spec }) => {
        const { data, secretStoreRef } = spec as never as {
          data: { secretKey: string; remoteRef: { key: string; property: string } }[];
          secretStoreRef: unknown;
        };
        expect(secretStoreRef).toEqual({ name: "vault", kind: "ClusterSecretStore" });
        for (const { secretKey, remoteRef } of data)
          expect(remoteRef).toEqual({ key: `races/daytona/${metadata.name}`, property: secretKey });
        return [metadata.name, data.map(({ secretKey }) => secretKey).toSorted()];
      }),
    ),
  ).toEqual({
    "burnline-redis": ["url"],
    "burnline-nats-users": APPS.toSorted(),
    ...{ "burnline-ingest": ["token"], "burnline-viewers": ["keys"], "s3-keys": ["accessKey", "secretKey"] },
  });
  expect(servers.filter(({ kind }) => kind === "Secret")).toEqual([]);
});

/** As Pulumi shows it to the policy pack. */
function brokenPolicies({ apiVersion, kind, metadata, ...rest }: KubeObject): string[] {
  const type = `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
  const resource = { type, name: metadata.name, props: { metadata, ...rest }, isProtected: true };
  return [...POD_RULES, ...CLUSTER_RULES, ...CLOUD_RULES].flatMap((rule) =>
    rule.check(resource).map((problem) => `${rule.name}: ${kind} ${metadata.name}: ${problem}`),
  );
}

/** What Kubernetes would get: the resources as they are, and what helm makes of the chart's values. */
async function objectsOf({ resources }: CapturedProgram) {
  const chart = resources.find(({ type }) => type === "kubernetes:helm.sh/v4:Chart");
  if (chart === undefined) throw new Error("The program registers no chart.");
  const { values, namespace, name } = chart.inputs as { values: unknown; namespace: string; name: string };
  const servers = resources
    .filter(({ type }) => type.startsWith("kubernetes:") && type !== chart.type)
    .map(({ inputs }) => inputs as unknown as KubeObject);
  return { servers, apps: renderChart(values, { release: name, namespace }) };
}
