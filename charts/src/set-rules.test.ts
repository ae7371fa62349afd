import { expect, test } from "vitest";
import { SET_RULES, setViolations } from "./index.ts";
import { changedSet, goodSet } from "./testing/good-set.ts";

test("the good set breaks no rule", () => {
  expect(setViolations(goodSet(), SET_RULES)).toEqual([]);
});

const TRIGGER = "spec.triggers.0.metadata";
const SCALE_DOWN = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown";

/** Rule, object, changed field, its new value. Without a value the field goes, without a field the object. */
type Breach = [rule: string, object: string, path?: string, value?: unknown];
const BREACHES: readonly Breach[] = [
  ["a workload selects its own pods and no others", "Deployment/gate", "spec.selector.matchLabels", { a: "b" }],
  ["a workload selects its own pods and no others", "Deployment/gate", "spec.selector.matchLabels", {}],
  ["an update leaves no gap", "Deployment/gate", "spec.strategy.rollingUpdate.maxUnavailable", 1],
  ["an update leaves no gap", "Deployment/gate", "spec.strategy"],
  ["an update leaves no gap", "Deployment/gate", "spec.minReadySeconds", 0],
  ["a disruption takes one pod at a time", "PodDisruptionBudget/gate"],
  ["a disruption takes one pod at a time", "PodDisruptionBudget/gate", "spec.maxUnavailable", 2],
  ["a disruption takes one pod at a time", "PodDisruptionBudget/gate", "spec.unhealthyPodEvictionPolicy"],
  ["a disruption takes one pod at a time", "PodDisruptionBudget/gate", "spec.selector", {}],
  ["a name is given once", "PodDisruptionBudget/gate", "metadata.name", "store"],
  ["a Service leads to pods", "Service/store", "spec.selector", { a: "b" }],
  ["a Service leads to pods", "Service/store", "spec.ports.0.targetPort", "https"],
  ["a Service leads to pods", "Service/store", "spec.ports.0.targetPort", 81],
  ["a route leads to a Service", "Ingress/gate", "spec.rules.0.http.paths.0.backend.service.name", "door"],
  ["a route leads to a Service", "Ingress/gate", "spec.rules.0.http.paths.0.backend.service.port", { number: 80 }],
  ["what a pod needs is there", "Secret/keys"],
  ["what a pod needs is there", "ServiceAccount/store"],
  ["what a pod needs is there", "Deployment/gate", "spec.template.spec.priorityClassName", "high"],
  ["what a pod needs is there", "Deployment/gate", "spec.template.spec.imagePullSecrets", [{ name: "pull" }]],
  [
    "what a pod needs is there",
    "Deployment/gate",
    "spec.template.spec.volumes.2",
    { name: "c", configMap: { name: "c" } },
  ],
  [
    "what a pod needs is there",
    "Deployment/gate",
    "spec.template.spec.volumes.2",
    { name: "p", projected: { sources: [{ secret: { name: "none" } }] } },
  ],
  ["a binding joins what is there", "Role/gate"],
  ["a binding joins what is there", "RoleBinding/gate", "subjects.0.name", "nobody"],
  ["rights are few and named", "Role/gate", "rules.0.verbs", ["*"]],
  ["rights are few and named", "Role/gate", "rules.0.resources", ["secrets"]],
  ["who is scaled is there and has no number of its own", "ScaledObject/gate", "spec.scaleTargetRef.name", "door"],
  ["who is scaled is there and has no number of its own", "Deployment/gate", "spec.replicas", 2],
  ["never fewer than two, never in a hurry to shrink", "ScaledObject/gate", "spec.minReplicaCount", 1],
  ["never fewer than two, never in a hurry to shrink", "ScaledObject/gate", "spec.maxReplicaCount", 1],
  ["never fewer than two, never in a hurry to shrink", "ScaledObject/gate", "spec.fallback"],
  ["never fewer than two, never in a hurry to shrink", "ScaledObject/gate", `${SCALE_DOWN}.policies.0.value`, 2],
  [
    "never fewer than two, never in a hurry to shrink",
    "ScaledObject/gate",
    `${SCALE_DOWN}.stabilizationWindowSeconds`,
    3601,
  ],
  ["a trigger asks somebody who answers", "ScaledObject/gate", `${TRIGGER}.url`, "http://door.race.svc:8080/scale"],
  ["a trigger asks somebody who answers", "ScaledObject/gate", `${TRIGGER}.url`, "http://gate.race.svc/scale"],
  ["a trigger asks somebody who answers", "ScaledObject/gate", `${TRIGGER}.aggregationType`],
  ["a trigger asks somebody who answers", "ScaledObject/gate", `${TRIGGER}.aggregationType`, "max"],
  ["names can be looked up", "NetworkPolicy/dns"],
  ["names can be looked up", "NetworkPolicy/dns", "spec.egress.0.ports", [{ port: 53, protocol: "UDP" }]],
  ["an edge has two ends", "NetworkPolicy/store"],
  ["an edge has two ends", "NetworkPolicy/gate", "spec.egress.0.ports.0.port", 8081],
  ["an edge has two ends", "NetworkPolicy/gate", "spec.egress"],
  [
    "whoever watches is let in",
    "NetworkPolicy/gate",
    "spec.ingress.0.from.0.namespaceSelector",
    { matchLabels: { a: "b" } },
  ],
  ["whoever watches is let in", "NetworkPolicy/gate", "spec.ingress"],
];

