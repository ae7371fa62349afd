import { runStackCommand } from "./stack/run.ts";

process.exitCode = await runStackCommand("preview", process.argv.slice(2));
