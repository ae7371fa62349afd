/** A benchmark as the command line sees it. */
export interface BenchCommand {
  readonly summary: string;
  /** Option (without --) → what it sets, with its default. */
  readonly options: Readonly<Record<string, string>>;
  /** The same for options that take no value. */
  readonly switches?: Readonly<Record<string, string>>;
  readonly run: (values: OptionValues) => Promise<BenchOutcome>;
}

export interface BenchOutcome {
  /** For --json. */
  readonly result: object;
  /** For people. */
  readonly lines: readonly string[];
}

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** The command line makes no sense; the message says what does. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The benchmark cannot run here, or what it measured is not valid; the message is for people. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}

export function wholeNumber(values: OptionValues, option: string, preset: number, least: number = 1): number {
  const text = values[option];
  if (text === undefined) return preset;
  const value = Number(text);
  if (typeof text === "string" && text !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`--${option} takes a whole number of at least ${least}, not "${text}"`);
}

export function oneOf<Choice extends string>(
  values: OptionValues,
  option: string,
  choices: readonly Choice[],
  preset: Choice,
): Choice {
  const text = values[option] ?? preset;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`--${option} takes ${choices.join(", ")}, not "${text}"`);
  return choice;
}