test.each(BREACHES)("%s: %s %s = %j breaks this rule and no other", (...[rule, object, path, value]: Breach) => {
  const violations = setViolations(changedSet(object, path, value), SET_RULES);
  expect(violations).not.toEqual([]);
  expect(violations.map((violation) => violation.rule)).toEqual(violations.map(() => rule));
});

test("one pod needs no budget, and one that may talk to nobody needs no names", () => {
  const lone = changedSet("Deployment/store", "spec.replicas", 1);
  expect(
    setViolations(
      lone.filter(({ kind, metadata }) => kind !== "PodDisruptionBudget" || metadata.name !== "store"),
      SET_RULES,
    ),
  ).toEqual([]);
  const mute = changedSet("NetworkPolicy/dns", "spec.podSelector", {
    matchLabels: { "app.kubernetes.io/component": "gate" },
  });
  expect(setViolations(mute, SET_RULES)).toEqual([]);
});

test("each rule has a breach that it catches", () => {
  const caught = new Set([...BREACHES.map(([rule]) => rule), "nothing is allowed by default"]);
  expect([...caught].sort()).toEqual(SET_RULES.map(({ name }) => name).sort());
});

test("a set without a default deny is open, one way or both", () => {
  const open = goodSet().filter(({ kind }) => kind !== "NetworkPolicy");
  const rules = SET_RULES.filter(({ name }) => name === "nothing is allowed by default");
  expect(setViolations(open, rules)).toHaveLength(4);
  const denied = changedSet("NetworkPolicy/default-deny", "spec.policyTypes", ["Ingress"]);
  const withoutDns = denied.filter(({ metadata }) => metadata.name !== "dns");
  expect(setViolations(withoutDns, rules)).toEqual([
    { rule: rules[0]?.name, object: "Deployment/store", text: "no NetworkPolicy restricts its Egress" },
  ]);
});

test("a port of a Service that is not the pods' own misleads KEDA, which puts it on each pod", () => {
  const objects = goodSet().map((object) =>
    object.kind === "Service" && object.metadata.name === "gate"
      ? { ...object, spec: { ...(object.spec as object), ports: [{ name: "http", port: 80, targetPort: "http" }] } }
      : object,
  );
  const asking = structuredClone(objects);
  const scaled = asking.find(({ kind }) => kind === "ScaledObject")!.spec as {
    triggers: { metadata: { url: string } }[];
  };
  scaled.triggers[0]!.metadata.url = "http://gate.race.svc:80/scale";
  expect(setViolations(asking, SET_RULES).map(({ text }) => text)).toEqual([
    "KEDA asks each pod on port 80, where it does not listen",
  ]);
});

test("a trial may do with one pod", () => {
  const lone = changedSet("ScaledObject/gate", "spec.minReplicaCount", 1);
  expect(setViolations(lone, SET_RULES, { scaledReplicasMin: 1 })).toEqual([]);
});

test("what others make is declared, not guessed", () => {
  const without = changedSet("Secret/keys");
  expect(setViolations(without, SET_RULES, { external: ["Secret/keys"] })).toEqual([]);
});
