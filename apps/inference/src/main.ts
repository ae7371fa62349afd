import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, OperatingError } from "@burnline/runtime";
import { inferenceConfig } from "./config.ts";
import { type InferenceProcess, openInferenceProcess } from "./inference-process.ts";

const outcome = inferenceConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "inference", level: config.logLevel, format: config.logFormat });

const { parts, server, modelVersion } = await openOrExit();
const lifecycle = new Lifecycle({
  parts: [...parts, { name: "greeting", start: greet, stop: async () => {} }],
  logger,
  health: server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<InferenceProcess> {
  try {
    return await openInferenceProcess(config, logger);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

async function greet(): Promise<void> {
  logger.info({ race: config.race, model: modelVersion, port: server.port }, "inference runs");
}
