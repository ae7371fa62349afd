import { expect, test } from "vitest";
import { schemaViolations } from "./index.ts";
import { changedSet, goodSet } from "./testing/good-set.ts";

const texts = (...change: Parameters<typeof changedSet>) =>
  schemaViolations(changedSet(...change)).map(({ text }) => text);

test("the good set is as its schemas say", () => {
  expect(schemaViolations(goodSet())).toEqual([]);
});

test("a wrong type, a missing field and an unknown kind are seen", () => {
  expect(texts("Deployment/gate", "spec.minReadySeconds", "5")).toEqual([expect.stringContaining("minReadySeconds")]);
  expect(texts("Deployment/gate", "spec.selector")).toEqual([expect.stringContaining("selector")]);
  expect(texts("Service/gate", "kind", "Servise")).toEqual(["no schema is known for this kind"]);
});

test("a field that no schema knows is seen, at any depth", () => {
  expect(texts("PodDisruptionBudget/gate", "spec.unhealthyPodEvictonPolicy", "AlwaysAllow")).toEqual([
    "spec.unhealthyPodEvictonPolicy is not a field that the schema knows",
  ]);
  expect(texts("Deployment/gate", "spec.template.spec.containers.0.livenesProbe", {})).toEqual([
    "spec.template.spec.containers.0.livenesProbe is not a field that the schema knows",
  ]);
  expect(texts("ScaledObject/gate", "spec.minReplicas", 2)).toEqual([
    "spec.minReplicas is not a field that the schema knows",
  ]);
});

test("labels and annotations may be called anything", () => {
  expect(texts("Service/gate", "metadata.labels", { "example.org/anything": "x" })).toEqual([]);
});
