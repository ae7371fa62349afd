import { EXIT_USAGE } from "@burnline/runtime";
import { viewerTokenConfig } from "./config.ts";
import { signViewerToken } from "./viewer-token.ts";

const outcome = viewerTokenConfig();
if (outcome.type === "config") {
  const { viewerKeys, race, viewer, days } = outcome.config;
  const [key = ""] = viewerKeys;
  process.stdout.write(`${await signViewerToken(key, { name: viewer, race, days }, Date.now())}\n`);
} else if (outcome.type === "answer") {
  process.stdout.write(`${outcome.text}\n`);
} else {
  process.stderr.write(`${outcome.text}\n`);
  process.exitCode = EXIT_USAGE;
}
