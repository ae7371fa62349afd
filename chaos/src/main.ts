import { runChaos } from "./chaos-run.ts";
import { CHAOS_USAGE, parseChaosCommand } from "./options.ts";
import { faultLine, figuresByKind, summaryLines } from "./report.ts";

const argv = process.argv.slice(2);
if (argv.includes("--help")) {
  process.stdout.write(`${CHAOS_USAGE}\n`);
  process.exit(0);
}
const command = parseChaosCommand(argv);
if ("error" in command) {
  process.stderr.write(`${command.error}\n\n${CHAOS_USAGE}\n`);
  process.exit(2);
}

// Ending at once also ends the servers and processors, which would otherwise go on for ever.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

const progress = command.json ? process.stderr : process.stdout;
const result = await runChaos(command.options, (fault) => progress.write(`${faultLine(fault)}\n`));
if (command.json) process.stdout.write(`${JSON.stringify({ ...result, kinds: figuresByKind(result.faults) })}\n`);
else process.stdout.write(`${summaryLines(result).join("\n")}\n`);
process.exitCode = result.isExact && result.brokenLimits.length === 0 ? 0 : 1;
