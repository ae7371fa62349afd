import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pulumiEnvironment } from "./config.ts";
import { noFacts } from "./events.ts";
import { parseStackOptions, type StackCommand } from "./options.ts";
import { askPulumi, PulumiError } from "./pulumi.ts";
import { driftVerdict, previewVerdict, summaryText } from "./summary.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NOT_ASKED = 2;

/** @returns the exit code of `npm run preview` or `npm run drift` */
export async function runStackCommand(command: StackCommand, argv: readonly string[]): Promise<number> {
  const outcome = parseStackOptions(command, argv);
  if (outcome.type !== "options") {
    (outcome.type === "answer" ? process.stdout : process.stderr).write(`${outcome.text}\n`);
    return outcome.type === "answer" ? 0 : NOT_ASKED;
  }
  const { stack, summaryFile } = outcome.options;
  const problem = append(summaryFile, "");
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    return NOT_ASKED;
  }
  try {
    const { facts, status } = await askPulumi(command, stack, { cwd: ROOT, env: pulumiEnvironment() });
    const verdict = (command === "preview" ? previewVerdict : driftVerdict)(facts, status);
    const text = summaryText(command, stack, verdict, facts);
    process.stdout.write(text);
    append(summaryFile, text);
    return verdict.exitCode;
  } catch (error) {
    if (!(error instanceof PulumiError)) throw error;
    process.stderr.write(`${error.message}\n`);
    const verdict = { exitCode: NOT_ASKED, sentence: error.message };
    append(summaryFile, summaryText(command, stack, verdict, noFacts()));
    return NOT_ASKED;
  }
}

/** @returns a sentence when that cannot be; with nothing to append it shows beforehand whether it could. */
function append(file: string | undefined, text: string): string | undefined {
  if (file === undefined) return undefined;
  try {
    appendFileSync(file, text);
    return undefined;
  } catch (error) {
    return `Nothing can be appended to --summary ${file}: ${String(error)}`;
  }
}
