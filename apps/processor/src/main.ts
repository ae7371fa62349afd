import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, OperatingError } from "@burnline/runtime";
import { type ClusterProcess, openClusterProcess } from "./cluster-process.ts";
import { processorConfig } from "./config.ts";

const outcome = processorConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "processor", level: config.logLevel, format: config.logFormat });

let lifecycle: Lifecycle | undefined;
const { parts, server, memberId } = await openOrExit();
lifecycle = new Lifecycle({
  parts: [...parts, { name: "greeting", start: greet, stop: async () => {} }],
  logger,
  health: server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<ClusterProcess> {
  try {
    return await openClusterProcess(config, logger, (part, error) => lifecycle?.fail(part, error));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

async function greet(): Promise<void> {
  logger.info({ race: config.race, memberId, port: server.port }, "ready to own partitions");
}
