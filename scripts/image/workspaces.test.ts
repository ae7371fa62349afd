import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { IMAGE_APPS } from "./apps.ts";
import { closureOf, readWorkspaces, reduceRoot } from "./workspaces.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => JSON.parse(readFileSync(`${ROOT}/${path}`, "utf8"));
const workspaces = readWorkspaces(ROOT);
const all = read("package.json");
const lock = read("package-lock.json");

test.each(IMAGE_APPS)("the image of %s holds every workspace that one of its workspaces needs", (app) => {
  const closure = closureOf(workspaces, [`@burnline/${app}`]);
  const names = closure.map(({ manifest }) => manifest.name);
  const needed = closure.flatMap(({ manifest }) => Object.keys(manifest.dependencies ?? {}));
  expect(names).toEqual(expect.arrayContaining(needed.filter((name) => name.startsWith("@burnline/"))));
  expect(names.filter((name) => IMAGE_APPS.some((other) => name === `@burnline/${other}`))).toEqual([
    `@burnline/${app}`,
  ]);
});

test("the model's runtime is only where the model runs", () => {
  const withModel = IMAGE_APPS.filter((app) =>
    closureOf(workspaces, [`@burnline/${app}`]).some(
      ({ manifest }) => "onnxruntime-node" in (manifest.dependencies ?? {}),
    ),
  );
  expect(withModel).toEqual(["inference"]);
});

test.each(IMAGE_APPS)("the root of %s knows its own workspaces and no tools", (app) => {
  const closure = closureOf(workspaces, [`@burnline/${app}`]);
  const reduced = reduceRoot(all, lock, closure);
  const folders = closure.map(({ folder }) => folder);
  expect(reduced.manifest).toMatchObject({ version: all.version, workspaces: folders });
  expect(reduced.manifest).not.toHaveProperty("dependencies");
  expect(reduced.manifest).not.toHaveProperty("devDependencies");
  const links = Object.values(reduced.lock.packages).flatMap(({ link, resolved }) => (link ? [resolved] : []));
  expect([...links].sort()).toEqual(folders);
  const homes = Object.keys(reduced.lock.packages).filter((path) => !path.startsWith("node_modules/") && path !== "");
  for (const home of homes) expect(folders).toContain(home.split("/node_modules/")[0]);
});

test("a workspace that is not there is named", () => {
  expect(() => closureOf(workspaces, ["@burnline/spoiler"])).toThrow("There is no workspace @burnline/spoiler");
});
