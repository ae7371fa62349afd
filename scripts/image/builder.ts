import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ImageError } from "./image-error.ts";

export interface Build {
  /** Registry, repository, app and tag. */
  readonly image: string;
  readonly buildArguments: Readonly<Record<string, string>>;
  /** The base images are those that this machine has. */
  readonly isOffline: boolean;
}

export type BuilderKind = "buildah" | "docker";

/** The command line of a build, the repository as its context. */
export function buildCommand(kind: BuilderKind, { image, buildArguments, isOffline }: Build): readonly string[] {
  const given = Object.entries(buildArguments).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]);
  const usual = [...given, "--tag", image, "."];
  if (kind === "docker") return ["docker", "build", ...usual];
  // Layers make the second image, and the second build, fast. Docker keeps them without being asked.
  return ["buildah", "bud", "--layers", ...(isOffline ? ["--pull-never"] : []), ...usual];
}

export interface BuilderTools {
  readonly run: (command: readonly string[]) => void;
  /** @returns what the command wrote */
  readonly said: (command: readonly string[]) => string;
}

/**
 * @returns the digest by which the registry has the image: `sha256:…`
 * @throws ImageError when the push fails
 */
export function push(kind: BuilderKind, image: string, tools: BuilderTools): string {
  const digest = kind === "docker" ? pushByDocker(image, tools) : pushByBuildah(image, tools);
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
  throw new ImageError(`${kind} does not say which digest ${image} has at its registry: look there.`);
}

/** Its push shows no digest. */
function pushByBuildah(image: string, { run }: BuilderTools): string {
  const folder = mkdtempSync(join(tmpdir(), "burnline-push-"));
  try {
    const digestFile = join(folder, "digest");
    run(["buildah", "push", "--digestfile", digestFile, image, `docker://${image}`]);
    return readFileSync(digestFile, "utf8").trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same image may lie in other registries under other digests. */
function pushByDocker(image: string, { run, said }: BuilderTools): string {
  run(["docker", "push", image]);
  const held: unknown = JSON.parse(said(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", image]));
  const repository = `${image.slice(0, image.lastIndexOf(":"))}@`;
  const found = Array.isArray(held) ? held.find((one) => typeof one === "string" && one.startsWith(repository)) : "";
  return typeof found === "string" ? found.slice(repository.length) : "";
}

/**
 * Buildah where it is there, since it needs no daemon; docker otherwise.
 * @param path the search path of commands
 * @throws ImageError when there is neither
 */
export function findBuilder(path: string): BuilderKind {
  const folders = path.split(delimiter);
  const found = (["buildah", "docker"] as const).find((kind) =>
    folders.some((folder) => existsSync(join(folder, kind))),
  );
  if (found === undefined)
    throw new ImageError("Images are built with buildah or docker, and neither is on the PATH: install one of them.");
  return found;
}

/** @throws ImageError when the command fails; what it said has been shown */
export function run([command = "", ...rest]: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, rest, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) throw new ImageError(`${command} ${rest[0]} failed${error ? `: ${error.message}` : ""}.`);
}
