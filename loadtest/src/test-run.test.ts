import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { profileNames } from "./config.ts";
import { parseProfile } from "./profile-schema.ts";
import { testRunSchema } from "./test-run.ts";

const FOLDER = new URL("../k8s/", import.meta.url);
const files = readdirSync(FOLDER).filter((file) => file.endsWith(".yaml"));
const read = (file: string) => testRunSchema.parse(parse(readFileSync(new URL(file, FOLDER), "utf8")));

test("there are manifests to check", () => {
  expect(files.length).toBeGreaterThanOrEqual(3);
});

test.each(files)("%s is a TestRun as k6-operator documents it, and every pod of it is restricted", (file) => {
  expect(() => read(file)).not.toThrow();
});

test.each(files)(
  "%s runs a profile that exists, from the archive that its README makes, on the addresses of the chart",
  (file) => {
    const { metadata, spec } = read(file);
    const name = file.replace(".yaml", "");
    expect(profileNames()).toContain(name);
    expect(metadata.name).toBe(`burnline-${name}`);
    expect(spec.script.configMap).toEqual({ name: `burnline-load-${name}`, file: `${name}.tar` });
    const value = (key: string) =>
      spec.runner.env?.flatMap((one) => (one.name === key && "value" in one ? [one.value] : []))[0];
    expect(value("PROFILE")).toBe(name);
    expect(value("INGEST_URL")).toBe("http://burnline-ingest.burnline.svc:8082");
    expect(value("GATEWAY_URL")).toBe("http://burnline-gateway.burnline.svc:8080");
  },
);

test.each(files)(
  "%s has no more runners than its profile has feeds: a runner without one would send nothing",
  (file) => {
    const profile = parseProfile(
      readFileSync(new URL(`../profiles/${file.replace(".yaml", ".json")}`, FOLDER), "utf8"),
    );
    if (!profile.ok) throw new Error(profile.error);
    expect(read(file).spec.parallelism).toBeLessThanOrEqual(profile.value.feeds);
  },
);

test("a misspelt field is refused", () => {
  const manifest = parse(readFileSync(new URL("smoke.yaml", FOLDER), "utf8"));
  manifest.spec.paralelism = 2;
  expect(testRunSchema.safeParse(manifest).success).toBe(false);
});
