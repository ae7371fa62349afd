import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pulumiWords } from "./pulumi.ts";

const SCRIPTS = fileURLToPath(new URL("..", import.meta.url));
const FIXTURES = join(SCRIPTS, "stack/testing");
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-pulumi-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A pulumi that writes down how it was called, says this, and ends so. */
function install({
  status = 0,
  stdout = "",
  stderr = "",
}: {
  status?: number;
  stdout?: string;
  stderr?: string;
}): void {
  writeFileSync(join(folder, "stdout"), stdout);
  writeFileSync(join(folder, "stderr"), stderr);
  const lines = [
    "#!/bin/sh",
    `printf '%s\\n' "$@" > '${folder}/called'`,
    `printf '%s' "$PULUMI_ENABLE_STREAMING_JSON_PREVIEW" > '${folder}/streams'`,
    `pwd > '${folder}/where'`,
    `cat '${folder}/stdout'; cat '${folder}/stderr' >&2`,
    `exit ${status}`,
  ];
  writeFileSync(join(folder, "pulumi"), lines.join("\n"));
  chmodSync(join(folder, "pulumi"), 0o755);
}

/** `npm run preview` or `npm run drift`, as a process of its own. */
function run(command: string, ...argv: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(SCRIPTS, `${command}.ts`), ...argv], {
    ...{
      encoding: "utf8",
      cwd: folder,
      env: { ...process.env, PATH: `${folder}:/usr/bin:/bin`, NODE_NO_WARNINGS: "1" },
    },
  });
  return { status, stdout, stderr };
}

const told = (name: string) => readFileSync(join(folder, name), "utf8").trim();
const events = (name: string) => readFileSync(join(FIXTURES, `${name}.jsonl`), "utf8");
const withPack = (text: string) =>
  text.replace('"PolicyPacks":{}', '"PolicyPacks":{"burnline|local|infra/policy":"0.1.0"}');

test("a preview always runs the policy pack, from the repository's root wherever it is called", () => {
  install({ stdout: withPack(events("preview")) });
  const { status, stdout } = run("preview", "prod-eks");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^## Preview of prod-eks\n\n✅ It can be applied: 2 to create, 2 to replace, 1 to delete\./);
  expect(told("called").split("\n")).toEqual(pulumiWords("preview", "prod-eks"));
  expect(told("called")).toMatch(/^preview\n--policy-pack\ninfra\/policy\n/);
  expect(existsSync(join(told("where"), "infra/policy/PulumiPolicy.yaml"))).toBe(true);
  expect(told("streams")).toBe("true");
});

test("a preview without the policy pack ends with 1, though Pulumi ends with 0", () => {
  install({ stdout: events("preview") });
  expect(run("preview", "prod-eks")).toMatchObject({ status: 1, stdout: expect.stringContaining("did not run") });
});

test("drift ends with 1 and the list, changes nothing and needs no confirmation", () => {
  install({ stdout: events("refresh"), stderr: "error: no changes were expected for refresh but …\n", status: 7 });
  const { status, stdout } = run("drift", "prod-eks");
  expect(status).toBe(1);
  expect(stdout).toContain("`changed`: `data`, `metadata.labels`");
  expect(stdout).not.toContain("### Errors");
  expect(told("called").split("\n")).toEqual(
    expect.arrayContaining(["refresh", "--preview-only", "--expect-no-changes", "--non-interactive"]),
  );
});

test("no drift ends with 0", () => {
  install({ stdout: '{"summaryEvent":{"resourceChanges":{"same":51},"PolicyPacks":{}}}\n' });
  expect(run("drift", "dev")).toMatchObject({ status: 0, stdout: expect.stringContaining("Nothing differs") });
});

test("what Pulumi says of a failure is shown", () => {
  install({ stderr: 'error: policy pack "infra/policy" failed to start: not supported\n', status: 1 });
  const { status, stdout } = run("preview", "dev");
  expect(status).toBe(1);
  expect(stdout).toContain('- `policy pack "infra/policy" failed to start: not supported`');
});

describe("a summary", () => {
  test("is appended to what other steps wrote", () => {
    install({ stdout: withPack(events("preview")) });
    const file = join(folder, "summary.md");
    writeFileSync(file, "before\n");
    const { stdout } = run("preview", "dev", "--summary", file);
    expect(readFileSync(file, "utf8")).toBe(`before\n${stdout}`);
  });

  test("also says that Pulumi could not be asked", () => {
    install({ status: 6, stderr: "error: no stack named 'dev' found\n" });
    const file = join(folder, "summary.md");
    expect(run("drift", "dev", "--summary", file).status).toBe(2);
    expect(readFileSync(file, "utf8")).toContain("❌ There is no stack dev where Pulumi is logged in");
  });

  test("that cannot be written is told before Pulumi is asked", () => {
    install({});
    const { status, stderr } = run("preview", "dev", "--summary", join(folder, "none/summary.md"));
    expect(status).toBe(2);
    expect(stderr).toContain("Nothing can be appended to --summary");
    expect(existsSync(join(folder, "called"))).toBe(false);
  });
});

describe("Pulumi cannot be asked: exit code 2 and one sentence", () => {
  test("it is not there", () => {
    const { status, stderr } = run("preview", "dev");
    expect(status).toBe(2);
    expect(stderr).toBe("There is no pulumi on the PATH: install it, docs/deploy-any-kubernetes.md says how.\n");
  });

  // What the real 3.260.0 ends with and writes.
  test.each([
    [3, "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "is not logged in"],
    [6, "error: no stack named 'dev' found", "There is no stack dev where Pulumi is logged in"],
    [
      1,
      "error: getting stack configuration: get stack secrets manager: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
      "The secrets of dev are under a passphrase",
    ],
    [1, "error: getting stack configuration: get stack secrets manager: AccessDenied: kms", "AccessDenied"],
  ])("exit code %i: %s", (status, said, sentence) => {
    install({ status, stderr: `${said}\n` });
    const ended = run("drift", "dev");
    expect(ended.status).toBe(2);
    expect(ended.stderr).toContain(sentence);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
  });

  test("it was ended from outside", () => {
    install({});
    writeFileSync(join(folder, "pulumi"), "#!/bin/sh\nkill -TERM $$\n");
    expect(run("drift", "dev")).toMatchObject({ status: 2, stderr: expect.stringContaining("ended by SIGTERM") });
  });
});
