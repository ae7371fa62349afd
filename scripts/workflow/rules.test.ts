import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { type Callable, workflowProblems } from "./rules.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(`${ROOT}/${path}`, "utf8");
const FOLDER = ".github/workflows";
const NAMES = readdirSync(`${ROOT}/${FOLDER}`);
const workflow = (name: string) => read(`${FOLDER}/${name}.yml`);
const callable: Callable = {
  npmScripts: Object.keys(JSON.parse(read("package.json")).scripts),
  pulumiVersion: JSON.parse(read("infra/package.json")).dependencies["@pulumi/pulumi"],
};

test.each(NAMES)("%s keeps every rule", (name) => {
  expect(workflowProblems(read(`${FOLDER}/${name}`), callable)).toEqual([]);
});

const SHA = "a".repeat(40);

/** A breach of each rule, made in the workflow that is there. */
test.each([
  ["a tag", /checkout@\w+ # v6.0.2/, "checkout@v6", "can be moved"],
  ["a short digest", /checkout@\w+ # v6.0.2/, "checkout@de0fac2 # v6.0.2", "can be moved"],
  ["a digest of an unknown version", /checkout@\w+ # v6.0.2/, `checkout@${SHA}`, "does not say its version"],
  ["rights for all jobs", "permissions: {}", "permissions: write-all", "missing at the top"],
  ["a right to write", "contents: read", "contents: write", "does not need contents: write"],
  ["a right too many", "contents: read", "contents: read\n      pull-requests: write", "does not need pull-requests"],
  [
    "undeclared rights",
    /permissions:\n {6}contents: read\n {6}id-token: write/,
    "name: x",
    "permissions are not declared",
  ],
  ["no end", /timeout-minutes: 20/, "name: x", "timeout-minutes is missing"],
  ["an end too late", "timeout-minutes: 20", "timeout-minutes: 360", "timeout-minutes is missing or above"],
  ["runs beside each other", /concurrency:[\s\S]*?jobs:/, "jobs:", "concurrency is missing"],
  ["others' code with our rights", "pull_request:", "pull_request_target:", "runs others' code"],
  ["a login for forks", /if: vars.*\n/, "if: vars.BURNLINE_STACK != ''\n", "for a fork's pull request"],
  ["a login without environment", "environment: preview", "name: x", "without an environment"],
  ["a secret", "vars.BURNLINE_STATE", "secrets.BURNLINE_STATE", "secrets are used"],
  ["a long-lived key", "role-to-assume:", "aws-access-key-id:", "long-lived key"],
  ["a value in a command", '"$STACK"', "$" + "{{ vars.BURNLINE_STACK }}", "put together from values"],
  ["a title of a pull request in a command", '"$STACK"', "$" + "{{ github.event.pull_request.title }}", "put together"],
  ["a token that stays", "persist-credentials: false", "fetch-depth: 1", "leaves its token behind"],
  ["packages with credentials", "npm run preview --", "npm ci && npm run preview --", "before packages and actions"],
  ["a failure passed over", '"$GITHUB_STEP_SUMMARY"', '"$GITHUB_STEP_SUMMARY" || true', "passed over"],
  ["a script that is not there", "npm run preview", "npm run previews", "no npm script previews"],
  ["Pulumi past the pack", "npm run preview -- ", "pulumi preview --stack ", "past the policy pack"],
  [
    "Pulumi's action past the pack",
    "pulumi-version:",
    "command: up\n          pulumi-version:",
    "runs up, past the policy",
  ],
  ["another Pulumi", "pulumi-version: 3.260.0", "pulumi-version: 3.261.0", "pulumi-version is 3.261.0"],
])("%s is a breach that is found", (_, what, instead, problem) => {
  const before = workflow("preview");
  const after = before.replace(what, instead);
  expect(after).not.toBe(before);
  expect(workflowProblems(after, callable).join("\n")).toContain(problem);
});

test("a preview is made for whatever changes what Pulumi makes", () => {
  const { on } = parse(workflow("preview"));
  expect(Object.keys(on)).toEqual(["pull_request"]);
  for (const path of ["infra/**", "charts/**", "images.json", "Pulumi*.yaml", "package-lock.json"])
    expect(on.pull_request.paths).toContain(path);
});

test("drift is asked daily and on demand, and for no pull request", () => {
  const { on } = parse(workflow("drift"));
  expect(Object.keys(on).sort()).toEqual(["schedule", "workflow_dispatch"]);
  expect(on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }]);
});

// infra/stacks.test.ts holds what that page says against what the program pins.
test("a preview takes the charts that docs/deploy-eks.md takes", () => {
  const pulls = (text: string) => text.match(/helm pull .*/g)?.sort() ?? [];
  expect(pulls(workflow("preview"))).toHaveLength(4);
  expect(pulls(workflow("preview"))).toEqual(pulls(read("docs/deploy-eks.md")));
});

test("what workflows call with a path is there", () => {
  const called = NAMES.flatMap((name) => read(`${FOLDER}/${name}`).match(/\S+\.test\.ts/g) ?? []);
  expect(called.length).toBeGreaterThan(0);
  for (const path of called) expect(read(path)).toContain("test(");
});

test("whoever turns the workflows on is told of every variable and environment", () => {
  const page = read("docs/deploy-eks.md");
  for (const name of NAMES) {
    const text = read(`${FOLDER}/${name}`);
    const variables = [...text.matchAll(/vars\.(\w+)/g)].map(([, variable = ""]) => variable);
    for (const variable of variables) expect(page).toContain(`| \`${variable}\` |`);
    for (const [, environment] of text.matchAll(/environment: (\w+)/g))
      expect(page).toContain(`environment:${environment}`);
  }
});
