import fc from "fast-check";
import { expect, test } from "vitest";
import { notKept } from "./kept-object.ts";

const json = fc.jsonValue({ maxDepth: 4 });

test("an object that is kept as it is has lost nothing, whatever the cluster adds", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), json), (wanted) => {
      expect(notKept(wanted, structuredClone(wanted))).toEqual([]);
      expect(notKept(wanted, { ...structuredClone(wanted), STATUS: { ready: true } })).toEqual([]);
    }),
  );
});

test.each([
  [{ spec: { replicas: 2 } }, { spec: { replicas: 3 } }, ["spec.replicas: 2, kept 3"]],
  [{ spec: { restore: false } }, { spec: {} }, ["spec.restore: false, kept undefined"]],
  [{ spec: { restore: false } }, {}, ["spec.restore: false, kept undefined"]],
  [{ ports: [{ port: 1 }, { port: 2 }] }, { ports: [{ port: 1 }] }, ["ports: 2 items, kept 1"]],
  [{ ports: [{ port: 1 }] }, { ports: [{ port: 2, name: "x" }] }, ["ports[0].port: 1, kept 2"]],
  [{ cpu: "0.5", memory: "1Gi" }, { cpu: "500m", memory: "1024Mi" }, []],
  [{ cpu: "0.5" }, { cpu: "501m" }, ['cpu: "0.5", kept "501m"']],
  [{ from: [1], "x-kubernetes-list-type": "map" }, { _from: [1], x_kubernetes_list_type: "map" }, []],
  [{ podSelector: {}, list: [] }, {}, []],
])("%j kept as %j", (wanted, kept, expected) => {
  expect(notKept(wanted, kept)).toEqual(expected);
});
