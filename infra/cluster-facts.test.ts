import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readClusterFacts } from "./cluster-facts.ts";

let server: Server | undefined;
afterEach(() => void server?.close());

type Answers = Readonly<Record<string, unknown>>;

const list = (...items: unknown[]) => ({ items });
const named = (name: string, more: object = {}) => ({ metadata: { name, ...more } });

const EMPTY: Answers = {
  "/version": { major: "1", minor: "35" },
  "/apis": { groups: [{ name: "apps", versions: [{ groupVersion: "apps/v1", version: "v1" }] }] },
  "/apis/storage.k8s.io/v1/storageclasses": list(),
  "/apis/networking.k8s.io/v1/ingressclasses": list(),
  "/api/v1/namespaces/race/resourcequotas": list(),
  "/api/v1/namespaces/race/persistentvolumeclaims": list(),
  ...{ "/api/v1/nodes": list(), "/api/v1/services": list() },
};

/** An API server that knows these paths; 403 as an answer is one that we may not read. */
async function facts(answers: Answers, others: readonly string[] = []) {
  server = createServer(({ url = "" }, response) => {
    const answer = answers[url.split("?")[0] ?? ""];
    const status = answer === undefined ? 404 : answer === 403 ? 403 : 200;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(status === 200 ? answer : { kind: "Status", apiVersion: "v1", code: status }));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "fake" },
    clusters: [{ name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "fake", user: {} }],
    contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
  });
  return readClusterFacts(kubeconfig, "race", others);
}

test("of a cluster in which nothing is, only what it is can be told", async () => {
  expect(await facts(EMPTY, ["keda"])).toEqual({
    ...{ version: { major: "1", minor: "35" }, apiVersions: new Set(["apps/v1"]) },
    ...{ storageClasses: [], ingressClasses: [], otherNamespaces: {}, quotas: [], claims: [] },
    ...{ nodePorts: [], images: new Set() },
  });
});

test("all that preflight asks for is read", async () => {
  const labels = { "burnline.dev/stack": "s" };
  const found = await facts(
    {
      ...EMPTY,
      "/apis/storage.k8s.io/v1/storageclasses": list(
        named("fast", { annotations: { "storageclass.kubernetes.io/is-default-class": "true" } }),
        named("slow"),
      ),
      "/apis/networking.k8s.io/v1/ingressclasses": list(named("traefik")),
      "/api/v1/namespaces/race": named("race", { labels }),
      "/api/v1/namespaces/keda": named("keda"),
      "/api/v1/namespaces/race/resourcequotas": list({ ...named("few"), spec: { hard: { pods: "3" } } }),
      "/api/v1/namespaces/race/persistentvolumeclaims": list({
        ...named("data-nats-0"),
        spec: { resources: { requests: { storage: "4Gi" } } },
      }),
      "/api/v1/services": list({
        ...named("gateway", { namespace: "other" }),
        spec: { ports: [{ port: 80, nodePort: 30_080 }, { port: 81 }] },
      }),
      "/api/v1/nodes": list({ ...named("n"), status: { images: [{ names: ["a@sha256:1", "a:1"] }, { names: null }] } }),
    },
    ["keda", "monitoring"],
  );
  expect(found).toEqual({
    ...{ version: { major: "1", minor: "35" }, apiVersions: new Set(["apps/v1"]) },
    storageClasses: [
      { name: "fast", isDefault: true },
      { name: "slow", isDefault: false },
    ],
    ingressClasses: [{ name: "traefik", isDefault: false }],
    ...{ namespace: { labels }, otherNamespaces: { keda: { labels: {} } } },
    quotas: [{ name: "few", hard: { pods: "3" } }],
    claims: [{ name: "data-nats-0", storage: "4Gi" }],
    nodePorts: [{ port: 30_080, namespace: "other", service: "gateway" }],
    images: new Set(["a@sha256:1", "a:1"]),
  });
});

test("nodes, Services, quotas and claims that may not be read are no reason to refuse, anything else is", async () => {
  const room = "/api/v1/namespaces/race";
  const closed = {
    "/api/v1/nodes": 403,
    "/api/v1/services": 403,
    [`${room}/resourcequotas`]: 403,
    [`${room}/persistentvolumeclaims`]: 403,
  };
  expect(await facts({ ...EMPTY, ...closed })).toMatchObject({
    quotas: [],
    claims: [],
    nodePorts: [],
    images: new Set(),
  });
  server?.close();
  await expect(facts({ ...EMPTY, "/apis/storage.k8s.io/v1/storageclasses": 403 })).rejects.toThrow(
    /^The cluster http:\S+ cannot be asked \(HTTP 403\): .*pulumi config set burnline:context NAME$/,
  );
});

test("stores of secrets are listed by name; where there are none of the kind, or they may not be read, that is not known", async () => {
  const path = "/apis/external-secrets.io/v1/clustersecretstores";
  expect(await facts({ ...EMPTY, [path]: list(named("vault"), named("aws")) })).toMatchObject({
    clusterSecretStores: ["vault", "aws"],
  });
  for (const answers of [EMPTY, { ...EMPTY, [path]: 403 }]) {
    server?.close();
    expect(await facts(answers)).not.toHaveProperty("clusterSecretStores");
  }
});
