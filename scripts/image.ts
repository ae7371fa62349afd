import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ImageApp } from "./image/apps.ts";
import { baseArguments, parseBaseImages } from "./image/base-images.ts";
import { buildCommand, findBuilder, push, run } from "./image/builder.ts";
import { commandPath } from "./image/config.ts";
import { ImageError } from "./image/image-error.ts";
import { type ImageOptions, parseImageOptions } from "./image/options.ts";
import { repeatableSbom, sha256Of } from "./image/sbom.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SBOM_FOLDER = "dist/sbom";
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

const outcome = parseImageOptions(process.argv.slice(2));
if (outcome.type !== "options") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? 0 : 2);
}
try {
  buildImages(outcome.options);
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

function buildImages(options: ImageOptions): void {
  const bases = baseArguments(parseBaseImages(readFileSync(join(ROOT, "images.json"), "utf8")), options);
  const kind = findBuilder(commandPath());
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const labels = { VERSION: version, REVISION: revision(), SOURCE: sourceAddress() };
  const tools = {
    run: (command: readonly string[]) => run(command, ROOT),
    said: ([command = "", ...given]: readonly string[]) => said(command, given),
  };
  const pinned: string[] = [];
  for (const app of options.apps) {
    const startMs = performance.now();
    const image = `${options.prefix}/${app}:${options.tag}`;
    const buildArguments = { APP: app, ...bases, ...labels, SBOM: writeSbom(app) };
    run(buildCommand(kind, { image, buildArguments, isOffline: options.allowsUnpinnedBases }), ROOT);
    if (options.isPushed)
      pinned.push(`pulumi config set --path 'burnline:imageDigests.${app}' ${push(kind, image, tools)}\n`);
    process.stdout.write(`${image} in ${((performance.now() - startMs) / 1_000).toFixed(0)} s\n`);
  }
  // What production runs: by digest, in the very form in which its stack takes it.
  process.stdout.write(pinned.join(""));
}

/** @returns the digest of the list of parts, by which an image's label leads to its list. */
function writeSbom(app: ImageApp): string {
  const what = ["--sbom-format", "cyclonedx", "--workspace", `apps/${app}`, "--omit", "dev", "--package-lock-only"];
  const text = repeatableSbom(said("npm", ["sbom", ...what]), app, said("git", ["log", "-1", "--format=%cI"]).trim());
  mkdirSync(join(ROOT, SBOM_FOLDER), { recursive: true });
  writeFileSync(join(ROOT, SBOM_FOLDER, `${app}.cdx.json`), text);
  return sha256Of(text);
}

function revision(): string {
  const isChanged = said("git", ["status", "--porcelain", "--untracked-files=no"]).trim() !== "";
  return `${said("git", ["rev-parse", "HEAD"]).trim()}${isChanged ? "-changed" : ""}`;
}

/** Where the sources are, without what somebody may have put into the address to get in. */
function sourceAddress(): string {
  try {
    const address = said("git", ["remote", "get-url", "origin"]).trim();
    return /^(https:|git@|ssh:)/.test(address) ? address.replace(/\/\/[^/@]*@/, "//") : "unknown";
  } catch {
    return "unknown";
  }
}

function said(command: string, given: readonly string[]): string {
  try {
    return execFileSync(command, given, {
      ...{ cwd: ROOT, encoding: "utf8", maxBuffer: OUTPUT_BYTES_MAX, stdio: ["ignore", "pipe", "pipe"] },
    });
  } catch (error) {
    const isBuilder = command === "docker";
    const hint = isBuilder ? "" : ": images are built in a git clone, with npm on the PATH";
    throw new ImageError(`${command} ${given[0]} failed${hint}.`, {
      cause: error,
    });
  }
}
