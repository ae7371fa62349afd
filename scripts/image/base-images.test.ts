import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { baseArguments, parseBaseImages } from "./base-images.ts";

const DIGEST = `sha256:${"0".repeat(64)}`;
const PINNED = { name: "docker.io/library/node", tag: "24", digest: DIGEST };
const UNPINNED = { name: "gcr.io/distroless/nodejs24", tag: "nonroot", digest: null };
const strict = { allowsUnpinnedBases: false };

test("this repository's base images are pinned, so that a build for production goes on", () => {
  const text = readFileSync(fileURLToPath(new URL("../../images.json", import.meta.url)), "utf8");
  const bases = baseArguments(parseBaseImages(text), strict);
  for (const reference of Object.values(bases)) expect(reference).toMatch(/@sha256:[0-9a-f]{64}$/);
});

test("a base image is taken by its digest", () => {
  const { BUILD_IMAGE } = baseArguments({ build: PINNED, runtime: PINNED }, strict);
  expect(BUILD_IMAGE).toBe(`docker.io/library/node@${DIGEST}`);
});

test("a base image without digest is refused, with the key to set", () => {
  expect(() => baseArguments({ build: PINNED, runtime: UNPINNED }, strict)).toThrow(
    /^refused: base image without digest: set runtime\.digest in images\.json/,
  );
});

test("tests may take base images by tag", () => {
  const bases = baseArguments({ build: PINNED, runtime: UNPINNED }, { allowsUnpinnedBases: true });
  expect(bases).toEqual({
    BUILD_IMAGE: "docker.io/library/node:24",
    RUNTIME_IMAGE: "gcr.io/distroless/nodejs24:nonroot",
  });
});

test.each([
  [{ ...PINNED, digest: "sha256:12" }, "build.digest"],
  [{ ...PINNED, tag: undefined }, "build.tag"],
  [{ ...PINNED, name: "node" }, "build.name"],
])("pins that make no sense are refused by their place", (build, place) => {
  const text = JSON.stringify({ build, runtime: PINNED });
  expect(() => parseBaseImages(text)).toThrow(`images.json: ${place} is `);
});
