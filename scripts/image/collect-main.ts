import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ImageApp, isImageApp } from "./apps.ts";
import { closureOf, readWorkspaces, reduceRoot, type Workspace } from "./workspaces.ts";

/**
 * Runs in the build stage of the Dockerfile: sorts the repository into what decides the installed packages
 * (dist/image/packages), what the pages are built from (pages) and what runs (files).
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const OUT = join(ROOT, "dist/image");
const PAGES = ["@burnline/dashboard", "@burnline/graphics"];
/** Beside an app's own sources. */
const FILES: Readonly<Partial<Record<ImageApp, readonly string[]>>> = { inference: ["models/burn-residual/1"] };

const [app] = process.argv.slice(2);
if (app === undefined || !isImageApp(app)) {
  process.stderr.write(`There is no image of ${app ?? "nothing"}: give the build argument APP the name of an app.\n`);
  process.exit(2);
}
const workspaces = readWorkspaces(ROOT);
const needed = closureOf(workspaces, [`@burnline/${app}`]);
writeManifests(join(OUT, "packages"), needed);
copy("scripts/image/prune-packages.ts", join(OUT, "packages/prune-packages.ts"));
for (const { folder } of needed) copySources(`${folder}/src`, join(OUT, "files", folder, "src"));
for (const path of ["LICENSE", ...(FILES[app] ?? [])]) copy(path, join(OUT, "files", path));

mkdirSync(join(OUT, "pages"), { recursive: true });
if (app === "gateway") {
  const pages = closureOf(workspaces, PAGES);
  writeManifests(join(OUT, "pages"), pages);
  for (const { folder } of pages) copySources(folder, join(OUT, "pages", folder));
  copy("scripts/build-web.ts", join(OUT, "pages/scripts/build-web.ts"));
}

function writeManifests(to: string, those: readonly Workspace[]): void {
  const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));
  const { manifest, lock } = reduceRoot(read("package.json"), read("package-lock.json"), those);
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  writeFileSync(join(to, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
  for (const { folder } of those) copy(`${folder}/package.json`, join(to, folder, "package.json"));
}

/** What only tests use stays out: their packages are not installed. */
function copySources(from: string, to: string): void {
  cpSync(join(ROOT, from), to, {
    recursive: true,
    filter: (path) => !/(\/|^)(testing(\.ts)?|node_modules|dist|README\.md)$|\.test\.tsx?$/.test(path),
  });
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(ROOT, from), to, { recursive: true });
}
