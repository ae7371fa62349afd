import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Builds the dashboard and the graphics when their output is missing or made from other sources, and says so in one
 * line; otherwise only reads the sources (some hundred kilobytes) and compares. `--force` builds in any case.
 * Output: dist beside each app's sources, from where the gateway serves it.
 */
const SOURCES_BESIDE_THE_APP = ["packages/contract/src", "packages/fuel/src", "packages/std/src", "package-lock.json"];
const FINGERPRINT_FILE = ".sources";

main();

function main(): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const isForced = process.argv.includes("--force");
  for (const app of ["graphics", "dashboard"]) buildApp(root, app, isForced);
}

function buildApp(root: string, app: string, isForced: boolean): void {
  const folder = join(root, "apps", app);
  const dist = join(folder, "dist");
  const fingerprint = fingerprintOf(root, app);
  const isFresh =
    existsSync(join(dist, FINGERPRINT_FILE)) && readFileSync(join(dist, FINGERPRINT_FILE), "utf8") === fingerprint;
  if (isFresh && !isForced) return;

  const startMs = performance.now();
  // Built aside and moved into place, so that a build that is broken off, or two at once, leave no half output.
  const aside = join(root, "node_modules/.cache/burnline", `${app}-${process.pid}`);
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const run = spawnSync(process.execPath, [vite, "build", "--logLevel", "warn", "--outDir", aside, "--emptyOutDir"], {
    cwd: folder,
    encoding: "utf8",
  });
  if (run.status !== 0) {
    rmSync(aside, { recursive: true, force: true });
    process.stderr.write(`${run.stdout ?? ""}${run.stderr ?? ""}`);
    process.stderr.write(`The ${app} could not be built${existsSync(vite) ? "" : ": run npm ci first"}.\n`);
    process.exit(1);
  }
  writeFileSync(join(aside, FINGERPRINT_FILE), fingerprint);
  moveInto(aside, dist);
  process.stdout.write(`built the ${app} in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`);
}

/** Of two builds that end at once the later one wins; both are of the same sources. */
function moveInto(aside: string, dist: string): void {
  const former = `${aside}-former`;
  if (existsSync(dist)) renameSync(dist, former);
  renameSync(aside, dist);
  rmSync(former, { recursive: true, force: true });
}

/** Of the contents, not of the times: a checkout or a copy changes times, and times may lie. */
function fingerprintOf(root: string, app: string): string {
  const hash = createHash("sha256");
  for (const path of [`apps/${app}`, ...SOURCES_BESIDE_THE_APP].flatMap((source) => filesIn(join(root, source)))) {
    hash.update(relative(root, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex");
}

/** Files that can change the output, in a fixed order; tests, test fixtures and output cannot. */
function filesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  if (!isFolder(path)) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(
      (entry) => !/^(node_modules|testing|dist|README\.md)$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name),
    )
    .map((entry) => entry.name)
    .sort()
    .flatMap((name) => filesIn(join(path, name)));
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
