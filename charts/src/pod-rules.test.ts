import { expect, test } from "vitest";
import { POD_DELIVERY_RULES, POD_SECURITY_RULES, podViolations } from "./index.ts";
import { changedSet, goodSet } from "./testing/good-set.ts";

const RULES = [...POD_SECURITY_RULES, ...POD_DELIVERY_RULES];
const POD = "spec.template.spec";
const CONTAINER = `${POD}.containers.0`;
const DIGEST = `sha256:${"0".repeat(64)}`;

test("the good set breaks no rule", () => {
  expect(podViolations(goodSet(), RULES)).toEqual([]);
});

/** Rule, changed field, its new value: none takes the field away. */
type Breach = [rule: string, path: string, value?: unknown];
const BREACHES: readonly Breach[] = [
  ["runs as nobody", `${POD}.securityContext.runAsNonRoot`],
  ["runs as nobody", `${POD}.securityContext.runAsUser`, 0],
  ["runs as nobody", `${POD}.securityContext.runAsUser`],
  ["runs as nobody", `${CONTAINER}.securityContext.runAsNonRoot`, false],
  ["system calls are filtered", `${POD}.securityContext.seccompProfile`],
  ["system calls are filtered", `${CONTAINER}.securityContext.seccompProfile`, { type: "Unconfined" }],
  ["no way to more rights", `${CONTAINER}.securityContext.allowPrivilegeEscalation`],
  ["no way to more rights", `${CONTAINER}.securityContext.privileged`, true],
  ["no capabilities", `${CONTAINER}.securityContext.capabilities`],
  ["no capabilities", `${CONTAINER}.securityContext.capabilities.add`, ["NET_BIND_SERVICE"]],
  ["the root file system is read-only", `${CONTAINER}.securityContext.readOnlyRootFilesystem`, false],
  ["nothing of the node", `${POD}.hostNetwork`, true],
  ["nothing of the node", `${POD}.hostPID`, true],
  ["nothing of the node", `${POD}.volumes.2`, { name: "node", hostPath: { path: "/var/run" } }],
  ["nothing of the node", `${CONTAINER}.ports.0.hostPort`, 8080],
  ["scratch space is bounded", `${POD}.volumes.0.emptyDir.sizeLimit`],
  ["no token of the cluster without a use", `${POD}.automountServiceAccountToken`],
  ["no token of the cluster without a use", `${POD}.automountServiceAccountToken`, true],
  ["an account of its own", `${POD}.serviceAccountName`],
  ["no addresses of Services in the environment", `${POD}.enableServiceLinks`],
  ["secrets are for few eyes", `${POD}.volumes.1.secret.defaultMode`],
  ["secrets are for few eyes", `${POD}.volumes.1.secret.defaultMode`, 440],
  [
    "secrets are for few eyes",
    `${POD}.volumes.2`,
    { name: "all", projected: { sources: [{ configMap: { name: "c" } }, { secret: { name: "keys" } }] } },
  ],
  ["no secret in plain sight", `${CONTAINER}.env.1`, { name: "BURNLINE_TOKEN", value: "0123456789abcdef" }],
  ["no secret in plain sight", `${CONTAINER}.env.1`, { name: "BURNLINE_REDIS", value: "redis://app:pass@redis:6379" }],
  ["the image is pinned", `${CONTAINER}.image`, "example.org:5000/gate"],
  ["the image is pinned", `${CONTAINER}.image`, "example.org/gate:latest"],
  ["asks for what it needs", `${CONTAINER}.resources.requests.cpu`],
  ["asks for what it needs", `${CONTAINER}.resources.requests.memory`],
  ["the memory it asked for is its limit", `${CONTAINER}.resources.limits.memory`, "512Mi"],
  ["no limit on CPU", `${CONTAINER}.resources.limits.cpu`, "1"],
  ["the heap fits in", `${CONTAINER}.env.0.value`, "--max-old-space-size=193"],
  ["the heap fits in", `${CONTAINER}.env.0.value`, "--enable-source-maps"],
  ["probes ask different things", `${CONTAINER}.startupProbe`],
  ["probes ask different things", `${CONTAINER}.readinessProbe.httpGet`],
  ["probes ask different things", `${CONTAINER}.livenessProbe.httpGet.path`, "/healthz/ready"],
  ["probes ask different things", `${CONTAINER}.livenessProbe.periodSeconds`, 1],
  ["there is time to stop", `${CONTAINER}.lifecycle`],
  ["there is time to stop", `${CONTAINER}.lifecycle.preStop.sleep.seconds`, 30],
  ["there is time to stop", `${POD}.terminationGracePeriodSeconds`, 5],
  ["spread over zones and nodes", `${POD}.topologySpreadConstraints.0.topologyKey`, "rack"],
  ["spread over zones and nodes", `${POD}.topologySpreadConstraints.1.matchLabelKeys`],
];

test.each(BREACHES)("%s: %s = %j breaks this rule and no other", (...[rule, path, value]: Breach) => {
  const violations = podViolations(changedSet("Deployment/gate", path, value), RULES);
  expect(violations).not.toEqual([]);
  expect(violations.map((violation) => violation.rule)).toEqual(violations.map(() => rule));
  expect(violations[0]?.object).toBe("Deployment/gate");
});

test("each rule has a breach that it catches", () => {
  expect([...new Set(BREACHES.map(([rule]) => rule))].sort()).toEqual(RULES.map(({ name }) => name).sort());
});

test("an init container is held to the rules as well", () => {
  const init = { name: "init", image: "example.org/init:1", securityContext: { privileged: true } };
  const rules = podViolations(changedSet("Deployment/gate", `${POD}.initContainers`, [init]), POD_SECURITY_RULES);
  expect(rules.map(({ rule, text }) => `${rule}: ${text.split(":")[0]}`)).toEqual([
    "no way to more rights: init",
    "no capabilities: init",
    "the root file system is read-only: init",
  ]);
});

test("pods are found wherever they are made", () => {
  const template = { spec: { containers: [{ name: "x", image: "x" }] } };
  const named = (kind: string, spec: unknown) => ({ apiVersion: "v1", kind, metadata: { name: "x" }, spec });
  const makers = [
    ...["StatefulSet", "DaemonSet", "ReplicaSet", "Job"].map((kind) => named(kind, { template })),
    named("CronJob", { jobTemplate: { spec: { template } } }),
    named("Pod", template.spec),
  ];
  const rule = POD_SECURITY_RULES.filter(({ name }) => name === "the image is pinned");
  expect(podViolations(makers, rule).map(({ object }) => object)).toEqual(makers.map(({ kind }) => `${kind}/x`));
});

test("in production only a digest pins an image", () => {
  const policy = { requireDigest: true };
  const rules = POD_SECURITY_RULES.filter(({ name }) => name === "the image is pinned");
  expect(podViolations(goodSet(), rules, policy)).toHaveLength(2);
  const pinned = changedSet("Deployment/gate", `${CONTAINER}.image`, `example.org/gate:1@${DIGEST}`);
  expect(podViolations(pinned, rules, policy).map(({ object }) => object)).toEqual(["Deployment/store"]);
});

test("the time to stop counts what the process itself may take", () => {
  const rules = POD_DELIVERY_RULES.filter(({ name }) => name === "there is time to stop");
  expect(podViolations(goodSet(), rules, { stopSecondsMax: () => 24 })).toEqual([]);
  expect(podViolations(goodSet(), rules, { stopSecondsMax: () => 25 })).toHaveLength(2);
});
