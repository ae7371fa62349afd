import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BenchError } from "./bench-command.ts";
import { buildFlink } from "./flink-peer.ts";

test("a folder without the Flink job is refused in one sentence that names the option", async () => {
  const folder = mkdtempSync(join(tmpdir(), "burnline-peers-"));
  const building = buildFlink(folder);
  await expect(building).rejects.toThrow(BenchError);
  await expect(building).rejects.toThrow(
    /^There is no Flink job in .*: give the folder of the peers with --peers-folder\.$/,
  );
  rmSync(folder, { recursive: true });
});
