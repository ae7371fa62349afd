import { KubeConfig } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { readKubeconfig } from "./kubeconfig.ts";

const two = JSON.stringify({
  ...{ apiVersion: "v1", kind: "Config", "current-context": "a" },
  clusters: ["a", "b"].map((name) => ({
    name,
    cluster: { server: `https://${name}.test:6443`, "certificate-authority-data": "Y2E=" },
  })),
  users: [
    { name: "a", user: { "client-certificate-data": "Y2VydA==", "client-key-data": "a2V5" } },
    {
      name: "b",
      user: {
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "aws",
          args: ["eks"],
          interactiveMode: "Never",
        },
      },
    },
  ],
  contexts: ["a", "b"].map((name) => ({ name, context: { cluster: name, user: name } })),
});

test("one context is taken, whole, and nothing of another one", () => {
  const text = readKubeconfig({ type: "existing", kubeconfig: two, context: "b" });
  expect(JSON.parse(text)).toMatchObject({
    "current-context": "b",
    clusters: [{ name: "b", cluster: { server: "https://b.test:6443", "certificate-authority-data": "Y2E=" } }],
    users: [{ name: "b", user: { exec: { command: "aws", args: ["eks"] } } }],
  });
  expect(text).not.toContain("a.test");
  const again = new KubeConfig();
  again.loadFromString(text);
  expect(again.getCurrentCluster()?.server).toBe("https://b.test:6443");
});

test("without a name the current context is meant", () => {
  expect(readKubeconfig({ type: "existing", kubeconfig: two })).toContain("https://a.test:6443");
});

test("the same kubeconfig gives the same text, so that a second run changes nothing", () => {
  const cluster = { type: "existing", kubeconfig: two } as const;
  expect(readKubeconfig(cluster)).toBe(readKubeconfig(cluster));
});

test("a context that is not there is refused with those that are", () => {
  expect(() => readKubeconfig({ type: "existing", kubeconfig: two, context: "c" })).toThrow(
    'The kubeconfig has no context "c" that is whole, it has a, b: pulumi config set burnline:context NAME',
  );
});

test("what is no kubeconfig is refused", () => {
  expect(() => readKubeconfig({ type: "existing", kubeconfig: "{}" })).toThrow(/^The kubeconfig .*pulumi config set/);
});
