import { runStackCommand } from "./stack/run.ts";

process.exitCode = await runStackCommand("drift", process.argv.slice(2));
