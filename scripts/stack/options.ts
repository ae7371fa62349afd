export interface StackOptions {
  readonly stack: string;
  /** The file that the summary is appended to, as $GITHUB_STEP_SUMMARY is. */
  readonly summaryFile?: string;
}

export type StackOptionsOutcome =
  | { readonly type: "options"; readonly options: StackOptions }
  | { readonly type: "answer" | "refused"; readonly text: string };

const FLAGS = `
  STACK           name of the stack, such as prod-eks or organization/burnline/prod-eks
  --summary FILE  append the summary to this file too, as Markdown: made for $GITHUB_STEP_SUMMARY
Pulumi is logged in beforehand (docs/deploy-eks.md). Values are never shown, only the names of what they belong to.`;

const HELP = {
  preview: `npm run preview -- STACK [flags]: what pulumi up would do, held against the policy pack; changes nothing
${FLAGS}
Ends with 0 when it can be applied, 1 when it breaks a policy or fails, 2 when it could not be asked.`,
  drift: `npm run drift -- STACK [flags]: what somebody changed past Pulumi since the last up; changes nothing
${FLAGS}
Ends with 0 when nothing differs, 1 when something does, 2 when it could not be asked.`,
};
export type StackCommand = keyof typeof HELP;

export function parseStackOptions(command: StackCommand, argv: readonly string[]): StackOptionsOutcome {
  let stack: string | undefined;
  let summaryFile: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === "help") return { type: "answer", text: HELP[command] };
    if (name === "summary") {
      summaryFile = inline ?? argv[++index];
      if (summaryFile === undefined || summaryFile === "" || summaryFile.startsWith("--"))
        return refused("The flag --summary needs a value.");
    } else if (argument.startsWith("-")) return refused(`The flag ${argument} is not known: --help shows all.`);
    else if (stack !== undefined) return refused(`One stack at a time: ${stack} or ${argument}.`);
    else stack = argument;
  }
  if (stack === undefined) return refused(`Which stack? npm run ${command} -- STACK; pulumi stack ls shows them.`);
  if (!/^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+){0,2}$/.test(stack))
    return refused(`${stack} is no name of a stack, such as prod-eks: letters, digits, ., - and _.`);
  return { type: "options", options: { stack, ...(summaryFile === undefined ? {} : { summaryFile }) } };
}

function refused(text: string): StackOptionsOutcome {
  return { type: "refused", text };
}
