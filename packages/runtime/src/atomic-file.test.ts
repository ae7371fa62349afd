import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFileAtomically } from "./atomic-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "burnline-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced as a whole and nothing else stays behind", async () => {
  const path = join(folder, "race.json");
  writeFileSync(path, "a much longer former content");
  await writeFileAtomically(path, "new");
  await writeFileAtomically(join(folder, "bytes"), Uint8Array.of(1, 2));
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(readdirSync(folder).toSorted()).toEqual(["bytes", "race.json"]);
});

test("when writing fails the old file stays and no half of a new one", async () => {
  const path = join(folder, "race.json");
  writeFileSync(path, "old");
  const broken = { toString: () => "x" } as unknown as string;
  await expect(writeFileAtomically(path, broken)).rejects.toThrow();
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(folder)).toEqual(["race.json"]);
  await expect(writeFileAtomically(join(folder, "none", "x"), "y")).rejects.toMatchObject({ code: "ENOENT" });
});
