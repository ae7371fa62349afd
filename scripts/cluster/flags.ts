export type Flag =
  | { readonly type: "number"; readonly min: number; readonly max: number; readonly default: string }
  | { readonly type: "text" | "switch"; readonly default: string };

export interface ParsedFlags<Name extends string> {
  /** As written; a switch that was given is "true". */
  readonly values: Record<Name, string>;
  /** What is none of ours, in its order, values included. */
  readonly others: readonly string[];
  /** A sentence each. */
  readonly faults: string[];
}

/** Takes our flags (`--name value`, `--name=value`) out of a command line and leaves the others alone. */
export function parseFlags<Name extends string>(
  flags: Readonly<Record<Name, Flag>>,
  argv: readonly string[],
): ParsedFlags<Name> {
  const isOurs = (name: string): name is Name => Object.hasOwn(flags, name);
  const values = Object.fromEntries(Object.entries<Flag>(flags).map(([name, flag]) => [name, flag.default])) as Record<
    Name,
    string
  >;
  const others: string[] = [];
  const faults: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (!isOurs(name)) {
      others.push(argument);
      continue;
    }
    const flag: Flag = flags[name];
    if (flag.type === "switch") {
      values[name] = inline ?? "true";
      continue;
    }
    const next = argv[index + 1];
    const value = inline ?? (next?.startsWith("--") ? undefined : next);
    if (inline === undefined && value !== undefined) index += 1;
    const fault = faultOf(name, flag, value);
    if (fault === undefined) values[name] = value ?? "";
    else faults.push(fault);
  }
  return { values, others, faults };
}

function faultOf(name: string, flag: Flag, value: string | undefined): string | undefined {
  if (value === undefined || value === "") return `The flag --${name} needs a value.`;
  if (flag.type !== "number") return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= flag.min && number <= flag.max) return undefined;
  return `The flag --${name} is ${value}; it must be a whole number from ${flag.min} to ${flag.max}.`;
}
