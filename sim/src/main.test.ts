import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { SIM_USAGE } from "./options.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

function run(...argv: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", MAIN, ...argv],
    { encoding: "utf8" },
  );
  return { code: status, out: stdout, err: stderr };
}

test("asked for help it explains itself and ends well, whatever else was said", () => {
  expect(run("--help")).toEqual({ code: 0, out: `${SIM_USAGE}\n`, err: "" });
  expect(run("--seed", "x", "--help")).toMatchObject({ code: 0, out: `${SIM_USAGE}\n` });
});

test("a command that it does not understand ends with 2, one sentence and the usage", () => {
  expect(run("--sed", "1")).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^Unknown option '--sed'/) });
});
