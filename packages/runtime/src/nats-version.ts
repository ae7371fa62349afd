import { err, ok, type Result } from "@burnline/std";

/**
 * Oldest server that has everything used here: several subjects per consumer filter (2.10), and pull requests whose end
 * is always answered. Below it the server takes some settings without a word and ignores them.
 */
export const NATS_VERSION_MIN = "2.11.0";

/** Ok when a server of this version will do; otherwise one sentence that says what to do. */
export function checkServerVersion(version: string): Result<true, string> {
  const numbers = /^v?(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(version)
    ?.slice(1)
    .map((digits) => Number(digits ?? 0));
  if (numbers === undefined) {
    return err(
      `The NATS server says that its version is "${version}": use nats-server ${NATS_VERSION_MIN} or newer, or name another server by --nats.`,
    );
  }
  const wanted = NATS_VERSION_MIN.split(".").map(Number);
  for (const [index, least] of wanted.entries()) {
    const number = numbers[index] ?? 0;
    if (number > least) return ok(true);
    if (number < least) {
      return err(
        `The NATS server is version ${version}: Burnline needs ${NATS_VERSION_MIN} or newer: upgrade it, or name another one by --nats.`,
      );
    }
  }
  return ok(true);
}
