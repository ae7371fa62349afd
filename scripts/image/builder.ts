import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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

export function pushCommand(kind: BuilderKind, image: string): readonly string[] {
  return kind === "docker" ? ["docker", "push", image] : ["buildah", "push", image, `docker://${image}`];
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
