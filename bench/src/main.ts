import { parseArgs } from "node:util";
import { type BenchCommand, BenchError, type OptionValues, UsageError } from "./bench-command.ts";
import { chainCommand } from "./chain-command.ts";
import { decodeCommand } from "./decode-command.ts";
import { latencyCommand } from "./latency-command.ts";
import { memoryCommand } from "./memory-command.ts";
import { recoveryCommand } from "./recovery-command.ts";
import { streamCommand } from "./stream-command.ts";

const BENCHES: Readonly<Record<string, BenchCommand>> = {
  stream: streamCommand,
  latency: latencyCommand,
  chain: chainCommand,
  decode: decodeCommand,
  recovery: recoveryCommand,
  memory: memoryCommand,
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof BenchError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  } else if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage()}`);
    process.exitCode = 2;
  } else throw error;
}

async function main(args: readonly string[]): Promise<void> {
  const [name = "", ...rest] = args;
  if (name === "" || args.includes("--help")) {
    process.stdout.write(usage());
    return;
  }
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
  if (bench === undefined) {
    throw new UsageError(`There is no benchmark "${name}"; there are ${Object.keys(BENCHES).join(", ")}.`);
  }
  const { json, ...values } = readOptions(bench, rest);
  const { result, lines } = await bench.run(values);
  process.stdout.write(json === true ? `${JSON.stringify(result)}\n` : `${lines.join("\n")}\n`);
}

function readOptions({ options, switches = {} }: BenchCommand, args: string[]): OptionValues {
  const valued = Object.keys(options).map((option) => [option, { type: "string" as const }] as const);
  const plain = ["json", ...Object.keys(switches)].map((option) => [option, { type: "boolean" as const }] as const);
  try {
    return parseArgs({ args, options: Object.fromEntries([...plain, ...valued]) }).values as OptionValues;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function usage(): string {
  const benches = Object.entries(BENCHES).flatMap(([name, { summary, options, switches = {} }]) => [
    `${name}: ${summary}`,
    ...Object.entries({ ...switches, ...options }).map(([option, meaning]) => `  --${option.padEnd(20)} ${meaning}`),
    "",
  ]);
  return ["npm run bench -- NAME [--json] [options]", "", ...benches].join("\n");
}
