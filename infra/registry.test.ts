import { createServer } from "node:net";
import { expect, test } from "vitest";
import { APPS } from "./app-names.ts";
import { parsePlatformConfig } from "./config.ts";
import { askRegistry, registryProblems } from "./registry.ts";
import { captureProgram, rawConfig } from "./testing.ts";

const AWAY = {
  imageRegistry: "registry.example:5000",
  refusal:
    "The registry registry.example:5000 does not answer (ENOTFOUND), so no pod would get its image: pulumi config set burnline:imageRegistry ANOTHER; or, if only the cluster reaches it, pulumi config set burnline:imageRegistryCheck false",
};

async function problems(keys: Readonly<Record<string, string>>, onNodes: readonly string[] = []) {
  const asked: string[] = [];
  const said = await registryProblems(parsePlatformConfig(rawConfig(keys)), new Set(onNodes), async (registry) => {
    asked.push(registry);
    return "ENOTFOUND";
  });
  return { said, asked };
}

test("a registry that nobody reaches is refused before anything is made, with what to type", async () => {
  const { imageRegistry, refusal } = AWAY;
  expect(await problems({ imageRegistry })).toEqual({ said: [refusal], asked: [imageRegistry] });
  await expect(captureProgram({ imageRegistry }, { registryAnswer: "ENOTFOUND" })).rejects.toThrow(refusal);
  await expect(captureProgram({ imageRegistry })).resolves.toBeDefined();
});

test("nobody asks a registry from which nothing is pulled", async () => {
  const { imageRegistry } = AWAY;
  const none = { said: [], asked: [] };
  const images = APPS.map((app) => `${imageRegistry}/burnline/${app}:0.1.0`);
  expect(await problems({})).toEqual(none);
  expect(await problems({ imageRegistry, imagePullPolicy: "Never" })).toEqual(none);
  expect(await problems({ imageRegistry, imageRegistryCheck: "false" })).toEqual(none);
  expect(await problems({ imageRegistry }, images)).toEqual(none);
});

test("images on the nodes do not help where they are pulled anyhow, nor do only some of them", async () => {
  const { imageRegistry, refusal } = AWAY;
  const images = APPS.map((app) => `${imageRegistry}/burnline/${app}:0.1.0`);
  expect((await problems({ imageRegistry, imagePullPolicy: "Always" }, images)).said).toEqual([refusal]);
  expect((await problems({ imageRegistry }, images.slice(1))).said).toEqual([refusal]);
});

test("a registry that takes a connection answers, one that refuses it does not", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const registry = `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  expect(await askRegistry(registry)).toBeUndefined();
  await new Promise((resolve) => server.close(resolve));
  expect(await askRegistry(registry)).toBe("ECONNREFUSED");
});
