import fc from "fast-check";
import { expect, test } from "vitest";
import type { Manifest } from "./kube.ts";
import { inOrder, keyOf, textOf } from "./manifest-order.ts";

const manifest = (kind: string, name: string): Manifest => ({ apiVersion: "v1", kind, metadata: { name } });

test("what others need to be there comes before them, whatever the order it was given in", () => {
  const needed = [
    "CustomResourceDefinition",
    "Namespace",
    "ServiceAccount",
    "Secret",
    "Service",
    "Deployment",
    "ScaledObject",
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(needed, { minLength: needed.length }), (kinds) => {
      const ordered = inOrder(kinds.map((kind) => manifest(kind, kind)));
      expect(ordered.map(({ kind }) => kind)).toEqual(needed);
    }),
  );
});

test("objects of kinds that nobody waits for keep their order", () => {
  const given = ["b", "a", "c"].map((name) => manifest("ScaledObject", name));
  expect(inOrder(given)).toEqual(given);
});

test("an object is named by kind, namespace and name", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "nats-0", namespace: "burnline" } };
  expect(textOf(keyOf(pod))).toBe("Pod burnline/nats-0");
  expect(textOf(keyOf(manifest("Namespace", "burnline")))).toBe("Namespace burnline");
});
