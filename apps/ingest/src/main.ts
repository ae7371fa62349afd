import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, OperatingError } from "@burnline/runtime";
import { ingestConfig } from "./config.ts";
import { type IngestProcess, openIngestProcess } from "./ingest-process.ts";

const outcome = ingestConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "ingest", level: config.logLevel, format: config.logFormat });

let lifecycle: Lifecycle | undefined;
const { parts, server, source } = await openOrExit();
lifecycle = new Lifecycle({
  parts: [...parts, { name: "greeting", start: greet, stop: async () => {} }],
  logger,
  health: server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<IngestProcess> {
  try {
    return await openIngestProcess(config, logger, (part, error) => lifecycle?.fail(part, error));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

async function greet(): Promise<void> {
  logger.info({ race: config.race, source: source.description, port: server.port }, "ingest runs");
}
