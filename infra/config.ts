import type { z } from "zod";
import { type ConfigKeys, configSchema } from "./config-keys.ts";
import { contradictions } from "./config-rules.ts";
import { metaOf } from "./config-values.ts";
import { type PlatformConfig, toPlatformConfig } from "./platform-config.ts";

const PREFIX = "burnline:";
const VALUE_SHOWN_LENGTH_MAX = 80;

/** The stack's settings as Pulumi hands them over: every value is text. */
export interface RawConfig {
  readonly values: Readonly<Record<string, string>>;
  /** Full names of the settings that are stored encrypted. */
  readonly secretKeys: ReadonlySet<string>;
}

/** The configuration cannot be used. One sentence a line, each with the command that mends it. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
  }
}

/** @throws ConfigError with all that is wrong, so that nobody mends it one at a time. */
export function parsePlatformConfig(raw: RawConfig): PlatformConfig {
  const values = Object.fromEntries(
    Object.entries(raw.values).flatMap(([name, value]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [],
    ),
  );
  const problems = [...unknownKeys(values), ...secretsInTheClear(values, raw.secretKeys)];
  const parsed = configSchema.safeParse(values);
  if (!parsed.success) throw new ConfigError([...problems, ...wrongValues(values, parsed.error)]);
  const keys = parsed.data;
  const all = [...problems, ...contradictions(keys)];
  if (all.length > 0) throw new ConfigError(all);
  return toPlatformConfig(keys);
}

function unknownKeys(values: Readonly<Record<string, string>>): string[] {
  return Object.keys(values)
    .filter((key) => !(key in configSchema.shape))
    .map((key) => {
      const near = Object.keys(configSchema.shape).find((known) => known.toLowerCase() === key.toLowerCase());
      const meant = near === undefined ? "" : ` (is burnline:${near} meant?)`;
      return `burnline:${key} is not known${meant}: pulumi config rm burnline:${key}`;
    });
}

function secretsInTheClear(values: Readonly<Record<string, string>>, secretKeys: ReadonlySet<string>): string[] {
  return Object.entries(configSchema.shape).flatMap(([key, schema]) => {
    const { isSecret, example } = metaOf(schema);
    if (isSecret !== true || !(key in values) || secretKeys.has(PREFIX + key)) return [];
    return `burnline:${key} is a secret and is stored in the clear; replace it by another one: pulumi config set --secret burnline:${key} ${example}`;
  });
}

function wrongValues(values: Readonly<Record<string, string>>, error: z.ZodError): string[] {
  const keys = new Set(error.issues.map(({ path: [key] }) => String(key)));
  return [...keys].map((key) => {
    const { allowed, example, isSecret } = metaOf(configSchema.shape[key as keyof ConfigKeys]);
    const given = values[key] ?? "";
    const shown = isSecret === true ? "" : ` ${JSON.stringify(given.slice(0, VALUE_SHOWN_LENGTH_MAX))}`;
    const flag = isSecret === true ? "--secret " : "";
    return `burnline:${key} cannot be${shown === "" ? " what it is" : shown}, it takes ${allowed}: pulumi config set ${flag}burnline:${key} ${example}`;
  });
}
