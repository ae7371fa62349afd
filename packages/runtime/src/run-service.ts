import type { ConfigOutcome } from "./config.ts";
import type { Health } from "./health.ts";
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Lifecycle, type Part } from "./lifecycle.ts";
import { createLogger, type LogFormat, type Logger, type LogLevel } from "./log.ts";
import { OperatingError } from "./operating-error.ts";

/** What a main file hands over: `process`. */
type OwnProcess = Pick<NodeJS.Process, "stdout" | "stderr" | "exit" | "on" | "off">;

/** The configuration; or what was asked or is wrong is written, and the process ends. */
export function configOrExit<Config>(outcome: ConfigOutcome<Config>, own: Omit<OwnProcess, "on" | "off">): Config {
  if (outcome.type === "config") return outcome.config;
  (outcome.type === "answer" ? own.stdout : own.stderr).write(`${outcome.text}\n`);
  return own.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}

interface ServiceConfig {
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** What a service opened before anything runs. */
interface OpenedService {
  /** In the order in which they start. */
  readonly parts: readonly Part[];
  readonly server: { readonly health: Pick<Health, "stopping"> };
}

export interface Service<Config extends ServiceConfig, Opened extends OpenedService> {
  /** In the logs: "ingest". */
  readonly name: string;
  readonly outcome: ConfigOutcome<Config>;
  readonly process: OwnProcess;
  /**
   * `onFault` ends everything once it runs.
   * @throws OperatingError, whose sentence is all that is said before the process ends
   */
  readonly open: (config: Config, logger: Logger, onFault: (part: string, error: unknown) => void) => Promise<Opened>;
  /** What is logged when all parts run. */
  readonly greeting: (config: Config, opened: Opened) => readonly [fields: object, message: string];
}

/** A service's whole life: its configuration, its parts until a signal or a fault, and the exit code. */
export async function runService<Config extends ServiceConfig, Opened extends OpenedService>(
  service: Service<Config, Opened>,
): Promise<void> {
  const { name, process: own, open, greeting } = service;
  const config = configOrExit(service.outcome, own);
  const logger = createLogger({ service: name, level: config.logLevel, format: config.logFormat });
  let lifecycle: Lifecycle | undefined;
  const opened = await open(config, logger, (part, error) => lifecycle?.fail(part, error)).catch((error: unknown) => {
    if (!(error instanceof OperatingError)) throw error;
    own.stderr.write(`${error.message}\n`);
    return own.exit(EXIT_FAILURE);
  });
  const greet = async () => logger.info(...greeting(config, opened));
  lifecycle = new Lifecycle({
    parts: [...opened.parts, { name: "greeting", start: greet, stop: async () => {} }],
    logger,
    health: opened.server.health,
    signals: own,
    exit: (code) => own.exit(code),
  });
  await lifecycle.run();
}
