import { parseArgs } from "node:util";
import { FAULT_KINDS, FAULT_TEXTS, type FaultKind } from "./faults.ts";

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly processors: number;
  readonly cars: number;
  readonly kinds: readonly FaultKind[];
  /** Where the processors' logs go when the run is over. */
  readonly logs: string | undefined;
}

export interface ChaosCommand {
  readonly options: ChaosOptions;
  readonly json: boolean;
}

/** Each fault once, as fast as it goes. */
const SHORT_MINUTES = 0;

export const CHAOS_DEFAULTS: ChaosOptions = {
  minutes: 10,
  seed: 1,
  processors: 3,
  cars: 40,
  kinds: FAULT_KINDS,
  logs: undefined,
};
export const SHORT_PROFILE: Pick<ChaosOptions, "minutes"> = { minutes: SHORT_MINUTES };

export const CHAOS_USAGE = `Usage: npm run chaos -- [options]

Starts nats-server, two redis-servers and processors of its own, feeds them a race, breaks things one after the other, and
compares every total with the generator's. Prints one line per fault; the exit code is 1 when anything was lost, counted
twice, did not recover, stood still for longer than is allowed, or when zombies woke up and none was refused a commit.

  --minutes M        faults are spread over so long, at least each once       (${CHAOS_DEFAULTS.minutes})
  --seed N           order of the faults, victims, race                       (${CHAOS_DEFAULTS.seed})
  --profile short    each fault once, one right after the other
  --processors N     processes that share the race, 3 or more                 (${CHAOS_DEFAULTS.processors})
  --cars N           cars, 10 frames of 10 samples a second each              (${CHAOS_DEFAULTS.cars})
  --only A,B         only these faults
  --logs FOLDER      keep there what the processors said
  --json             one JSON object

Faults:
${FAULT_KINDS.map((kind) => `  ${kind.padEnd(18)} ${FAULT_TEXTS[kind]}`).join("\n")}`;

/** Parses the command line; an error is one sentence. */
export function parseChaosCommand(argv: readonly string[]): ChaosCommand | { readonly error: string } {
  const text = { type: "string" } as const;
  let values: Record<string, string | boolean | undefined>;
  try {
    const options = {
      ...{ minutes: text, seed: text, profile: text, processors: text, cars: text, only: text, logs: text },
      json: { type: "boolean" },
    } as const;
    values = parseArgs({ args: [...argv], options }).values;
  } catch (cause) {
    return { error: cause instanceof Error ? cause.message : String(cause) };
  }
  const problems: string[] = [];
  const number = (flag: string, fallback: number, min: number, max: number, isWhole: boolean): number => {
    if (values[flag] === undefined) return fallback;
    const value = Number(values[flag]);
    if (!(value >= min && value <= max) || (isWhole && !Number.isInteger(value)))
      problems.push(`--${flag} wants a ${isWhole ? "whole " : ""}number from ${min} to ${max}, not ${values[flag]}`);
    return value;
  };
  if (values.profile !== undefined && values.profile !== "short" && values.profile !== "full")
    problems.push(`--profile wants short or full, not ${values.profile}`);
  const kinds = parseKinds(values.only);
  if ("unknown" in kinds) problems.push(`--only wants names of faults, and ${kinds.unknown} is none`);
  const isShort = values.profile === "short";
  const defaults = CHAOS_DEFAULTS;
  const options: ChaosOptions = {
    minutes: number("minutes", isShort ? SHORT_MINUTES : defaults.minutes, 0, 24 * 60, false),
    seed: number("seed", defaults.seed, 0, 0xffff_ffff, true),
    processors: number("processors", defaults.processors, 3, 16, true),
    cars: number("cars", defaults.cars, 1, 128, true),
    kinds: "unknown" in kinds ? [] : kinds,
    logs: typeof values.logs === "string" ? values.logs : undefined,
  };
  const [problem] = problems;
  return problem === undefined ? { options, json: values.json === true } : { error: problem };
}

function parseKinds(value: string | boolean | undefined): readonly FaultKind[] | { readonly unknown: string } {
  if (typeof value !== "string") return FAULT_KINDS;
  const names = value.split(",");
  const unknown = names.find((name) => !FAULT_KINDS.some((kind) => kind === name));
  return unknown === undefined ? names.flatMap((name) => FAULT_KINDS.filter((kind) => kind === name)) : { unknown };
}
