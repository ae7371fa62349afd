import { CHANGE_OPS, type Change, type ChangeOp, type RunFacts } from "./events.ts";
import type { StackCommand } from "./options.ts";

export interface Verdict {
  readonly exitCode: number;
  /** One sentence, first in the summary. */
  readonly sentence: string;
}

/** Pulumi names a pack of a folder burnline|local|<folder>, one of Pulumi Cloud by its name (infra/policy/pack.ts) alone. */
const POLICY_PACK = "burnline";

/** What Pulumi ends with when --expect-no-changes finds some (cmdutil.ExitNoChanges). */
const CHANGES_FOUND = 7;

/** Well below what a comment of GitHub may have (65,536) and a step's summary (1 MiB); what is beyond is cut, from the end. */
const SUMMARY_CHARS_MAX = 60_000;
const NAMED_MAX = 60;
const PROPERTIES_SHOWN_MAX = 12;

/** What is lost comes first, so that a cut leaves it. What is only made is counted. */
const TITLES: Readonly<Record<StackCommand, readonly (readonly [ChangeOp, string])[]>> = {
  preview: [
    ["replace", "Replaced"],
    ["delete", "Deleted"],
    ["update", "Changed"],
  ],
  drift: [
    ["delete", "Gone"],
    ["update", "Different"],
    ["replace", "Different, and put back only by a replacement"],
    ["create", "New"],
  ],
};

/** @param status Pulumi's own exit code */
export function previewVerdict(facts: RunFacts, status: number): Verdict {
  if (facts.breaksPolicy) return failed("It must not be applied: it breaks a mandatory policy.");
  if (status !== 0) return failed("It cannot be applied: the preview failed.");
  if (facts.engine === undefined) return failed("Pulumi broke off: the preview has no end.");
  if (!facts.engine.packs.some((pack) => pack.split("|")[0] === POLICY_PACK))
    return failed("The policy pack infra/policy did not run: nothing is known of its rules.");
  const counts = countsOf(facts);
  const isNothing = CHANGE_OPS.every((op) => counts[op] === 0);
  return { exitCode: 0, sentence: isNothing ? "It changes nothing." : `It can be applied: ${countsText(facts)}.` };
}

/** @param status Pulumi's own exit code */
export function driftVerdict(facts: RunFacts, status: number): Verdict {
  const counts = countsOf(facts);
  const found = CHANGE_OPS.reduce((sum, op) => sum + counts[op], 0);
  if (found > 0 || status === CHANGES_FOUND)
    return failed(
      `${found === 1 ? "1 resource differs" : `${found} resources differ`} from what the last pulumi up left. Put it back with pulumi up, or take it into the program.`,
    );
  if (status !== 0) return { exitCode: 2, sentence: "It is not known whether something differs: the refresh failed." };
  if (facts.engine === undefined)
    return { exitCode: 2, sentence: "It is not known whether something differs: Pulumi broke off." };
  return { exitCode: 0, sentence: "Nothing differs from what the last pulumi up left." };
}

export function summaryText(command: StackCommand, stack: string, verdict: Verdict, facts: RunFacts): string {
  const { violations, errors, unkept } = facts;
  const counts = countsOf(facts);
  const byWeight = violations.toSorted((a, b) => Number(b.isMandatory) - Number(a.isMandatory));
  const broken = byWeight.map(
    ({ policy, isMandatory, resource, message }) =>
      `- ${isMandatory ? "**mandatory**" : "advice"} \`${policy}\` by \`${resource}\`: \`${message}\``,
  );
  const sections = [
    `## ${command === "preview" ? "Preview" : "Drift"} of ${stack}`,
    `${verdict.exitCode === 0 ? "✅" : "❌"} ${verdict.sentence}`,
    ...section("Policies", broken, broken.length),
    ...section(
      "Errors",
      [...errors].map((error) => `- \`${error}\``),
      errors.size,
    ),
    ...(unkept > 0 ? [`Violations and errors beyond these: ${unkept}.`] : []),
    ...(command === "preview" ? [countsTable(counts)] : []),
    ...TITLES[command].flatMap(([op, title]) => section(title, ofOp(facts, op).map(changeLine), counts[op])),
  ];
  return capped(`${sections.join("\n\n")}\n`);
}

function countsTable(counts: Readonly<Record<ChangeOp, number>>): string {
  return `| ${CHANGE_OPS.join(" | ")} |\n|---|---|---|---|\n| ${CHANGE_OPS.map((op) => counts[op]).join(" | ")} |`;
}

function section(title: string, lines: readonly string[], count: number): string[] {
  if (count === 0) return [];
  const shown = lines.slice(0, NAMED_MAX);
  const rest = count - shown.length;
  return [`### ${title}\n\n${[...shown, ...(rest > 0 ? [`- and ${rest} more`] : [])].join("\n")}`];
}

function changeLine({ type, name, properties }: Change): string {
  const shown = properties.slice(0, PROPERTIES_SHOWN_MAX).map((property) => `\`${property}\``);
  const rest = properties.length - shown.length;
  const what = [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
  return `- \`${type}\` \`${name}\`${what === "" ? "" : `: ${what}`}`;
}

/** The engine's own counts, which know also what was not kept; before its end those of what was told. */
function countsOf(facts: RunFacts): Record<ChangeOp, number> {
  const count = (op: ChangeOp) => Math.max(facts.engine?.counts[op] ?? 0, ofOp(facts, op).length);
  return { create: count("create"), update: count("update"), replace: count("replace"), delete: count("delete") };
}

function ofOp({ changes }: RunFacts, op: ChangeOp): Change[] {
  return [...changes.values()].filter((change) => change.op === op);
}

function countsText(facts: RunFacts): string {
  const counts = countsOf(facts);
  return CHANGE_OPS.filter((op) => counts[op] > 0)
    .map((op) => `${counts[op]} to ${op}`)
    .join(", ");
}

function capped(text: string): string {
  if (text.length <= SUMMARY_CHARS_MAX) return text;
  const cut = text.slice(0, SUMMARY_CHARS_MAX);
  return `${cut.slice(0, cut.lastIndexOf("\n"))}\n\nThe rest is cut: Pulumi itself shows all of it.\n`;
}

function failed(sentence: string): Verdict {
  return { exitCode: 1, sentence };
}
