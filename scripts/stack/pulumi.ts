import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { noFacts, noteError, noteLine, type RunFacts } from "./events.ts";
import type { StackCommand } from "./options.ts";
import { shownText } from "./shown-text.ts";

/** Pulumi could not be asked; the message says what to do. */
export class PulumiError extends Error {
  override readonly name = "PulumiError";
}

export interface PulumiRun {
  readonly facts: RunFacts;
  readonly status: number;
}

/** What Pulumi writes beside its events; more is not kept. */
const STDERR_CHARS_MAX = 65_536;

/** Pulumi's own exit codes (cmdutil). */
const NOT_LOGGED_IN = 3;
const STACK_UNKNOWN = 6;

/** The findings say so better. */
const NO_CHANGES_EXPECTED = "no changes were expected";

const WORDS: Readonly<Record<StackCommand, readonly string[]>> = {
  preview: ["preview", "--policy-pack", "infra/policy"],
  // Not preview --refresh: that also tells what Kubernetes itself writes into an object.
  drift: ["refresh", "--preview-only", "--expect-no-changes"],
};

export function pulumiWords(command: StackCommand, stack: string): string[] {
  const ways = ["--json", "--non-interactive", "--suppress-outputs", "--color", "never"];
  return [...WORDS[command], "--stack", stack, ...ways];
}

/** Runs Pulumi to its end and takes in what it tells. */
export async function askPulumi(
  command: StackCommand,
  stack: string,
  where: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<PulumiRun> {
  const facts = noFacts();
  const child = spawn("pulumi", pulumiWords(command, stack), { ...where, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    if (said.length < STDERR_CHARS_MAX) said += chunk;
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => reject(notStarted(error)));
    child.once("close", (code, signal) => {
      if (code === null) reject(new PulumiError(`Pulumi was ended by ${signal}: nothing is known.`));
      else resolve(code);
    });
  });
  const told = (async () => {
    for await (const line of createInterface({ input: child.stdout })) noteLine(facts, line);
  })();
  const [status] = await Promise.all([ended, told]);
  if (status !== 0) refuseUnasked(status, said, stack);
  const errors = said.split("\n").filter((line) => line.startsWith("error: ") && !line.includes(NO_CHANGES_EXPECTED));
  for (const error of errors) noteError(facts, error);
  return { facts, status };
}

function notStarted(error: NodeJS.ErrnoException): PulumiError {
  return new PulumiError(
    error.code === "ENOENT"
      ? "There is no pulumi on the PATH: install it, docs/deploy-any-kubernetes.md says how."
      : `pulumi could not be started: ${error.message}.`,
  );
}

/** Throws where Pulumi did not come as far as the program. */
function refuseUnasked(status: number, said: string, stack: string): void {
  if (status === NOT_LOGGED_IN || said.includes("PULUMI_ACCESS_TOKEN must be set"))
    throw new PulumiError("Pulumi is not logged in: pulumi login s3://YOUR-STATE-BUCKET, or wherever the state is.");
  if (status === STACK_UNKNOWN)
    throw new PulumiError(`There is no stack ${stack} where Pulumi is logged in: pulumi stack ls shows them.`);
  if (said.includes("PULUMI_CONFIG_PASSPHRASE"))
    throw new PulumiError(
      `The secrets of ${stack} are under a passphrase: set PULUMI_CONFIG_PASSPHRASE_FILE to the file that holds it.`,
    );
  if (said.includes("get stack secrets manager"))
    throw new PulumiError(`The secrets of ${stack} cannot be read: ${shownText(said)}`);
}
