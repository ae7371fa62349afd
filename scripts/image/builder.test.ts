import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildCommand, findBuilder, pushCommand, run } from "./builder.ts";

const build = {
  image: "localhost/burnline/ingest:test",
  buildArguments: { APP: "ingest", VERSION: "1" },
  isOffline: false,
};
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-builder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function install(name: string): void {
  writeFileSync(join(folder, name), "");
  chmodSync(join(folder, name), 0o755);
}

test("buildah is taken before docker, docker where there is no buildah", () => {
  install("docker");
  expect(findBuilder(folder)).toBe("docker");
  install("buildah");
  expect(findBuilder(folder)).toBe("buildah");
});

test("with neither, the sentence says what to install", () => {
  expect(() => findBuilder(folder)).toThrow(
    "Images are built with buildah or docker, and neither is on the PATH: install one of them.",
  );
});

test.each(["buildah", "docker"] as const)("%s is given every argument, the name and the repository", (kind) => {
  const command = buildCommand(kind, build);
  expect(command[0]).toBe(kind);
  expect(command.slice(-7)).toEqual([
    "--build-arg",
    "APP=ingest",
    "--build-arg",
    "VERSION=1",
    "--tag",
    build.image,
    ".",
  ]);
  expect(pushCommand(kind, build.image)).toContain(build.image);
});

test("base images by tag are those of this machine", () => {
  expect(buildCommand("buildah", { ...build, isOffline: true })).toContain("--pull-never");
  expect(buildCommand("buildah", build)).not.toContain("--pull-never");
});

test("a builder that fails or is not there is an error that names it", () => {
  expect(() => run([process.execPath, "-e", "process.exit(3)"], folder)).toThrow("failed");
  expect(() => run([join(folder, "none"), "bud"], folder)).toThrow("none bud failed");
});
