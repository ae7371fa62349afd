import type { Program } from "./config.ts";
import type { ConfigField } from "./config-field.ts";

const LINE_LENGTH = 100;
const INDENT = " ".repeat(8);

/** The text of --help: each flag with its values, its meaning, its default and its variable. */
export function helpText(program: Program, fields: readonly ConfigField[]): string {
  const own = fields.map((field) => {
    const origin = [
      field.defaultText === undefined || field.isSecret ? undefined : `default ${field.defaultText}`,
      field.variable,
    ];
    const values = field.isSwitch ? "" : ` It is ${field.allowed}.`;
    return entry(
      field.isSwitch ? `${field.flag}, ${field.flag.replace("--", "--no-")}` : `${field.flag} ${field.placeholder}`,
      `${sentence(field.meaning)}${values} [${origin.filter((part) => part !== undefined).join(", ")}]`,
    );
  });
  return [
    `${program.name} ${program.version}: ${program.summary}`,
    "",
    `Usage: ${program.command} [flags]`,
    "",
    "A flag wins over its environment variable, that over the config file, that over the default.",
    "",
    ...own,
    entry(
      "--config FILE",
      "A JSON file with any of these settings, by their names without dashes (dataFolder). [BURNLINE_CONFIG]",
    ),
    entry("--help", "Prints this."),
    entry("--version", "Prints the version."),
  ].join("\n");
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function entry(head: string, text: string): string {
  const lines = [`  ${head}`];
  let line = INDENT;
  for (const word of text.split(" ")) {
    if (line.length + word.length > LINE_LENGTH) {
      lines.push(line.trimEnd());
      line = INDENT;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
