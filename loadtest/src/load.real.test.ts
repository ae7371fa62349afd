import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LoadSummary } from "./load-summary.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-load-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(...argv: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    const args = ["--disable-warning=ExperimentalWarning", MAIN, ...argv];
    execFile(process.execPath, args, { maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : 1, said: stdout + stderr });
    });
  });
}

test("smoke: forty cars through the ingest's socket reach every dashboard, complete, in order and in time", async () => {
  const file = join(folder, "smoke.json");
  const { code, said } = await load("smoke", "--duration", "15s", "--json", file);
  expect(existsSync(file), said).toBe(true);
  const summary = JSON.parse(readFileSync(file, "utf8")) as LoadSummary;
  expect(summary, said).toMatchObject({ thresholdsFailed: [], thresholdsPassed: true, orderViolations: 0 });
  expect(summary).toMatchObject({ drops: 0, samplesMissing: 0, unexpectedCloses: 0, clients: 4 });
  expect(summary.framesAcked).toBe(summary.framesSent);
  expect(summary.lapsJudged).toBeGreaterThanOrEqual(40);
  expect(summary.latencyMs.p95).toBeGreaterThan(0);
  expect(code).toBe(0);
});

test("a gateway that answers nothing fails the run, with a sentence", async () => {
  const silent = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const { code, said } = await load("smoke", "--duration", "1s", "--ingest", url, "--gateway", url);
  silent.close();
  expect(code).toBe(1);
  expect(said).toContain("takes no feed connection");
});

test("the archive for k6-operator has everything in it and fits into a ConfigMap", async () => {
  const file = join(folder, "race.tar");
  const { code, said } = await load("race", "--archive", file);
  expect(code, said).toBe(0);
  expect(statSync(file).size).toBeLessThan(1_000_000);
  expect(readFileSync(file, "latin1")).toContain("profiles/race.json");
});
