import { InvariantError } from "@burnline/std";
import { type SimResult, simulate } from "./chain.ts";
import { parseSimCommand, SIM_USAGE } from "./options.ts";

const argv = process.argv.slice(2);
if (argv.includes("--help")) {
  process.stdout.write(`${SIM_USAGE}\n`);
  process.exit(0);
}
const command = parseSimCommand(argv);
if ("error" in command) {
  process.stderr.write(`${command.error}\n\n${SIM_USAGE}\n`);
  process.exit(2);
}

let broken = 0;
const sums = {
  crashes: 0,
  freezes: 0,
  takeovers: 0,
  losses: 0,
  stalls: 0,
  stateLosses: 0,
  commits: 0,
  fencedCommits: 0,
  resent: 0,
};
const counted = Object.keys(sums) as (keyof typeof sums)[];
for (const seed of command.seeds) {
  try {
    const result = await simulate({ ...command.options, seed });
    for (const key of counted) sums[key] += result[key];
    process.stdout.write(`${command.json ? JSON.stringify(result) : resultLine(result)}\n`);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    broken++;
    process.stdout.write(`seed ${seed} BROKEN ${error.message}\n`);
  }
}
if (command.seeds.length > 1) {
  const verdict = `${command.seeds.length} seeds, ${broken} with a broken invariant`;
  process.stdout.write(`${verdict}; ${counted.map((key) => `${key} ${sums[key]}`).join(" ")}\n`);
}
process.exitCode = broken === 0 ? 0 : 1;

function resultLine(result: SimResult): string {
  const {
    seed,
    frames,
    duplicates,
    lateSamples,
    facts,
    crashes,
    freezes,
    stateLosses,
    commits,
    fencedCommits,
    stateHash,
  } = result;
  return [
    `seed ${seed} ok`,
    `frames ${frames} duplicates ${duplicates} late-samples ${lateSamples} facts ${facts}`,
    `crashes ${crashes} freezes ${freezes} leaves ${result.leaves} takeovers ${result.takeovers} losses ${result.losses} stalls ${result.stalls} state-losses ${stateLosses}`,
    `commits ${commits} fenced ${fencedCommits} resent ${result.resent}`,
    `model ${result.modelCorrections} state ${stateHash}`,
  ].join("  ");
}
