import { z } from "zod";

/** What a sentence about a wrong value needs: what it may be, and what to type after `pulumi config set burnline:key`. */
export interface KeyMeta {
  readonly allowed: string;
  readonly example: string;
  /** Never shown, and refused where it is stored in the clear. */
  readonly isSecret?: boolean;
}

export const DNS_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
export const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;
/** Lists in the configuration are written by hand; a longer one is refused. */
const LIST_LENGTH_MAX = 100;

// Pulumi hands every value over as text; what `--path` or the stack's file wrote as a structure arrives as JSON.

export function text(pattern: RegExp, allowed: string, example: string) {
  return z.string().regex(pattern).meta({ allowed, example });
}

export function secretText(pattern: RegExp, allowed: string, example: string) {
  return z.string().regex(pattern).meta({ allowed, example, isSecret: true });
}

export function choice<const T extends readonly [string, ...string[]]>(names: T) {
  const allowed = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return z.enum(names).meta({ allowed, example: names[0] });
}

export function flag() {
  return z
    .enum(["true", "false"])
    .transform((word) => word === "true")
    .meta({ allowed: "true or false", example: "true" });
}

export function whole(min: number, max: number, example: number) {
  return z
    .string()
    .regex(/^\d+$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ allowed: `a whole number from ${min} to ${max}`, example: String(example) });
}

export function decimal(min: number, max: number, example: number) {
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .meta({ allowed: `a number from ${min} to ${max}`, example: String(example) });
}

export function list(pattern: RegExp, allowed: string, example: string) {
  return z
    .string()
    .transform((value) => (value.startsWith("[") ? parseJson(value) : value.split(",").map((part) => part.trim())))
    .pipe(z.array(z.string().regex(pattern)).max(LIST_LENGTH_MAX))
    .meta({ allowed, example });
}

const PORT_MAX = 65_535;

export function ports(example: string) {
  const allowed = "ports with commas between them";
  return list(/^[1-9]\d{0,4}$/, allowed, example)
    .transform((texts) => texts.map(Number))
    .pipe(z.array(z.number().max(PORT_MAX)))
    .meta({ allowed, example });
}

export function json<T extends z.ZodType>(schema: T, meta: KeyMeta) {
  return z
    .string()
    .transform(parseJson)
    .pipe(schema)
    .meta({ ...meta });
}

/** What stands with the key or inside of its default. */
export function metaOf(schema: z.ZodType): KeyMeta {
  let inner: z.ZodType | undefined = schema;
  while (inner !== undefined) {
    const meta = inner.meta();
    if (typeof meta?.allowed === "string" && typeof meta.example === "string") {
      return { allowed: meta.allowed, example: meta.example, isSecret: meta.isSecret === true };
    }
    inner = inner instanceof z.ZodOptional || inner instanceof z.ZodDefault ? (inner.unwrap() as z.ZodType) : undefined;
  }
  throw new Error("A key of the configuration does not say what it allows.");
}

/** Not JSON is no value of any structure: the schema behind refuses it. */
function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
