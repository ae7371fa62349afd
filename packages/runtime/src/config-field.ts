import { assert } from "@burnline/std";
import { z } from "zod";

/** What JSON Schema says of one value; the subset that a flat configuration needs. */
interface ValueSchema {
  readonly type?: "string" | "number" | "integer" | "boolean" | "array" | "object" | "null";
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly ValueSchema[];
  readonly items?: ValueSchema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  /** From `.meta({ allowed })`: what is allowed, in words, where the schema cannot say it. */
  readonly allowed?: string;
  /** From `.meta({ secret: true })`: the value is never printed. */
  readonly secret?: boolean;
}

/** One key of a configuration, in all its spellings. */
export interface ConfigField {
  /** dataFolder */
  readonly key: string;
  /** --data-folder */
  readonly flag: string;
  /** BURNLINE_DATA_FOLDER */
  readonly variable: string;
  readonly meaning: string;
  /** What a value must be: "a whole number from 1 to 65535". */
  readonly allowed: string;
  readonly defaultText: string | undefined;
  readonly isSwitch: boolean;
  readonly isList: boolean;
  readonly isSecret: boolean;
  /** NUMBER, TEXT, a|b: what stands behind the flag in the help. */
  readonly placeholder: string;
  /** The value that a text from a flag or a variable stands for; the text itself where it stands for none. */
  parse(text: string): unknown;
}

const BY_NAME = { config: true, help: true, version: true };

/** The fields of a flat zod object. A key without a description is a programmer's error: the help would be silent. */
export function fieldsOf(schema: z.ZodObject): ConfigField[] {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return Object.entries(json.properties ?? {}).map(([key, value]) => {
    const of = value as ValueSchema;
    assert(!(key in BY_NAME), `the configuration key ${key} is taken`);
    assert(of.description !== undefined, `the configuration key ${key} has no description`);
    return {
      key,
      flag: `--${toKebabCase(key)}`,
      variable: `BURNLINE_${toKebabCase(key).replaceAll("-", "_").toUpperCase()}`,
      meaning: of.description,
      allowed: of.allowed ?? allowedText(of),
      defaultText: of.default === undefined ? undefined : shown(of.default),
      isSwitch: of.type === "boolean",
      isList: of.type === "array",
      isSecret: of.secret === true,
      placeholder: placeholderOf(of),
      parse: (text) => parseText(of, text),
    };
  });
}

/** A value as a person would write it. */
export function shown(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));
}

function toKebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function parseText(of: ValueSchema, text: string): unknown {
  if (of.anyOf !== undefined) {
    const parsed = of.anyOf.map((option) => parseText(option, text));
    return parsed.find((value) => typeof value !== "string") ?? text;
  }
  if (of.type === "number" || of.type === "integer") {
    const number = Number(text);
    return text.trim() !== "" && Number.isFinite(number) ? number : text;
  }
  if (of.type === "boolean")
    return text === "true" || text === "1" ? true : text === "false" || text === "0" ? false : text;
  if (of.type === "array") return text.split(",").map((item) => parseText(of.items ?? {}, item.trim()));
  return text;
}

function allowedText(of: ValueSchema): string {
  if (of.anyOf !== undefined) return of.anyOf.map(allowedText).join(", or ");
  if (of.const !== undefined) return shown(of.const);
  if (of.enum !== undefined) return oneOf(of.enum.map(shown));
  switch (of.type) {
    case "integer":
      return `a whole number${rangeText(of)}`;
    case "number":
      return `a number${rangeText(of)}`;
    case "boolean":
      return "true or false";
    case "array":
      return `a list of values with commas between them, each ${allowedText(of.items ?? {})}`;
    case "string":
      return `a text${lengthText(of)}${of.pattern === undefined ? "" : ` like /${of.pattern}/`}`;
    default:
      return "a value";
  }
}

function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function rangeText(of: ValueSchema): string {
  // zod states the bounds of safe integers for every whole number; nobody needs to read them.
  const minimum = of.minimum === Number.MIN_SAFE_INTEGER ? undefined : of.minimum;
  const maximum = of.maximum === Number.MAX_SAFE_INTEGER ? undefined : of.maximum;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const bounds = [
    minimum === undefined ? undefined : `of at least ${minimum}`,
    of.exclusiveMinimum === undefined ? undefined : `above ${of.exclusiveMinimum}`,
    maximum === undefined ? undefined : `of at most ${maximum}`,
    of.exclusiveMaximum === undefined ? undefined : `below ${of.exclusiveMaximum}`,
  ].filter((bound) => bound !== undefined);
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

function lengthText(of: ValueSchema): string {
  if (of.minLength !== undefined && of.maxLength !== undefined) return ` of ${of.minLength} to ${of.maxLength} letters`;
  if (of.minLength !== undefined) return ` of at least ${of.minLength} ${of.minLength === 1 ? "letter" : "letters"}`;
  return of.maxLength === undefined ? "" : ` of at most ${of.maxLength} letters`;
}

function placeholderOf(of: ValueSchema): string {
  if (of.anyOf !== undefined) return of.anyOf.map(placeholderOf).join("|");
  if (of.const !== undefined) return String(of.const);
  if (of.enum !== undefined) return of.enum.join("|");
  if (of.type === "boolean") return "";
  if (of.type === "array") return `${placeholderOf(of.items ?? {})},…`;
  return of.type === "number" || of.type === "integer" ? "NUMBER" : "TEXT";
}
