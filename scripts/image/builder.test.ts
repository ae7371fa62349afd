import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildCommand, findBuilder, push, run } from "./builder.ts";

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
});

describe("a push", () => {
  const image = "registry.example/burnline/ingest:0.1.0";
  const digest = `sha256:${"a".repeat(64)}`;
  const other = `sha256:${"b".repeat(64)}`;
  /** A builder that does as the real one does, and remembers what it was told. */
  const builder = (says: string, file = "") => {
    const told: (readonly string[])[] = [];
    const run = (command: readonly string[]) => {
      told.push(command);
      const digestFile = command[command.indexOf("--digestfile") + 1];
      if (command.includes("--digestfile") && digestFile !== undefined) writeFileSync(digestFile, file);
    };
    const said = (command: readonly string[]) => {
      told.push(command);
      return says;
    };
    return { told, tools: { run, said } };
  };

  test("of buildah gives the digest that it wrote down", () => {
    const { told, tools } = builder("", digest);
    expect(push("buildah", image, tools)).toBe(digest);
    expect(told.map((command) => command.filter((word) => !word.startsWith("/")))).toEqual([
      ["buildah", "push", "--digestfile", image, `docker://${image}`],
    ]);
  });

  test("of docker gives the digest of this registry's image, not that of another", () => {
    const said = JSON.stringify([`other.example/ingest@${other}`, `registry.example/burnline/ingest@${digest}`]);
    const { told, tools } = builder(said);
    expect(push("docker", image, tools)).toBe(digest);
    expect(told[0]).toEqual(["docker", "push", image]);
    expect(told[1]?.slice(0, 3)).toEqual(["docker", "image", "inspect"]);
  });

  test("that gives no digest is an error, for production runs nothing without", () => {
    for (const kind of ["buildah", "docker"] as const)
      expect(() => push(kind, image, builder("[]", "").tools)).toThrow(`${kind} does not say which digest`);
  });
});

test("base images by tag are those of this machine", () => {
  expect(buildCommand("buildah", { ...build, isOffline: true })).toContain("--pull-never");
  expect(buildCommand("buildah", build)).not.toContain("--pull-never");
});

test("a builder that fails or is not there is an error that names it", () => {
  expect(() => run([process.execPath, "-e", "process.exit(3)"], folder)).toThrow("failed");
  expect(() => run([join(folder, "none"), "bud"], folder)).toThrow("none bud failed");
});
