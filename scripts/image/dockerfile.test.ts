import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { IMAGE_APPS } from "./apps.ts";

const read = (name: string) => readFileSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), "utf8");

/** Instructions with their continued lines, comments taken out. */
const instructions = read("Dockerfile")
  .split("\n")
  .filter((line) => !line.startsWith("#"))
  .join("\n")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");
const of = (keyword: string) => instructions.filter((line) => line.startsWith(`${keyword} `));

test("every base image comes from images.json, by argument", () => {
  const bases = of("FROM").map((line) => line.split(" ")[1] ?? "");
  const stages = of("FROM").flatMap((line) => / AS (\S+)$/.exec(line)?.[1] ?? []);
  const outside = bases.filter(
    (base) => !stages.includes(base) && !stages.includes(base.replace(/\$\{APP\}$/, "ingest")),
  );
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are the Dockerfile's own
  expect(new Set(outside)).toEqual(new Set(["${BUILD_IMAGE}", "${RUNTIME_IMAGE}"]));
});

test("the image that runs is made on the runtime image and runs as nobody, by number", () => {
  const runtime = instructions.slice(instructions.findIndex((line) => line.includes("RUNTIME_IMAGE} AS app")));
  // A number, so that Kubernetes can see that it is not root without reading the image's list of users.
  expect(runtime.filter((line) => line.startsWith("USER "))).toEqual(["USER 65532:65532"]);
  expect(runtime.filter((line) => line.startsWith("RUN "))).toEqual([]);
});

test("each app has its command, in exec form", () => {
  const commands = of("CMD");
  expect(commands).toEqual(IMAGE_APPS.map((app) => `CMD ["apps/${app}/src/main.ts"]`));
  expect(of("ENTRYPOINT")).toEqual([]);
  for (const app of IMAGE_APPS) expect(instructions).toContain(`FROM app AS run-${app}`);
});

test("nothing is fetched but packages, by the lock file and without their scripts", () => {
  expect(of("ADD")).toEqual([]);
  const runs = of("RUN").join("\n");
  expect(runs).not.toMatch(/curl|wget|apt-get|npm i(nstall)? |:latest/);
  expect(runs.match(/npm ci/g)).toHaveLength(2);
  expect(runs.match(/npm ci --cache \/cache\/npm --omit=dev --ignore-scripts/g)).toHaveLength(2);
});

test("an image says what it is made of", () => {
  const labels = of("LABEL").join(" ");
  for (const label of ["title", "version", "revision", "source", "licenses"])
    expect(labels).toContain(`org.opencontainers.image.${label}=`);
  expect(labels).toContain("dev.burnline.sbom=");
});

test("the build sees only what images are made of", () => {
  const lines = read(".dockerignore")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines[0]).toBe("*");
  expect(lines).toEqual(expect.arrayContaining(["**/node_modules", "**/*.test.ts"]));
});
