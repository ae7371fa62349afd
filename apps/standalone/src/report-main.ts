import { SourceError } from "@burnline/ingest";
import { createLogger, EXIT_FAILURE, EXIT_OK, EXIT_USAGE, OperatingError } from "@burnline/runtime";
import { reportConfig } from "./config.ts";
import { fuelReport } from "./fuel-report.ts";
import { runHeadless } from "./headless-race.ts";
import { openConfiguredSource } from "./race-source.ts";
import { reportText } from "./report-table.ts";
import { openResidualModel } from "./residual-model.ts";

const outcome = reportConfig();
if (outcome.type !== "config") {
  (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
  process.exit(outcome.type === "answer" ? EXIT_OK : EXIT_USAGE);
}
const { config } = outcome;
const logger = createLogger({ service: "report", level: "warn", format: "lines" });

try {
  const source = await openConfiguredSource(config);
  const result = await runHeadless(source, await openResidualModel(config.model, logger), logger);
  await source.close?.();
  const report = fuelReport(source.race.race, source.description, result);
  process.stdout.write(`${config.json ? JSON.stringify(report) : reportText(report)}\n`);
} catch (error) {
  if (!(error instanceof SourceError || error instanceof OperatingError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_FAILURE;
}
