import { SourceError } from "@burnline/ingest";
import { configOrExit, createLogger, EXIT_FAILURE, Lifecycle, OperatingError } from "@burnline/runtime";
import { standaloneConfig } from "./config.ts";
import { reportProgress } from "./progress.ts";
import { createRaceChain, type RaceChain } from "./race-chain.ts";
import { openRaceFolder, type RaceFolder } from "./race-folder.ts";

const config = configOrExit(standaloneConfig(), process);
const logger = createLogger({ service: "burnline", level: config.logLevel, format: config.logFormat });

let lifecycle: Lifecycle | undefined;
const onFault = (part: string, error: unknown) => lifecycle?.fail(part, error);

const race = await openOrExit();
const chain = await createRaceChain({ config, race, logger, onFault });
lifecycle = new Lifecycle({
  parts: [...chain.parts, greeting(chain, race)],
  logger,
  health: chain.server.health,
  signals: process,
  exit: (code) => process.exit(code),
});
await lifecycle.run();

async function openOrExit(): Promise<RaceFolder> {
  try {
    return await openRaceFolder(config);
  } catch (error) {
    if (!(error instanceof OperatingError || error instanceof SourceError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_FAILURE);
  }
}

/** The last part to start: everything runs, so say where. */
function greeting({ server, gateway, ingest }: RaceChain, { source, folder, isResumed }: RaceFolder) {
  let stop = () => {};
  return {
    name: "progress",
    start: async () => {
      const url = `http://${config.host}:${server.port}`;
      process.stderr.write(
        `\n  Burnline  ${url}\n  ${source.description}\n  ${isResumed ? "going on in" : "kept in"} ${folder}\n\n`,
      );
      stop = reportProgress({ gateway, ingest, url, logger });
    },
    stop: async () => stop(),
  };
}
