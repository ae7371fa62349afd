import { SourceError } from "@burnline/ingest";
import { configOrExit, createLogger, EXIT_FAILURE, OperatingError } from "@burnline/runtime";
import { reportConfig } from "./config.ts";
import { fuelReport } from "./fuel-report.ts";
import { runHeadless } from "./headless-race.ts";
import { openConfiguredSource } from "./race-source.ts";
import { reportText } from "./report-table.ts";
import { openResidualModel } from "./residual-model.ts";

const config = configOrExit(reportConfig(), process);
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
