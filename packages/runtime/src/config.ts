import { readFileSync } from "node:fs";
import type { z } from "zod";
import { type ConfigField, fieldsOf, shown } from "./config-field.ts";
import { helpText } from "./config-help.ts";
import { nearestWord } from "./nearest-word.ts";

/** The program, for --help and --version. */
export interface Program {
  /** What a person types: "npm start --". */
  readonly command: string;
  readonly name: string;
  readonly version: string;
  /** One sentence. */
  readonly summary: string;
}

export interface ConfigSources {
  /** Without the first two of process.argv. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A JSON file to read unless --config or BURNLINE_CONFIG names another; it has to exist. */
  readonly file?: string;
  /** For tests. */
  readonly readFile?: (path: string) => string;
}

/**
 * config: go on. answer: print the text and end with 0 (--help, --version). refused: print the text, one sentence a
 * line, and end with EXIT_USAGE.
 */
export type ConfigOutcome<T> =
  | { readonly type: "config"; readonly config: T }
  | { readonly type: "answer"; readonly text: string }
  | { readonly type: "refused"; readonly text: string };

/** A value and where it came from. */
interface Given {
  readonly value: unknown;
  readonly origin: string;
}

/** What a source gave, key by key, and what is wrong with it. */
interface Gathered {
  readonly given: Map<string, Given>;
  readonly faults: string[];
}

/**
 * Puts a configuration together: flags over environment (BURNLINE_*) over JSON file over defaults. Every key of the
 * schema has a description; `.meta({ secret: true })` keeps a value out of every message, `.meta({ allowed: "…" })` says
 * in words what a refinement allows. An empty variable counts as not set. Variables that no key knows are ignored, since
 * one environment may serve several programs; unknown flags and file keys are refused.
 */
export function loadConfig<S extends z.ZodObject>(
  schema: S,
  program: Program,
  sources: ConfigSources,
): ConfigOutcome<z.output<S>> {
  const fields = fieldsOf(schema);
  if (sources.argv.includes("--help")) return { type: "answer", text: helpText(program, fields) };
  if (sources.argv.includes("--version")) return { type: "answer", text: `${program.name} ${program.version}` };

  const flags = readFlags(fields, sources.argv);
  const environment = readEnvironment(fields, sources.env);
  const path = flags.configFile ?? (sources.env.BURNLINE_CONFIG || sources.file);
  const file = path === undefined ? nothing() : readConfigFile(fields, path, sources.readFile ?? readUtf8);
  const given = new Map([...file.given, ...environment.given, ...flags.given]);
  const faults = [...file.faults, ...environment.faults, ...flags.faults];

  const parsed = schema.safeParse(Object.fromEntries([...given].map(([key, { value }]) => [key, value])));
  if (!parsed.success) {
    for (const issue of parsed.error.issues) faults.push(faultText(fields, given, issue));
  } else if (faults.length === 0) return { type: "config", config: parsed.data };
  return { type: "refused", text: [...new Set(faults)].join("\n") };
}

function faultText(fields: readonly ConfigField[], given: ReadonlyMap<string, Given>, issue: z.core.$ZodIssue): string {
  const field = fields.find(({ key }) => key === issue.path[0]);
  if (field === undefined) return `The configuration does not fit together: ${issue.message}.`;
  const { key, flag, variable, allowed, isSecret } = field;
  const found = given.get(key);
  if (found === undefined && issue.code !== "custom") {
    return `${key} is missing: give ${flag}, ${variable} or "${key}" in the config file; it must be ${allowed}.`;
  }
  const value = found === undefined ? (field.defaultText ?? "missing") : isSecret ? "(hidden)" : shown(found.value);
  const origin = found?.origin ?? "by default";
  const reason = issue.code === "custom" ? issue.message : `it must be ${allowed}`;
  return `${key} is ${value} (${origin}), but ${reason}.`;
}

function readFlags(fields: readonly ConfigField[], argv: readonly string[]): Gathered & { configFile?: string } {
  const { given, faults } = nothing();
  let configFile: string | undefined;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    const [name = "", ...rest] = argument.split("=");
    const inline = rest.length === 0 ? undefined : rest.join("=");
    const field = fields.find(({ flag, isSwitch }) => flag === name || (isSwitch && negated(flag) === name));
    if (!argument.startsWith("--")) {
      faults.push(`"${argument}" stands alone: every value follows a flag. See --help.`);
    } else if (field === undefined && name !== "--config") {
      faults.push(unknownFlagText(name, fields));
    } else if (field?.isSwitch && inline === undefined) {
      given.set(field.key, { value: name === field.flag, origin: `from the flag ${name}` });
    } else {
      const next = argv[index + 1];
      const text = inline ?? (next === undefined || next.startsWith("--") ? undefined : next);
      if (inline === undefined && text !== undefined) index += 1;
      if (text === undefined)
        faults.push(`The flag ${name} needs a value: ${field?.allowed ?? "the path of a JSON file"}.`);
      else if (field === undefined) configFile = text;
      else given.set(field.key, { value: field.parse(text), origin: `from the flag ${name}` });
    }
  }
  return configFile === undefined ? { given, faults } : { given, faults, configFile };
}

function unknownFlagText(name: string, fields: readonly ConfigField[]): string {
  const nearest = nearestWord(name, [...fields.map(({ flag }) => flag), "--config", "--help", "--version"]);
  return nearest === undefined
    ? `There is no flag ${name}. See --help.`
    : `There is no flag ${name}: did you mean ${nearest}? See --help.`;
}

function negated(flag: string): string {
  return flag.replace("--", "--no-");
}

function readEnvironment(fields: readonly ConfigField[], env: ConfigSources["env"]): Gathered {
  const { given, faults } = nothing();
  for (const { key, variable, parse } of fields) {
    const text = env[variable];
    if (text === undefined || text === "") continue;
    given.set(key, { value: parse(text), origin: `from the environment variable ${variable}` });
  }
  return { given, faults };
}

function readConfigFile(fields: readonly ConfigField[], path: string, readFile: (path: string) => string): Gathered {
  const { given, faults } = nothing();
  const content = parseFile(path, readFile);
  if (typeof content === "string") return { given, faults: [content] };
  for (const [key, value] of Object.entries(content)) {
    if (fields.some((field) => field.key === key)) given.set(key, { value, origin: `from the file ${path}` });
    else {
      const nearest = nearestWord(
        key,
        fields.map((field) => field.key),
      );
      const hint = nearest === undefined ? "see --help" : `did you mean "${nearest}"`;
      faults.push(`The config file ${path} has the unknown key "${key}": ${hint}?`.replace("--help?", "--help."));
    }
  }
  return { given, faults };
}

/** The object in the file, or what is wrong with it. */
function parseFile(path: string, readFile: (path: string) => string): object | string {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    return `The config file ${path} cannot be read (${messageOf(error)}): check the path after --config.`;
  }
  try {
    const content: unknown = JSON.parse(text);
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return content;
    return `The config file ${path} must hold one JSON object, like { "port": 8080 }.`;
  } catch (error) {
    return `The config file ${path} is not JSON (${messageOf(error)}).`;
  }
}

function nothing(): Gathered {
  return { given: new Map(), faults: [] };
}

function readUtf8(path: string): string {
  return readFileSync(path, "utf8");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
