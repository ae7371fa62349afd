import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { captureProgram } from "./testing.ts";

const { cache } = createRequire(import.meta.url);
/** Providers are CommonJS: whatever was loaded of them stands in Node's cache. */
const loaded = (name: string) => Object.keys(cache).filter((path) => path.includes(`/@pulumi/${name}/`)).length;

test("who has a cluster loads no cloud, and who makes one loads that alone", async () => {
  await captureProgram({});
  expect(loaded("kubernetes")).toBeGreaterThan(0);
  expect(["aws", "gcp", "azure-native"].map(loaded)).toEqual([0, 0, 0]);
  await captureProgram({ cloud: "gke", region: "us-east4", gcpProject: "burnline-prod", apiCidrs: "198.51.100.0/24" });
  expect(loaded("gcp")).toBeGreaterThan(0);
  expect(["aws", "azure-native"].map(loaded)).toEqual([0, 0]);
});
