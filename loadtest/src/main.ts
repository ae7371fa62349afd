import { configOrExit, EXIT_FAILURE, EXIT_OK } from "@burnline/runtime";
import { loadConfig } from "./config.ts";
import { LoadError } from "./load-error.ts";
import { runLoad, writeArchive } from "./load-run.ts";
import { usageText } from "./process-usage.ts";

const config = configOrExit(loadConfig(process.argv.slice(2)), process);
const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());

process.exit(await run());

async function run(): Promise<number> {
  try {
    if (config.archiveFile !== undefined) {
      await writeArchive(config.archiveFile, config);
      return EXIT_OK;
    }
    process.stdout.write(`${config.profile.name}: ${config.profile.purpose}\n`);
    const summary = await runLoad(config, (line) => process.stdout.write(`  ${line}\n`), stopping.signal);
    process.stdout.write(usageText(summary.processes ?? []));
    return summary.thresholdsPassed ? EXIT_OK : EXIT_FAILURE;
  } catch (error) {
    if (!(error instanceof LoadError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return EXIT_FAILURE;
  }
}
