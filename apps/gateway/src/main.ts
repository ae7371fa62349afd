import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, OperatingError } from "@burnline/runtime";
import { gatewayConfig } from "./config.ts";
import { type GatewayProcess, openGatewayProcess } from "./gateway-process.ts";

const outcome = gatewayConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "gateway", level: config.logLevel, format: config.logFormat });

let lifecycle: Lifecycle | undefined;
const { parts, server } = await openOrExit();
lifecycle = new Lifecycle({
  parts: [...parts, { name: "greeting", start: greet, stop: async () => {} }],
  logger,
  health: server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<GatewayProcess> {
  try {
    return await openGatewayProcess(config, logger, (part, error) => lifecycle?.fail(part, error));
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

async function greet(): Promise<void> {
  logger.info({ race: config.race, url: `http://${config.host}:${server.port}`, port: server.port }, "gateway runs");
}
