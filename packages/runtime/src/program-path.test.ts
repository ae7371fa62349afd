import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findProgram, goFolders } from "./program-path.ts";

const root = mkdtempSync(join(tmpdir(), "burnline-programs-"));
const [first, second] = [join(root, "first"), join(root, "second")] as const;
for (const folder of [first, second]) mkdirSync(folder);
const put = (folder: string, name: string, mode: number) => writeFileSync(join(folder, name), "", { mode });
put(second, "nats-server", 0o755);
put(first, "k6", 0o644);
put(second, "k6", 0o755);
put(first, "chrome", 0o755);
put(second, "chromium", 0o755);
afterAll(() => rmSync(root, { recursive: true }));

test("a program is the first that may be run: folders count before names, an empty folder is none", () => {
  expect(findProgram(["nats-server"], ["", first, second])).toBe(join(second, "nats-server"));
  expect(findProgram(["k6"], [first, second])).toBe(join(second, "k6"));
  expect(findProgram(["chromium", "chrome"], [first, second])).toBe(join(first, "chrome"));
  expect(findProgram(["redis-server"], [first, second, join(root, "missing")])).toBeUndefined();
});

test("Go's programs are in the folder of GOPATH, and else at home", () => {
  expect(goFolders("/opt/go", "/users/eve")).toEqual(["/opt/go/bin", "/users/eve/go/bin"]);
  expect(goFolders(undefined, "/users/eve")).toEqual(["/users/eve/go/bin"]);
  expect(goFolders("", "/users/eve")).toEqual(["/users/eve/go/bin"]);
});
