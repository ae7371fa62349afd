import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, OperatingError } from "@burnline/runtime";
import { operatorConfig } from "./config.ts";
import { type OperatorProcess, openOperatorProcess } from "./operator-process.ts";

const outcome = operatorConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "operator", level: config.logLevel, format: config.logFormat });

const { parts, server } = await openOrExit();
const lifecycle = new Lifecycle({
  parts: [...parts, { name: "greeting", start: greet, stop: async () => {} }],
  logger,
  health: server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<OperatorProcess> {
  try {
    return await openOperatorProcess(config, logger);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

async function greet(): Promise<void> {
  const { namespace, host } = config;
  logger.info({ namespace, url: `http://${host}:${server.port}`, port: server.port }, "operator runs");
}
