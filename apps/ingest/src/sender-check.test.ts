import { expect, test } from "vitest";
import { ingestConfig } from "./config.ts";
import { SENDER_ANSWERS } from "./sender-check.ts";

test("a refused sender is told only of settings that exist", () => {
  const help = ingestConfig(["--help"]);
  if (help.type !== "answer") throw new Error("--help gave no help");
  const words = Object.values(SENDER_ANSWERS).map(({ message }) => message);
  const named = words.flatMap((message) => message.match(/--[a-z-]+|BURNLINE_[A-Z_]+/g) ?? []);
  expect(named).toContain("--token");
  for (const name of named) expect(help.text.split(/[\s,()[\]]+/)).toContain(name);
});
