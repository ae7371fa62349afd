import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const HOST = fileURLToPath(import.meta.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js"));
/** Where Pulumi runs a pack: @pulumi/policy reads its version from there. */
const PACK_FOLDER = fileURLToPath(new URL(".", import.meta.url));
/** Nobody listens there: the pack speaks to its engine when it is asked something, not before. */
const NO_ENGINE = "127.0.0.1:1";

test("the pack starts in the host and in the folder that Pulumi runs it in, and says on which port it answers", async () => {
  const host = spawn(process.execPath, [HOST, NO_ENGINE, "."], {
    ...{ cwd: PACK_FOLDER, stdio: ["ignore", "pipe", "pipe"] },
  });
  try {
    const errors: string[] = [];
    host.stderr.on("data", (chunk) => errors.push(String(chunk)));
    const said = await Promise.race([once(host.stdout, "data"), once(host, "exit").then(() => errors)]);
    expect(said.join("")).toMatch(/^\d+\s*$/);
  } finally {
    host.kill("SIGKILL");
  }
});
