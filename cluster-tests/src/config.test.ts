import { expect, test } from "vitest";
import { clusterTestConfig, findCommand } from "./config.ts";

const KUBECONFIG = new URL(import.meta.url).pathname;

test("without a word about it the whole profile runs, on the images that npm run image makes", () => {
  const { profile, images } = clusterTestConfig({ KUBECONFIG });
  expect(profile).toBe("full");
  expect(images).toEqual({ registry: "localhost", repository: "burnline", tag: "test" });
});

test("a profile that there is not is refused by the name of its variable", () => {
  expect(() => clusterTestConfig({ KUBECONFIG, BURNLINE_CLUSTER_PROFILE: "quick" })).toThrow(
    "BURNLINE_CLUSTER_PROFILE is quick: it must be short or full.",
  );
});

test("without a kubeconfig, or with one that is not there, nothing is guessed", () => {
  expect(() => clusterTestConfig({})).toThrow("KUBECONFIG is not set");
  expect(() => clusterTestConfig({ KUBECONFIG: "/nowhere/config" })).toThrow("/nowhere/config, which is not there");
});

test("a missing command fails instead of skipping what needs it", () => {
  expect(() => findCommand("no-such-command", "/nowhere")).toThrow("no-such-command is not there: put it on the PATH.");
});
