import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function actionlint(paths: readonly string[], input?: string) {
  const run = spawnSync("actionlint", ["-no-color", ...paths], { cwd: ROOT, encoding: "utf8", input });
  if (run.error !== undefined)
    throw new Error(
      "actionlint is not installed, this test needs it: go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
    );
  return run;
}

test("GitHub takes every workflow, as far as actionlint knows", () => {
  const paths = readdirSync(`${ROOT}/.github/workflows`).map((name) => `.github/workflows/${name}`);
  expect(actionlint(paths)).toMatchObject({ stdout: "", status: 0 });
});

test("a key that GitHub does not know is found", () => {
  const text = "on: push\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    timeout: 5\n    steps:\n      - run: ls\n";
  expect(actionlint(["-"], text)).toMatchObject({ stdout: expect.stringContaining('"timeout"'), status: 1 });
});
