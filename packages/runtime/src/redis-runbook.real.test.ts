import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { membersKey, partitionKeys, raceKey } from "./redis-keys.ts";
import { type RealServer, startRedisServer } from "./testing/real-servers.ts";

/** What the runbooks say to type, typed as the user that the platform gives to whoever reads its Secret. */
const ROOT = new URL("../../../", import.meta.url);
const RUNBOOKS = readFileSync(new URL("docs/operations.md", ROOT), "utf8");
const RIGHTS = /REDIS_USER_RIGHTS = "([^"]+)"/.exec(
  readFileSync(new URL("infra/platform/redis-config.ts", ROOT), "utf8"),
)?.[1];
const COMMANDS = RUNBOOKS.match(/(?<=^ *|`)redis-cli -u "\$URL" [^`\n]+/gm) ?? [];
const RACE = "RACE";

const folder = mkdtempSync(join(tmpdir(), "burnline-runbook-"));
let redis: RealServer;
beforeAll(async () => {
  const aclFile = join(folder, "users.acl");
  writeFileSync(aclFile, `user default on nopass ~* &* +@all\nuser burnline on >secret ${RIGHTS}\n`);
  redis = await startRedisServer({ args: ["--aclfile", aclFile] });
});
afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

function type(command: string): string {
  const url = `redis://burnline:secret@127.0.0.1:${redis.port}/0`;
  return execFileSync("sh", ["-c", `URL='${url}'; { ${command}; } 2>&1`], { encoding: "utf8" });
}

test("every Redis command of the runbooks is one that its user may give", () => {
  expect(COMMANDS.length).toBeGreaterThanOrEqual(3);
  for (const command of COMMANDS) expect(type(command), command).not.toMatch(/NOPERM|\bERR\b|error/i);
  expect(type('redis-cli -u "$URL" FLUSHDB')).toContain("NOPERM");
});

test("what a rollback removes is all of a race, and nothing of another one", () => {
  const keys = (race: string) => [
    ...partitionKeys(race, 0),
    ...partitionKeys(race, 63),
    raceKey(race),
    membersKey(race),
  ];
  for (const key of [...keys(RACE), ...keys(`${RACE}2`)]) type(`redis-cli -u "$URL" SET '${key}' 1`);
  const removal = COMMANDS.find((command) => command.includes("UNLINK"));
  type(removal ?? "false");
  const held = type(`redis-cli -u "$URL" --scan`).split("\n");
  expect(held.filter((line) => line.startsWith("burnline:")).toSorted()).toEqual(keys(`${RACE}2`).toSorted());
});
