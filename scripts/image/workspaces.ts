import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Relative to the repository: packages/std. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Only what images are made of: tools such as infra/ bring hundreds of megabytes and never run in a pod. */
const PARENTS = ["packages", "apps"];

export function readWorkspaces(root: string): Workspace[] {
  return PARENTS.flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, "package.json")))
      .map(({ name }) => {
        const folder = `${parent}/${name}`;
        return { folder, manifest: JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) };
      }),
  );
}

/** The workspaces that these need at run time, themselves among them, sorted by folder. */
export function closureOf(workspaces: readonly Workspace[], names: readonly string[]): Workspace[] {
  const byName = new Map(workspaces.map((workspace) => [workspace.manifest.name, workspace]));
  const found = new Set<Workspace>();
  const visit = (name: string) => {
    const workspace = byName.get(name);
    if (workspace === undefined) throw new Error(`There is no workspace ${name} below ${PARENTS.join(" or ")}.`);
    if (found.has(workspace)) return;
    found.add(workspace);
    for (const dependency of Object.keys(workspace.manifest.dependencies ?? {})) {
      if (dependency.startsWith("@burnline/")) visit(dependency);
    }
  };
  for (const name of names) visit(name);
  return [...found].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

interface LockEntry {
  readonly link?: boolean;
  readonly resolved?: string;
}

interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>;
}

/**
 * A root that knows only these workspaces, and a lock file without the others. npm itself leaves out what then nobody
 * needs; it only must not find a workspace in the lock that is not there.
 */
export function reduceRoot(
  manifest: Readonly<Record<string, unknown>>,
  lock: Lock,
  workspaces: readonly Workspace[],
): { readonly manifest: Record<string, unknown>; readonly lock: Lock } {
  const folders = workspaces.map(({ folder }) => folder);
  const { name, version, license, type } = manifest;
  const root = { name, version, private: true, license, type, workspaces: folders };
  const isOurs = (path: string, { link, resolved }: LockEntry) => {
    if (link === true) return folders.includes(resolved ?? "");
    const home = path.split("/node_modules/")[0] ?? path;
    return home.startsWith("node_modules/") || folders.includes(home);
  };
  const packages = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && isOurs(path, entry));
  return { manifest: root, lock: { ...lock, packages: { "": root as LockEntry, ...Object.fromEntries(packages) } } };
}
